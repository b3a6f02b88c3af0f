// desk.js: the review desk: queue, stage, facts, a decision, the next clip.
// It knows nothing about which moves are allowed: the server decides, and says so in `can` and in errors.

const FRAMES_IN_STRIP = 8;
const CLAIM_AFTER_MS = 200;  // leafing through the queue claims nothing
const OPEN_STATES = ['pending_review', 'second_review'];

const desk = {
  items: [],          // the queue as last heard
  isKnown: false,     // the queue has been heard once: empty is really empty
  clip: null,         // the clip on the stage
  isMine: false,      // its claim is ours
  claiming: null,     // the claim on its way
  isRevealed: false,
  isBusy: false,      // a decision is on its way
  isSettled: false,   // nothing more can be decided here
  trouble: '',        // what stands in the way of a decision
  reasons: new Set(),
  policy: [],
  drafts: new Map(),  // notes and reasons of clips left undecided
  done: new Set(),    // id/version decided here, so that a late answer cannot bring it back
};

// ---- the three panes ----

const tally = el('span', { class: 'gl-count' });
const rows = el('ul', { class: 'gl-rows' });
const previous = tool(t('desk.previous'), 'K', () => step(-1), 'gl-icon gl-up');
const following = tool(t('desk.next'), 'J', () => step(1), 'gl-icon gl-down');
const queuePane = el('section', { class: 'gl-queue', 'aria-label': t('desk.queue') },
  el('header', { class: 'gl-queue-head' }, el('h2', { text: t('desk.queue') }), tally,
    el('span', { class: 'gl-queue-keys' }, previous, following)), rows);

const banner = el('p', { class: 'gl-banner', role: 'status', hidden: true });
const screen = el('div', { class: 'gl-screen' });
const veil = el('button', { type: 'button', class: 'gl-veil', on: { click: reveal } },
  el('span', { text: t('desk.veil') }), key('V'));
const frame = el('div', { class: 'gl-frame gl-blurred' }, screen, veil);
const strip = el('img', { alt: '', decoding: 'async', draggable: false });
const playhead = el('span', { class: 'gl-playhead' });
const stripBox = el('div', { class: 'gl-strip gl-blurred', 'aria-hidden': 'true', on: { click: seekByStrip } }, strip, playhead);
const playButton = tool(t('desk.play'), t('key.space'), togglePlay, 'gl-play-button');
const backButton = tool(t('desk.back'), ',', () => nudge(-1), 'gl-icon');
const forthButton = tool(t('desk.forth'), '.', () => nudge(1), 'gl-icon gl-forth');
const scrub = el('input', { type: 'range', class: 'gl-scrub', min: '0', max: '1', step: '0.001', value: '0',
  'aria-label': t('desk.scrub'), on: { input: () => seek(Number(scrub.value)) } });
const clock = el('span', { class: 'gl-clock' });
const revealButton = tool(t('desk.reveal'), 'V', reveal, 'gl-reveal');
const nothing = el('div', { class: 'gl-empty', hidden: true },
  el('p', { class: 'gl-empty-title', text: t('desk.empty') }), el('p', { text: t('desk.empty_hint') }));
const stagePane = el('section', { class: 'gl-stage', 'aria-label': t('desk.stage'), tabIndex: -1 },
  banner, el('div', { class: 'gl-area' }, frame, nothing), stripBox,
  el('div', { class: 'gl-controls' }, playButton, backButton, forthButton, scrub, clock, revealButton));

