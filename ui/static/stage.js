// stage.js: the dark middle of the desk: the film in its frame, veiled until it is asked for.
// It knows nothing about decisions. What is fetched ahead for the next clip is kept here too.

const LOOK_AFTER_MS = 1000;  // leafing past a clip that is not veiled is no look at it

const banner = el('p', { class: 'gl-banner', role: 'status', hidden: true });
const screen = el('div', { class: 'gl-screen' });
const veil = el('button', { type: 'button', class: 'gl-veil', on: { click: () => reveal() } },
  el('span', { text: t('desk.veil') }), key('V'));
const frame = el('div', { class: 'gl-frame gl-blurred' }, screen, overlay, pen.node, veil);
const nothing = el('div', { class: 'gl-empty', hidden: true },
  el('p', { class: 'gl-empty-title', text: t('desk.empty') }), el('p', { text: t('desk.empty_hint') }));
const greyTool = tool('grey', 'gl-toggle');
const revealTool = tool('reveal', 'gl-reveal');
const track = el('div', { class: 'gl-track-box' }, el('div', { class: 'gl-track-line' }, ticks, scrub), clock);
const controls = el('div', { class: 'gl-controls' },
  el('div', { class: 'gl-tools' }, playTool, backTool, forthTool),
  el('div', { class: 'gl-tools gl-speed', role: 'group', 'aria-label': t('desk.speed_label') }, slowerTool, speedWords, fasterTool),
  el('div', { class: 'gl-tools' }, loopTool, soundTool),
  el('div', { class: 'gl-tools gl-end' }, markTool, greyTool, revealTool));
const stagePane = el('section', { class: 'gl-stage', 'aria-label': t('desk.stage'), tabIndex: -1 },
  banner, el('div', { class: 'gl-area' }, frame, nothing), stripBox, track, controls, composer, toasts);

let ahead = null;   // {key, film, strip} of the clip that comes next
let isGrey = false;

// ---- the film ----

function load(clip) {
  endMark();
  desk.marks = [];
  const ready = clip && ahead && ahead.key === keyOfFilm(clip) ? ahead : fetchAhead(clip);
  ahead = null;
  screen.replaceChildren(...(ready.film ? [ready.film] : []));
  stagePane.style.setProperty('--gl-ratio', clip ? ratio(clip) : 1);
  setStrip(clip, ready.strip);
  setFilm(ready.film);
  prepareLook(clip);
  drawMarks();
  loadMarks();
}

function keyOfFilm(clip) {
  return [clip.id, clip.sha256].join('/');
}

function fetchAhead(clip) {
  if (!clip || !clip.media) return { key: '', film: null, strip: null };
  return { key: keyOfFilm(clip), film: player(clip), strip: newStrip(clip) };
}

// The next clip is whole in the browser before anybody asks for it.
function prepareNext() {
  const clip = upcoming();
  if (!clip || !clip.media) return;
  if (!ahead || ahead.key !== keyOfFilm(clip)) ahead = fetchAhead(clip);
}

// ---- how it is shown: by each reviewer's own wish (care.js) ----

function isFor(which, clip) {
  return which === 'all' || (which === 'flagged' && Boolean(clip.flagged));
}

function prepareLook(clip) {
  desk.isRevealed = Boolean(clip) && !isFor(desk.care.blur, clip);
  isGrey = Boolean(clip) && isFor(desk.care.grey, clip);
  setMuted(!clip || isFor(desk.care.mute, clip));
  noteLook();
}

function reveal() {
  if (!desk.clip) return;
  desk.isRevealed = !desk.isRevealed;
  noteLook();
  drawStage();
  drawQueue();
  drawMarksNow();
}

function noteLook() {
  const clip = desk.clip;
  if (!clip || !desk.isRevealed) return;
  setTimeout(() => {
    if (desk.clip && desk.clip.id === clip.id && desk.isRevealed) countLook(clip);
  }, LOOK_AFTER_MS);
}

function toggleGrey() {
  isGrey = !isGrey;
  drawStage();
}

function drawStage() {
  const clip = desk.clip;
  show(frame, clip);
  show(nothing, desk.isKnown && !clip);
  frame.classList.toggle('gl-blurred', !desk.isRevealed);
  stripBox.classList.toggle('gl-blurred', !desk.isRevealed);
  root.classList.toggle('gl-greyed', isGrey);
  show(veil, !desk.isRevealed);
  put(revealTool.firstChild, t(desk.isRevealed ? 'desk.hide' : 'desk.reveal'));
  attr(revealTool, 'aria-pressed', desk.isRevealed);
  attr(greyTool, 'aria-pressed', isGrey);
  for (const node of [greyTool, revealTool]) enable(node, clip);
  enable(markTool, clip && mayMark());
  drawPlayer();
}

function drawBanner() {
  const held = desk.clip && heldBy(desk.clip);
  put(banner, held ? t('desk.looking', { name: held }) : '');
  show(banner, held);
}
