// acts.js: what a creator can do with a clip: only what the server lists in `can`.
// It knows nothing about rules; a press goes to the server, and what cannot be undone needs two.

const SURE_MS = 5000;
const ASKS_FOR_CHANGE = ['rejected', 'changes_requested', 'taken_down'];

// The acts of a clip as [{name, make}]. `card.clip` is the clip when a button is pressed;
// `send(card, verb)` tells the server.
function actsOf(clip, kin, send) {
  const can = new Set(clip.can || []);
  const film = here(clip.media && clip.media.mp4);
  const list = [];
  const add = (yes, name, make) => { if (yes) list.push({ name, make }); };
  const tell = (name, extra) => (card) => small(t('action.' + name), () => send(card, name), extra);
  const hasFinal = kin.child && kin.child.kind === 'final';
  add(here(clip.page), 'open', () => el('a', { class: 'gl-button gl-small', href: clip.page, text: t('mine.open') }));
  add(can.has('cancel'), 'cancel', tell('cancel'));
  add(can.has('retry'), 'retry', tell('retry', 'gl-strong'));
  add(can.has('final') && !hasFinal, 'final', tell('final', 'gl-strong'));
  add(can.has('reword'), 'reword', (card) => small(t('action.reword'), () => openRewording(card)));
  add(can.has('appeal'), 'appeal', (card) => small(t('action.appeal'), () => openAppeal(card)));
  const isAsked = ASKS_FOR_CHANGE.includes(clip.state);
  add(can.has('remix'), isAsked ? 'change' : 'remix', (card) => remixButton(card, isAsked));
  add(here(clip.page), 'copy', (card) => quiet(t('mine.copy'), () => copyLink(card.clip.page)));
  add(can.has('download') && film, 'download', () => download(film + '?download=1', t('action.download')));
  add(can.has('download') && film, 'facts', () => download(film + '?download=1&facts=1', t('action.facts'), t('action.facts_hint')));
  add(can.has('unshare'), 'unshare', (card) => sureButton('unshare', () => unshare(card)));
  add(can.has('withdraw'), 'withdraw', (card) => sureButton('withdraw', () => send(card, 'withdraw')));
  add(can.has('delete'), 'delete', (card) => sureButton('delete', () => send(card, 'delete')));
  return list;
}

// What a press would set off that its name does not say.
function warningOf(clip, kin) {
  if (clip.late) return t('mine.late');
  const isOffered = (clip.can || []).includes('final') && !(kin.child && kin.child.kind === 'final');
  if (!isOffered) return '';
  return t(clip.state === 'pending_review' ? 'mine.final_leaves_queue' : 'mine.final_hint');
}

function small(label, press, extra) {
  return button(label, press, { class: 'gl-button gl-small ' + (extra || '') });
}

function quiet(label, press) {
  return button(label, press, { class: 'gl-link' });
}

function download(href, label, title) {
  return el('a', { class: 'gl-link', href, download: '', title, text: label });
}

function remixButton(card, isAsked) {
  const press = () => window.dispatchEvent(new CustomEvent('gl-reuse', { detail: { id: card.clip.id } }));
  return small(t(isAsked ? 'action.change' : 'action.remix'), press, isAsked ? 'gl-strong' : '');
}

function sureButton(name, act) {
  let timer = null;
  const node = quiet(t('action.' + name), press);
  const calm = () => {
    clearTimeout(timer);
    timer = null;
    node.classList.remove('gl-sure');
    put(node.firstChild, t('action.' + name));
  };
  function press() {
    if (timer) { calm(); act(); return; }
    node.classList.add('gl-sure');
    put(node.firstChild, t(`action.${name}_sure`));
    toast(t(`mine.${name}_hint`));
    timer = setTimeout(calm, SURE_MS);
  }
  return node;
}

async function copyLink(page) {
  const link = new URL(page, window.location.origin).href;
  try {
    await navigator.clipboard.writeText(link);
    toast(t('mine.copied'));
  } catch (error) {
    toast(t('mine.copy_failed', { link }));
  }
}