const prompt = el('h2', { class: 'gl-prompt' });
const negative = el('p', { class: 'gl-negative', hidden: true });
const facts = el('dl', { class: 'gl-facts' });
const advice = el('ul', { class: 'gl-advice' });
const chips = el('div', { class: 'gl-chips' });
const chosen = el('ul', { class: 'gl-chosen', 'aria-live': 'polite' });
const note = el('textarea', { class: 'gl-field', id: 'gl-note', rows: 2, maxlength: '2000', 'aria-describedby': 'gl-note-hint' });
const internal = el('textarea', { class: 'gl-field', id: 'gl-internal', rows: 2, maxlength: '2000', 'aria-label': t('desk.internal') });
const notes = el('ul', { class: 'gl-internal-notes' });
const folded = el('details', { class: 'gl-folded' }, el('summary', { text: t('desk.internal') }), notes, internal);
const trouble = el('p', { class: 'gl-trouble', role: 'alert' });
const approve = verdictButton('approve', 'A', 'gl-approve');
const reject = verdictButton('reject', 'R', 'gl-reject');
const changes = verdictButton('request_changes', 'C', 'gl-changes');
const reading = el('div', { class: 'gl-reading' }, prompt, negative, facts,
  el('h3', { text: t('desk.advice') }), advice,
  el('fieldset', { class: 'gl-fieldset' }, el('legend', { text: t('desk.reasons') }), chips, chosen),
  el('label', { class: 'gl-label', for: 'gl-note', text: t('desk.note') }), note,
  el('p', { class: 'gl-small-print', id: 'gl-note-hint', text: t('desk.note_hint') }), folded);
const factsPane = el('section', { class: 'gl-decide', 'aria-label': t('desk.facts') }, reading,
  el('div', { class: 'gl-verdicts' }, trouble, approve, reject, changes));

root.prepend(el('div', { class: 'gl-panes' }, queuePane, stagePane, factsPane));

function tool(label, name, act, extra) {
  const node = button(label, act, { class: 'gl-button gl-tool ' + (extra || '') });
  attr(node, 'aria-keyshortcuts', name === t('key.space') ? 'Space' : name);
  attr(node, 'title', label);
  node.append(key(name));
  return node;
}

function verdictButton(verdict, name, extra) {
  const node = tool(t('desk.' + verdict), name, () => decide(verdict), 'gl-verdict ' + extra);
  node.removeAttribute('title');
  return node;
}

// A click of the mouse leaves the focus where it is, so that Space still means play.
root.addEventListener('mousedown', (event) => {
  if (event.target.closest('button')) event.preventDefault();
});

// ---- the queue ----

async function refresh() {
  if (!desk.policy.length) await loadPolicy();
  const answer = await api('GET', '/api/v1/review');
  desk.isKnown = true;
  desk.items = answer.items.filter((item) => !desk.done.has(item.id + '/' + item.version));
  const fresh = desk.clip && desk.items.find((item) => item.id === desk.clip.id);
  if (fresh) hear(fresh);
  else if (desk.clip && !desk.isBusy && !desk.isSettled) await missing(desk.clip.id);
  if (!desk.clip) open(firstFree());
  preloadAfter(desk.clip);
  drawQueue();
}

// The clip on the stage, as the queue tells it now: who holds it may have changed.
function hear(fresh) {
  take(fresh);
  const held = heldBy(fresh);
  if (held) desk.isMine = false;
  else if (mayDecide(fresh) && !desk.isMine && !desk.claiming && !desk.isSettled) claim();
  drawDecision();
}

async function missing(id) {
  const now = await api('GET', '/api/v1/clips/' + encodeURIComponent(id)).catch(() => null);
  if (!desk.clip || desk.clip.id !== id || (now && OPEN_STATES.includes(now.state))) return;
  settle(t('desk.gone', { state: now ? t('state.' + now.state) : t('desk.gone_away') }));
}

function settle(said) {
  desk.isSettled = true;
  desk.isMine = false;
  desk.trouble = said;
  drawDecision();
}

function firstFree() {
  return desk.items.find((item) => !item.own && !heldBy(item)) || desk.items[0] || null;
}

function mayDecide(clip) {
  return !clip.own && (clip.can || []).some((verb) => verb === 'decide' || verb === 'claim');
}

function heldBy(clip) {
  return clip.claim && !clip.claim.mine ? clip.claim.holder : '';
}

