// why.js: what a clip's state means for its creator: the reasons and the note of a decision, and in
// one sentence what happens next or what can be done now. It knows nothing about buttons.

const EXPLAINED = ['rejected', 'changes_requested', 'taken_down', 'failed'];

function makeWhy() {
  const parts = { now: el('p', { class: 'gl-now' }), box: el('div', { class: 'gl-why', hidden: true }) };
  const node = el('div', { class: 'gl-meaning' }, parts.now, parts.box);
  node.parts = parts;
  return node;
}

// `kin`: the clip's nearest relatives (kin.js).
function drawWhy(node, clip, kin) {
  const explained = EXPLAINED.includes(clip.state);
  put(node.parts.now, explained ? '' : nextWords(clip, kin));
  show(node.parts.now, !explained);
  drawBox(node.parts.box, clip, explained);
}

function nextWords(clip, kin) {
  if (isUnderWay(clip)) return underWayWords(clip);
  if (clip.state === 'withdrawn' && kin.child && kin.child.kind === 'final') return t('next.withdrawn_final');
  const words = 'next.' + clip.state;
  return has(words) ? t(words) : '';
}

// The line of time above says the step and the time; here stands what the machine is at.
function underWayWords(clip) {
  const hold = holdWords(clip);
  if (hold) return hold;
  return [phaseWords(clip) + '.', t('next.under_way')].join(' ');
}

// Built again only when the clip has changed, so that a selection of words in it stays.
function drawBox(box, clip, explained) {
  const entry = explained && lastRun(clip).filter((item) => (item.reasons || []).length || item.note).pop();
  const sign = [clip.id, clip.version, clip.state, entry && entry.at].join('/');
  if (box.dataset.sign === sign) return;
  box.dataset.sign = sign;
  const said = [];
  if (explained) said.push(el('p', { class: 'gl-why-opening', text: t('why.' + clip.state) }));
  if (clip.state === 'failed' && clip.error) said.push(el('p', { text: sentence(clip.error) }));
  if (entry) said.push(...reasons(entry));
  if (explained) said.push(el('p', { class: 'gl-why-next', text: t('next.' + clip.state) }));
  box.replaceChildren(...said);
  show(box, said.length);
}

function reasons(entry) {
  const lines = (entry.reasons || []).map((reason) => el('li', null,
    el('strong', { text: reason.label }), reason.text && el('span', { text: reason.text })));
  const title = 'why.note.' + entry.by;
  const note = entry.note && el('figure', { class: 'gl-note' },
    el('figcaption', { text: t(has(title) ? title : 'why.note') }), el('blockquote', { text: entry.note }));
  return [lines.length && el('ul', { class: 'gl-reasons' }, lines), note].filter(Boolean);
}
