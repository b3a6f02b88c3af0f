// undo.js: taking back what was decided just now, while there is time: a toast that counts down.
// It knows nothing about what undoing means; the server does it, or says why not.

const FALLBACK_MS = 10000;
const MOST_MS = 60000;

let wantsUndo = false;  // pressed while a decision was on its way: that one is meant, none before it
let undoable = [];  // {takeBack, until, close}, the newest last

// The clock of this computer may be wrong, so the server's two times are only subtracted.
function spanOf(decidedAt, undoUntil) {
  if (!undoUntil) return 0;
  const ms = Date.parse(undoUntil) - Date.parse(decidedAt);
  return Number.isFinite(ms) && ms > 0 ? Math.min(ms, MOST_MS) : FALLBACK_MS;
}

function offerUndo(clip, verdict, answer) {
  const decided = (answer.timeline || []).slice(-1)[0];
  const words = [t('desk.did.' + verdict), t(desk.clip ? 'desk.next_clip' : 'desk.empty')].join(' ');
  offerBack(words, spanOf(decided && decided.at, answer.undo_until), () => undo(clip));
  if (wantsUndo) {
    wantsUndo = false;
    undoLast();
  }
}

// Says what was done and, for so long, how to take it back.
function offerBack(words, ms, takeBack) {
  if (!ms) return toast(words);
  for (const each of undoable) each.close();
  const entry = { takeBack, until: performance.now() + ms };
  entry.close = undoToast(words, entry, ms);
  undoable.push(entry);
  return null;
}

function undoToast(words, entry, ms) {
  const left = el('span', { class: 'gl-undo-left', 'aria-hidden': 'true' });
  const press = button(t('desk.undo'), () => undoThis(entry), { class: 'gl-button gl-small gl-undo', 'aria-keyshortcuts': 'U' });
  press.append(key('U'));
  const bar = el('span', { class: 'gl-undo-bar', 'aria-hidden': 'true' });
  bar.style.animationDuration = ms + 'ms';
  const node = el('div', { class: 'gl-toast gl-keep gl-undo-toast' }, el('span', { text: words }), press, left, bar);
  for (const old of toasts.querySelectorAll('.gl-toast:not(.gl-keep)')) old.remove();
  toasts.append(node);
  const tick = () => {
    const rest = Math.ceil((entry.until - performance.now()) / 1000);
    if (rest <= 0) return close();
    put(left, t('time.s', { n: number(rest) }));
    return null;
  };
  const timer = setInterval(tick, 250);
  const close = () => {
    const hadFocus = node.contains(document.activeElement);
    clearInterval(timer);
    node.remove();
    if (hadFocus) stagePane.focus({ preventScroll: true });
  };
  tick();
  return close;
}

function undoLast() {
  if (desk.isBusy) {
    wantsUndo = true;
    return;
  }
  undoable = undoable.filter((entry) => entry.until > performance.now());
  if (undoable.length) undoThis(undoable[undoable.length - 1]);
}

function undoThis(entry) {
  undoable = undoable.filter((each) => each !== entry);
  entry.close();
  entry.takeBack();
}

async function undo(decided) {
  try {
    const clip = await api('POST', addressOf(decided, 'undo'));
    desk.done.delete(decided.id + '/' + decided.version);
    desk.items = [clip, ...desk.items.filter((item) => item.id !== clip.id)];
    open(clip);
    toast(t('desk.did.undo'));
  } catch (error) {
    complain(error);
  }
  updates.now();
}