function makeRow(clip) {
  const parts = {
    prompt: el('span', { class: 'gl-row-prompt' }), by: el('span'), when: el('time'),
    badge: el('span', { class: 'gl-badge', hidden: true }), image: el('img', { alt: '', loading: 'lazy', decoding: 'async' }),
  };
  parts.thumb = el('span', { class: 'gl-thumb gl-blurred' }, parts.image);
  parts.button = el('button', { type: 'button', class: 'gl-row', on: { click: () => open(find(clip.id)) } }, parts.thumb,
    el('span', { class: 'gl-row-words' }, parts.prompt,
      el('span', { class: 'gl-row-meta' }, parts.by, parts.when, parts.badge)));
  const row = el('li', null, parts.button);
  row.parts = parts;
  return row;
}

function drawRow(row, clip) {
  const parts = row.parts;
  const isOpen = Boolean(desk.clip && desk.clip.id === clip.id);
  const held = heldBy(clip);
  put(parts.prompt, clip.prompt);
  put(parts.by, clip.creator);
  setTime(parts.when, clip.created_at);
  put(parts.badge, clip.own ? t('desk.yours') : held ? t('desk.looking', { name: held }) : '');
  show(parts.badge, clip.own || held);
  show(parts.when, !clip.own && !held);
  attr(parts.button, 'aria-current', isOpen ? 'true' : null);
  parts.thumb.classList.toggle('gl-blurred', !(isOpen && desk.isRevealed));
  const poster = here(clip.media && clip.media.poster);
  if (poster) attr(parts.image, 'src', poster);
}

function drawQueue() {
  put(tally, number(desk.items.length));
  sync(rows, desk.items, (item) => item.id, makeRow, drawRow);
  const at = place();
  enable(previous, at > 0);
  enable(following, desk.items.length && at !== desk.items.length - 1);
}

function find(id) {
  return desk.items.find((item) => item.id === id) || null;
}

function place() {
  return desk.clip ? desk.items.findIndex((item) => item.id === desk.clip.id) : -1;
}

function step(by) {
  const at = place();
  const to = at < 0 ? 0 : at + by;
  if (desk.items[to]) open(desk.items[to]);
}

// ---- opening and leaving a clip ----

function open(clip) {
  if (clip && desk.clip && clip.id === desk.clip.id) return;
  if (!clip && !desk.clip) return drawAll();
  leave();
  const draft = (clip && desk.drafts.get(clip.id)) || {};
  Object.assign(desk, { clip, isMine: false, claiming: null, isRevealed: false, isSettled: false, trouble: '',
    reasons: new Set(draft.reasons || []) });
  note.value = draft.note || '';
  internal.value = draft.internal || '';
  folded.open = Boolean(draft.internal);
  reading.scrollTop = 0;
  load(clip);
  drawAll();
  const row = rows.querySelector('[aria-current]');
  if (row) bringIntoView(row);
  if (clip && mayDecide(clip) && !heldBy(clip)) claim();
}

function leave() {
  const clip = desk.clip;
  if (!clip) return;
  const draft = { note: note.value, internal: internal.value, reasons: [...desk.reasons] };
  if (draft.note || draft.internal || draft.reasons.length) desk.drafts.set(clip.id, draft);
  else desk.drafts.delete(clip.id);
  if (desk.isMine) release(clip.id);
}

// Scrolls the queue alone; scrollIntoView would move the whole page.
function bringIntoView(row) {
  const box = rows.getBoundingClientRect();
  const at = row.getBoundingClientRect();
  if (at.top < box.top) rows.scrollTop -= box.top - at.top + 8;
  if (at.bottom > box.bottom) rows.scrollTop += at.bottom - box.bottom + 8;
  if (at.left < box.left) rows.scrollLeft -= box.left - at.left + 8;
  if (at.right > box.right) rows.scrollLeft += at.right - box.right + 8;
}

function take(fresh) {
  const isNewFilm = !desk.clip || desk.clip.sha256 !== fresh.sha256;
  desk.clip = fresh;
  if (isNewFilm) load(fresh);
  drawFacts();
}

