// keys.js: every act of the desk with its key: the buttons that draw it, the sheet that lists all.
// It knows nothing about what an act does. A key also means something only while the desk is seen.

const ACTS = {
  next: { key: 'J', act: () => step(1), repeats: true },
  previous: { key: 'K', act: () => step(-1), repeats: true },
  reveal: { key: 'V', act: () => reveal() },
  play: { key: ' ', act: () => togglePlay() },
  back: { key: ',', act: () => nudge(-1), repeats: true },
  forth: { key: '.', act: () => nudge(1), repeats: true },
  loop: { key: 'L', act: () => toggleLoop() },
  slower: { key: '<', also: '[', act: () => changeSpeed(-1) },
  faster: { key: '>', also: ']', act: () => changeSpeed(1) },
  grey: { key: 'G', act: () => toggleGrey() },
  sound: { key: 'N', act: () => toggleSound() },
  mark: { key: 'M', act: () => beginMark() },
  compare: { key: 'D', act: () => compareVersions() },
  approve: { key: 'A', act: () => decide('approve') },
  reject: { key: 'R', act: () => decide('reject') },
  request_changes: { key: 'C', act: () => decide('request_changes') },
  undo: { key: 'U', act: () => undoLast() },
  skip: { key: 'S', act: () => skip() },
  hand_over: { key: 'H', act: () => openHandOver() },
  bulk: { key: 'B', act: () => openBulk() },
  reports: { key: 'F', act: () => openReports() },
  care: { key: 'W', act: () => openCare() },
  agreement: { key: 'O', act: () => openAgreement() },
  help: { key: '?', act: () => openHelp() },
};
const HELP_GROUPS = [
  ['queue', ['next', 'previous', 'skip', 'hand_over']],
  ['clip', ['reveal', 'play', 'back', 'forth', 'loop', 'slower', 'faster', 'grey', 'sound', 'mark', 'compare']],
  ['decision', ['approve', 'reject', 'request_changes', 'undo']],
  ['desk', ['bulk', 'reports', 'care', 'agreement', 'help']],
];

const byKey = new Map(Object.values(ACTS).flatMap((act) =>
  [act.key, act.also].filter(Boolean).map((name) => [name.toLowerCase(), act])));

// A button for an act, with its key drawn on it.
function tool(name, extra, label = t('desk.' + name)) {
  const { key: code, act } = ACTS[name];
  const node = button(label, act, { class: 'gl-button gl-tool ' + (extra || '') });
  attr(node, 'aria-keyshortcuts', code === ' ' ? 'Space' : code);
  attr(node, 'title', label);
  node.append(key(nameOf(code)));
  return node;
}

function nameOf(code) {
  return code === ' ' ? t('key.space') : code;
}

const helpSheet = makeSheet('help', t('desk.help'), el('div', { class: 'gl-help' },
  HELP_GROUPS.map(([group, names]) => el('section', null, el('h3', { text: t('keys.' + group) }),
    el('dl', null, names.map(helpLine), group === 'decision' && helpLine('reasons', '1 – 9, 0'))))),
el('p', { class: 'gl-small-print', text: t('keys.typing') }));

function helpLine(name, keys) {
  const { key: code, also } = ACTS[name] || {};
  const names = typeof keys === 'string' ? [keys] : [code, also].filter(Boolean).map(nameOf);
  return el('div', null, el('dt', null, names.map((each) => el('kbd', { class: 'gl-key', text: each }))),
    el('dd', { text: t('desk.' + name) }));
}

function openHelp() {
  helpSheet.showModal();
}

function isTyping(node) {
  return node.isContentEditable || node.tagName === 'TEXTAREA' || node.tagName === 'SELECT' ||
    (node.tagName === 'INPUT' && !['range', 'checkbox', 'radio', 'button'].includes(node.type));
}

// Space on a button presses that button; on a tab it may mean play.
function isPressable(node) {
  return Boolean(node.closest('button, a, summary, input')) && node.getAttribute('role') !== 'tab';
}

// AltGr, which some keyboards need for a bracket, looks like Ctrl and Alt together.
function isCommand(event) {
  return event.metaKey || ((event.ctrlKey || event.altKey) && !event.getModifierState('AltGraph'));
}

listen(document, 'keydown', (event) => {
  const node = event.target instanceof Element ? event.target : document.body;
  if (!live() || isSheetOpen() || event.defaultPrevented || isCommand(event)) return;
  if (isTyping(node)) {
    if (event.key === 'Escape' && root.contains(node)) stagePane.focus({ preventScroll: true });
    return;
  }
  // The row of digits by place, so that it works on keyboards that need Shift for them.
  const digit = /^(?:Digit|Numpad)([0-9])$/.exec(event.code);
  const reason = digit && desk.policy[(Number(digit[1]) + 9) % 10];
  const found = byKey.get(event.key.toLowerCase());
  if (!reason && !found) return;
  if (event.key === ' ' && isPressable(node)) return;
  event.preventDefault();
  if (event.repeat && !(found && found.repeats)) return;
  if (reason) toggleReason(reason.code);
  else found.act();
});

// A click of the mouse leaves the focus where it is, so that Space still means play.
root.addEventListener('mousedown', (event) => {
  if (event.target.closest('.gl-panes button')) event.preventDefault();
});
