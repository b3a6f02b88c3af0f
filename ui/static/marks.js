// marks.js: what reviewers noted at moments of the clip: on the scrubber, over the frame, in a list;
// and the form for a new one. It knows nothing about who may: the server does.

const SEEN_FOR_S = 0.4;  // a drawing stays this long while the film runs

const ticks = el('div', { class: 'gl-ticks', 'aria-hidden': 'true' });
const overlay = makeDrawing('gl-overlay');
const pen = makePen(drawComposer);
const markTool = tool('mark', '');
const markList = el('ul', { class: 'gl-marks' });
const markSection = el('section', { class: 'gl-marks-box', hidden: true },
  el('h3', { text: t('mark.title') }), markList);

const markText = el('textarea', { class: 'gl-field', id: 'gl-mark-text', rows: 2, maxlength: '2000', on: { input: drawComposer } });
const markPublic = el('input', { type: 'checkbox', id: 'gl-mark-public' });
const markSave = el('button', { type: 'submit', class: 'gl-button gl-small gl-strong' }, el('span', { text: t('mark.save') }), key('Ctrl ↵'));
const markErase = button(t('mark.erase'), () => pen.undo(), { class: 'gl-button gl-small' });
const markAt = el('span', { class: 'gl-mark-at' });
const composer = el('form', { class: 'gl-composer', 'aria-label': t('mark.new'), hidden: true, on: { submit: saveMark, keydown: composerKeys } },
  el('label', { class: 'gl-label', for: 'gl-mark-text' }, t('mark.text'), ' ', markAt), markText,
  el('p', { class: 'gl-small-print', text: t('mark.hint') }),
  el('div', { class: 'gl-composer-acts' },
    el('label', { class: 'gl-check', for: 'gl-mark-public' }, markPublic, el('span', { text: t('mark.public') })),
    markErase, button(t('mark.cancel'), endMark, { class: 'gl-button gl-small' }), markSave));
pen.node.addEventListener('keydown', composerKeys);

let isMarking = false;
let markedAt = 0;

// ---- reading ----

async function loadMarks() {
  const clip = desk.clip;
  if (!clip) return;
  const answer = await api('GET', addressOf(clip, 'marks')).catch(() => null);
  if (!answer || !desk.clip || desk.clip.id !== clip.id) return;
  desk.marks = answer.items;
  drawMarks();
}

function drawMarks() {
  const marks = desk.clip ? desk.marks : [];
  show(markSection, marks.length);
  sync(markList, marks, (mark) => mark.id, makeMark, drawMark);
  sync(ticks, marks, (mark) => mark.id, (mark) => el('span', { class: 'gl-tick', on: { click: () => goToMark(mark) } }), drawTick);
  drawMarksNow();
}

function makeMark(mark) {
  const words = el('p', { class: 'gl-mark-words', text: mark.text || t('mark.drawing') });
  const says = [mark.author || t('by.' + mark.by), t(mark.public ? 'mark.is_public' : 'mark.is_internal')];
  const node = el('li', null, timeButton(mark.at_s, () => goToMark(mark)), words,
    el('p', { class: 'gl-small-print' }, says.join(' · '), ' ',
      mark.mine && el('button', { type: 'button', class: 'gl-link', text: t('mark.remove'), on: { click: () => removeMark(mark) } })));
  node.classList.toggle('gl-wordless', !mark.text);
  return node;
}

function drawMark(node, mark) {
  const remove = node.querySelector('.gl-link');
  if (remove) show(remove, OPEN_STATES.includes(desk.clip.state));
}

function drawTick(node, mark) {
  node.style.left = 100 * Math.min(1, mark.at_s / length()) + '%';
  attr(node, 'title', mark.text || t('mark.drawing'));
}

// A time as a link into the film; the same for marks and for advice.
function timeButton(time, go) {
  const words = t('time.s', { n: tenths(time) });
  return el('button', { type: 'button', class: 'gl-at', text: words, 'aria-label': t('desk.go_to', { time: words }),
    on: { click: go || (() => seekTo(time)) } });
}

function goToMark(mark) {
  seekTo(mark.at_s);
}

// The drawings of this very frame; while the film runs, of the moments just past.
function drawMarksNow() {
  if (isMarking || !desk.clip) return drawStrokes(overlay, []);
  const isRunning = film && !film.paused;
  const seen = desk.marks.filter((mark) => {
    if (!isRunning) return Math.floor(mark.at_s * fps() + 1e-4) === frameNow();
    const since = film.currentTime - mark.at_s;
    return since >= 0 && since < SEEN_FOR_S;
  });
  drawStrokes(overlay, desk.isRevealed ? seen.flatMap((mark) => mark.strokes) : []);
}

// ---- writing ----

function beginMark() {
  if (!desk.clip || !mayMark()) return;
  if (isMarking) return markText.focus();
  if (!desk.isRevealed) reveal();
  seekFrame(frameNow());
  markedAt = Math.min((frameNow() + 0.5) / fps(), desk.clip.duration_s || Infinity);
  isMarking = true;
  pen.clear();
  markText.value = '';
  markPublic.checked = false;
  drawComposer();
  markText.focus({ preventScroll: true });
}

function mayMark() {
  return !desk.clip.own && OPEN_STATES.includes(desk.clip.state) && !desk.isSettled && mayDecide(desk.clip);
}

function drawComposer() {
  show(composer, isMarking);
  show(pen.node, isMarking);
  show(stripBox, !isMarking);
  show(controls, !isMarking);
  const hasStrokes = isMarking && pen.strokes().length > 0;
  put(markAt, t('mark.at', { time: t('time.s', { n: tenths(markedAt) }), i: number(frameNow() + 1) }));
  enable(markErase, hasStrokes);
  enable(markSave, hasStrokes || markText.value.trim());
  drawMarksNow();
}

function endMark() {
  if (!isMarking) return;
  const wasInside = composer.contains(document.activeElement) || pen.node === document.activeElement;
  isMarking = false;
  drawComposer();
  if (wasInside) stagePane.focus({ preventScroll: true });
}

async function saveMark(event) {
  if (event) event.preventDefault();
  if (markSave.disabled || !desk.clip) return;
  const clip = desk.clip;
  const wish = { at_s: Math.round(markedAt * 1000) / 1000, text: markText.value.trim(), strokes: pen.strokes(), public: markPublic.checked };
  enable(markSave, false);
  try {
    const mark = await api('POST', addressOf(clip, 'marks'), wish);
    if (!desk.clip || desk.clip.id !== clip.id) return;
    desk.marks = desk.marks.concat(mark).sort((one, other) => one.at_s - other.at_s);
    endMark();
    toast(t(mark.public ? 'mark.did_public' : 'mark.did'));
  } catch (error) {
    complain(error);
    drawComposer();
  }
  drawMarks();
}

async function removeMark(mark) {
  try {
    await api('DELETE', addressOf(desk.clip, 'marks/' + encodeURIComponent(mark.id)));
    desk.marks = desk.marks.filter((each) => each.id !== mark.id);
    drawMarks();
    stagePane.focus({ preventScroll: true });
  } catch (error) {
    complain(error);
  }
}

function composerKeys(event) {
  if (event.key === 'Escape') { event.stopPropagation(); endMark(); }
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) saveMark(event);
}