// ---- the claim: a lease of five minutes, renewed while somebody looks ----

function claim() {
  const id = desk.clip.id;
  desk.claiming = pause(CLAIM_AFTER_MS).then(() => {
    if (!desk.clip || desk.clip.id !== id) return null;
    return api('POST', '/api/v1/review/claim', { clip_id: id });
  }).then((fresh) => {
    if (!fresh) return null;
    if (!desk.clip || desk.clip.id !== id) return release(id);
    desk.isMine = true;
    desk.trouble = '';
    return take(fresh);
  }, (error) => {
    if (!desk.clip || desk.clip.id !== id) return;
    desk.isMine = false;
    desk.trouble = sentence(error);
  }).then(() => {
    if (!desk.clip || desk.clip.id !== id) return;
    desk.claiming = null;
    drawDecision();
  });
  return desk.claiming;
}

function pause(ms) {
  return new Promise((done) => setTimeout(done, ms));
}

function release(id) {
  const path = `/api/v1/clips/${encodeURIComponent(id)}/release`;
  fetch(path, { method: 'POST', credentials: 'same-origin', keepalive: true }).catch(() => {});
}

async function renew() {
  if (!desk.isMine) return;
  const id = desk.clip.id;
  try {
    await api('POST', `/api/v1/clips/${encodeURIComponent(id)}/claim/renew`);
  } catch (error) {
    if (desk.clip && desk.clip.id === id) desk.isMine = false;
    updates.now();
  }
}

// ---- the stage ----

let film = null;      // the video on the stage
let waiting = null;   // the next one, already loading

function load(clip) {
  if (film) film.pause();
  film = clip && clip.media ? fetchFilm(clip) : null;
  screen.replaceChildren(...(film ? [film] : []));
  frame.style.setProperty('--gl-ratio', clip ? ratio(clip) : 1);
  stripBox.style.setProperty('--gl-ratio', clip ? ratio(clip) * FRAMES_IN_STRIP : FRAMES_IN_STRIP);
  const picture = here(clip && clip.media && clip.media.strip);
  if (picture) strip.src = picture;
  else strip.removeAttribute('src');
  scrub.max = String(length());
  if (film) listenToFilm(film);
  drawTime();
  preloadAfter(clip);
}

function fetchFilm(clip) {
  const ready = waiting && waiting.dataset.clip === clip.id && waiting.dataset.sha === String(clip.sha256);
  const video = ready ? waiting : newFilm(clip);
  waiting = null;
  return video;
}

function newFilm(clip) {
  const video = player(clip);
  video.dataset.clip = clip.id;
  video.dataset.sha = String(clip.sha256);
  return video;
}

function preloadAfter(clip) {
  const at = clip ? desk.items.findIndex((item) => item.id === clip.id) : -1;
  const upcoming = desk.items[at + 1];
  if (at < 0 || !upcoming || !upcoming.media) return;
  if (!waiting || waiting.dataset.clip !== upcoming.id) waiting = newFilm(upcoming);
}

function listenToFilm(video) {
  for (const type of ['play', 'pause', 'seeked', 'loadedmetadata', 'ended']) {
    video.addEventListener(type, () => { if (video === film) drawTime(); });
  }
  video.addEventListener('play', follow);
}

function follow() {
  if (!film || film.paused) return;
  if (!element.isConnected || element.offsetParent === null) { film.pause(); return; }
  drawTime();
  requestAnimationFrame(follow);
}

function length() {
  if (film && Number.isFinite(film.duration) && film.duration > 0) return film.duration;
  return (desk.clip && desk.clip.duration_s) || 1;
}

function togglePlay() {
  if (!film) return;
  if (film.paused) film.play().catch(() => {});
  else film.pause();
}

function seek(time) {
  if (!film) return;
  film.currentTime = Math.min(length(), Math.max(0, time));
  drawTime();
}

// Lands in the middle of a frame, so that rounding never shows its neighbour.
function nudge(by) {
  if (!film || !desk.clip) return;
  film.pause();
  const fps = desk.clip.fps || 8;
  const last = Math.max(0, Math.round(length() * fps) - 1);
  const at = Math.min(last, Math.max(0, Math.floor(film.currentTime * fps) + by));
  seek((at + 0.5) / fps);
}

function seekByStrip(event) {
  const box = stripBox.getBoundingClientRect();
  seek(length() * (event.clientX - box.left) / box.width);
}

function reveal() {
  if (!desk.clip) return;
  desk.isRevealed = !desk.isRevealed;
  drawStage();
  drawQueue();
}

function drawTime() {
  const now = film ? film.currentTime : 0;
  const total = film ? length() : 0;
  scrub.max = String(total || 1);
  scrub.value = String(now);
  attr(scrub, 'aria-valuetext', t('desk.time', { now: number(now, 1), total: number(total, 1) }));
  put(clock, t('desk.time', { now: now.toFixed(1).replace('.', decimal), total: total.toFixed(1).replace('.', decimal) }));
  playhead.style.left = 100 * now / (total || 1) + '%';
  put(playButton.firstChild, t(film && !film.paused ? 'desk.pause' : 'desk.play'));
}

const decimal = new Intl.NumberFormat(language).format(1.5).charAt(1);

function drawStage() {
  const clip = desk.clip;
  show(frame, clip);
  show(nothing, desk.isKnown && !clip);
  stripBox.style.visibility = clip && clip.media && clip.media.strip ? 'visible' : 'hidden';
  frame.classList.toggle('gl-blurred', !desk.isRevealed);
  stripBox.classList.toggle('gl-blurred', !desk.isRevealed);
  show(veil, !desk.isRevealed);
  put(revealButton.firstChild, t(desk.isRevealed ? 'desk.hide' : 'desk.reveal'));
  attr(revealButton, 'aria-pressed', desk.isRevealed);
  for (const node of [playButton, backButton, forthButton, scrub, revealButton]) enable(node, clip);
}

// ---- the facts ----

function drawFacts() {
  const clip = desk.clip;
  show(reading, clip);
  if (!clip) return;
  put(prompt, clip.prompt);
  put(negative, clip.negative_prompt ? t('fact.without', { text: clip.negative_prompt }) : '');
  show(negative, clip.negative_prompt);
  sync(facts, factLines(clip).filter((line) => line[1]), (line) => line[0],
    () => el('div', null, el('dt'), el('dd')), drawFact);
  drawAdvice(clip.screening || []);
  const said = clip.internal_notes || [];
  sync(notes, said.map((text, i) => ({ text, i })), (item) => item.i, () => el('li'),
    (node, item) => put(node, typeof item.text === 'string' ? item.text : item.text.text || item.text.note));
  put(folded.firstChild, said.length ? t('desk.internal_n', { n: number(said.length) }) : t('desk.internal'));
}

function factLines(clip) {
  return [
    ['creator', clip.creator], ['note', clip.note], ['model', clip.model],
    ['size', `${clip.width} × ${clip.height}`],
    ['length', t('fact.frames', { time: seconds(clip.duration_s || 0), n: number(clip.num_frames || 0) })],
    ['seed', String(clip.seed)], ['steps', guidedSteps(clip)],
    ['sent', ago(clip.created_at)], ['sha256', clip.sha256 ? clip.sha256.slice(0, 12) : ''],
  ];
}

function guidedSteps(clip) {
  const steps = number(clip.num_inference_steps || 0);
  if (typeof clip.guidance_scale !== 'number') return steps;
  return t('fact.guided', { n: steps, guidance: number(clip.guidance_scale, 2) });
}

function drawFact(node, [name, value]) {
  put(node.firstChild, t('fact.' + name));
  put(node.lastChild, value);
  const title = { sent: date(desk.clip.created_at), sha256: desk.clip.sha256 }[name];
  attr(node.lastChild, 'title', title || null);
}

function drawAdvice(lines) {
  const said = lines.length ? lines : [{ check: '', says: t('desk.advice_none'), score: null }];
  sync(advice, said.map((line, i) => ({ ...line, i })), (line) => line.i + line.check, makeAdvice, drawAdviceLine);
}

function makeAdvice() {
  return el('li', null, el('span', { class: 'gl-advice-says' }), el('span', { class: 'gl-advice-score' }),
    el('span', { class: 'gl-meter', 'aria-hidden': 'true' }, el('span')));
}

function drawAdviceLine(node, line) {
  const [says, score, meter] = node.children;
  const has = typeof line.score === 'number';
  put(says, line.says);
  attr(says, 'title', line.check || null);
  put(score, has ? new Intl.NumberFormat(language, { style: 'percent' }).format(line.score) : '');
  show(meter, has);
  if (has) meter.firstChild.style.transform = `scaleX(${Math.min(1, Math.max(0, line.score))})`;
  node.classList.toggle('gl-high', has && line.score >= 0.5);
}

// ---- reasons ----

async function loadPolicy() {
  desk.policy = (await api('GET', '/api/v1/policy')).reasons;
  sync(chips, desk.policy.map((reason, i) => ({ reason, i })), (item) => item.reason.code, makeChip, null);
}

function makeChip({ reason, i }) {
  const chip = button(reason.label, () => toggle(reason.code), { class: 'gl-reason', title: reason.text });
  attr(chip, 'aria-pressed', 'false');
  chip.dataset.code = reason.code;
  if (i < 10) {
    chip.append(key(String((i + 1) % 10)));
    attr(chip, 'aria-keyshortcuts', (i + 1) % 10);
  }
  return chip;
}

function toggle(code) {
  if (!canDecide()) return;
  if (desk.reasons.has(code)) desk.reasons.delete(code);
  else desk.reasons.add(code);
  if (desk.reasons.size) desk.trouble = '';
  drawDecision();
}

// ---- the decision ----

function canDecide() {
  const clip = desk.clip;
  if (!clip || desk.isBusy || desk.isSettled || !mayDecide(clip) || heldBy(clip)) return false;
  return desk.isMine || Boolean(desk.claiming);
}

function obstacle() {
  const clip = desk.clip;
  if (!clip) return '';
  if (clip.own) return t('desk.own');
  if (desk.trouble) return desk.trouble;
  if (heldBy(clip)) return t('desk.held');
  return mayDecide(clip) ? '' : t('desk.read_only');
}

function drawDecision() {
  const ready = canDecide();
  const held = desk.clip && heldBy(desk.clip);
  put(banner, held ? t('desk.looking', { name: held }) : '');
  show(banner, held);
  put(trouble, obstacle());
  trouble.classList.toggle('gl-calm', !desk.trouble);
  show(factsPane, desk.clip);
  root.classList.toggle('gl-nothing', desk.isKnown && !desk.clip);
  for (const node of [approve, reject, changes]) enable(node, ready);
  for (const chip of chips.children) {
    attr(chip, 'aria-pressed', desk.reasons.has(chip.dataset.code));
    enable(chip, ready);
  }
  const named = desk.policy.filter((reason) => desk.reasons.has(reason.code));
  sync(chosen, named, (reason) => reason.code, (reason) => el('li', { text: reason.text || reason.label }), null);
  for (const field of [note, internal]) enable(field, ready || desk.isBusy);
}

async function decide(verdict) {
  if (!canDecide()) return;
  if (verdict !== 'approve' && !desk.reasons.size) return askForReason(verdict);
  desk.isBusy = true;
  desk.trouble = '';
  drawDecision();
  if (desk.claiming) await desk.claiming;
  const clip = desk.clip;
  try {
    if (!desk.isMine) throw problem({ message: desk.trouble || t('desk.held') }, 409);
    await api('POST', `/api/v1/clips/${encodeURIComponent(clip.id)}/decision`, {
      verdict, reasons: verdict === 'approve' ? [] : [...desk.reasons],
      note: note.value.trim(), internal_note: internal.value.trim(), version: clip.version });
    desk.isBusy = false;
    advance(clip, verdict);
  } catch (error) {
    desk.isBusy = false;
    if (desk.clip !== null && desk.clip.id !== clip.id) complain(error);
    else await refused(clip, error);
    drawDecision();
  }
  updates.now();
}

// A conflict may end the matter, or only ask for a second look: the clip itself tells.
async function refused(clip, error) {
  desk.trouble = sentence(error);
  if (error.status !== 409) return;
  const now = await api('GET', '/api/v1/clips/' + encodeURIComponent(clip.id)).catch(() => null);
  if (!desk.clip || desk.clip.id !== clip.id) return;
  if (now && OPEN_STATES.includes(now.state)) hear(now);
  else settle(sentence(error));
}

function askForReason(verdict) {
  desk.trouble = t('desk.missing.' + verdict);
  drawDecision();
  const first = chips.querySelector('button');
  if (first) first.focus();
  chips.classList.remove('gl-asked');
  requestAnimationFrame(() => chips.classList.add('gl-asked'));
}

function advance(clip, verdict) {
  const at = Math.max(0, place());
  const wasInside = root.contains(document.activeElement);
  const wasHere = desk.clip && desk.clip.id === clip.id;
  desk.done.add(clip.id + '/' + clip.version);
  desk.items = desk.items.filter((item) => item.id !== clip.id);
  if (wasHere) {
    note.value = internal.value = '';
    Object.assign(desk, { isMine: false, reasons: new Set() });
    open(nextAfter(at));
  }
  desk.drafts.delete(clip.id);
  drawQueue();
  toast([t('desk.did.' + verdict), t(desk.clip ? 'desk.next_clip' : 'desk.empty')].join(' '));
  if (wasInside) stagePane.focus({ preventScroll: true });
}

function nextAfter(at) {
  const order = desk.items.slice(at).concat(desk.items.slice(0, at));
  return order.find((item) => !item.own && !heldBy(item)) || order[0] || null;
}

function drawAll() {
  drawQueue();
  drawStage();
  drawFacts();
  drawDecision();
}

// ---- keys ----

const KEYS = {
  j: () => step(1), k: () => step(-1), v: reveal, ' ': togglePlay, ',': () => nudge(-1), '.': () => nudge(1),
  a: () => decide('approve'), r: () => decide('reject'), c: () => decide('request_changes'),
};
const REPEATING = ['j', 'k', ',', '.'];

function isTyping(node) {
  return node.isContentEditable || node.tagName === 'TEXTAREA' || node.tagName === 'SELECT' ||
    (node.tagName === 'INPUT' && !['range', 'checkbox', 'radio', 'button'].includes(node.type));
}

// Space on a button presses that button; on a tab it may mean play.
function isPressable(node) {
  return Boolean(node.closest('button, a, summary')) && node.getAttribute('role') !== 'tab';
}

listen(document, 'keydown', (event) => {
  const node = event.target instanceof Element ? event.target : document.body;
  if (!live() || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (isTyping(node)) {
    if (event.key === 'Escape' && root.contains(node)) stagePane.focus({ preventScroll: true });
    return;
  }
  // The row of digits by place, so that it works on keyboards that need Shift for them.
  const digit = /^(?:Digit|Numpad)([0-9])$/.exec(event.code);
  const name = event.key.toLowerCase();
  const reason = digit && desk.policy[(Number(digit[1]) + 9) % 10];
  if (!reason && !KEYS[name]) return;
  if (name === ' ' && isPressable(node)) return;
  event.preventDefault();
  if (event.repeat && !REPEATING.includes(name)) return;
  if (reason) toggle(reason.code);
  else KEYS[name]();
});

listen(window, 'pagehide', () => {
  if (desk.isMine) release(desk.clip.id);
  desk.isMine = false;
});

drawAll();
const updates = poll(refresh, 3000);
poll(renew, 60000);
