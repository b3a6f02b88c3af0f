// player.js: the film on the stage: play, one frame on or back, loop, speed, sound, and where it is.
// It knows nothing about what it shows. A frame is a whole number; times are made from it.

const SPEEDS = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2];
const decimal = new Intl.NumberFormat(language).format(1.5).charAt(1);

let film = null;
let speed = 1;         // kept from clip to clip
let isLooping = true;  // so is this
let isMuted = true;

const playTool = tool('play', 'gl-play-tool');
const backTool = tool('back', 'gl-icon');
const forthTool = tool('forth', 'gl-icon gl-forth');
const loopTool = tool('loop', 'gl-toggle');
const slowerTool = tool('slower', 'gl-sign', '−');
const fasterTool = tool('faster', 'gl-sign', '+');
const speedWords = el('span', { class: 'gl-speed-words', 'aria-live': 'polite' });
const soundTool = tool('sound', 'gl-toggle');
const scrub = el('input', { type: 'range', class: 'gl-scrub', min: '0', max: '1', step: '0.001', value: '0',
  'aria-label': t('desk.scrub'), on: { input: () => seek(Number(scrub.value)) } });
const clock = el('span', { class: 'gl-clock' });
for (const [node, name] of [[slowerTool, 'slower'], [fasterTool, 'faster']]) {
  attr(node, 'aria-label', t('desk.' + name));
  attr(node, 'title', t('desk.' + name));
}
attr(loopTool, 'aria-pressed', 'true');
show(soundTool, false);

function setFilm(next) {
  if (film) film.pause();
  film = next;
  if (!film) return drawTime();
  film.loop = isLooping;
  film.muted = isMuted;
  film.defaultPlaybackRate = film.playbackRate = speed;
  const heard = film;
  for (const type of ['play', 'pause', 'seeked', 'loadedmetadata', 'ended']) {
    heard.addEventListener(type, () => { if (heard === film) drawTime(); });
  }
  for (const type of ['loadeddata', 'seeked', 'pause']) {
    heard.addEventListener(type, () => { if (heard === film) show(soundTool, hasSound(heard)); });
  }
  heard.addEventListener('play', follow);
  show(soundTool, hasSound(film));
  drawTime();
}

// No browser says this outright: each has a trace of its own.
function hasSound(video) {
  return Boolean(video.mozHasAudio || video.webkitAudioDecodedByteCount || (video.audioTracks && video.audioTracks.length));
}

function follow() {
  if (!film || film.paused) return;
  if (!element.isConnected || element.offsetParent === null) { film.pause(); return; }
  drawTime();
  requestAnimationFrame(follow);
}

function togglePlay() {
  if (!film) return;
  if (!film.paused) return film.pause();
  if (film.ended) film.currentTime = 0;
  film.play().catch(() => {});
}

function length() {
  if (film && Number.isFinite(film.duration) && film.duration > 0) return film.duration;
  return (desk.clip && desk.clip.duration_s) || 1;
}

function fps() {
  return (desk.clip && desk.clip.fps) || 8;
}

function frameCount() {
  return Math.max(1, Math.round(length() * fps()));
}

function frameNow() {
  return Math.min(frameCount() - 1, Math.floor((film ? film.currentTime : 0) * fps() + 1e-4));
}

function seek(time) {
  if (!film) return;
  film.currentTime = Math.min(length(), Math.max(0, time));
  drawTime();
}

// Into the middle of the frame that is seen at that time, so that rounding never shows its neighbour.
function seekFrame(frame) {
  if (!film) return;
  film.pause();
  seek((Math.min(frameCount() - 1, Math.max(0, frame)) + 0.5) / fps());
}

function nudge(by) {
  seekFrame(frameNow() + by);
}

function seekTo(time) {
  seekFrame(Math.floor(time * fps() + 1e-4));
}

function toggleLoop() {
  isLooping = !isLooping;
  if (film) film.loop = isLooping;
  attr(loopTool, 'aria-pressed', isLooping);
}

function changeSpeed(by) {
  const at = SPEEDS.indexOf(speed) + by;
  if (!SPEEDS[at]) return;
  speed = SPEEDS[at];
  if (film) film.defaultPlaybackRate = film.playbackRate = speed;
  drawSpeed();
}

function drawSpeed() {
  put(speedWords, t('desk.speed', { n: number(speed, 2) }));
  enable(slowerTool, desk.clip && speed > SPEEDS[0]);
  enable(fasterTool, desk.clip && speed < SPEEDS[SPEEDS.length - 1]);
}

function setMuted(yes) {
  isMuted = yes;
  if (film) film.muted = yes;
  attr(soundTool, 'aria-pressed', !yes);
}

function toggleSound() {
  setMuted(!isMuted);
}

function drawTime() {
  const now = film ? film.currentTime : 0;
  const total = film ? length() : 0;
  const times = { now: tenths(now), total: tenths(total) };
  const frame = t('desk.frame', { i: number(frameNow() + 1), n: number(frameCount()) });
  scrub.max = String(total || 1);
  scrub.value = String(now);
  attr(scrub, 'aria-valuetext', t('desk.time', times) + ', ' + frame);
  put(clock, film ? t('desk.time', times) + ' · ' + frame : '');
  put(playTool.firstChild, t(film && !film.paused ? 'desk.pause' : 'desk.play'));
  playhead.style.left = 100 * now / (total || 1) + '%';
  drawMarksNow();
}

function tenths(n) {
  return n.toFixed(1).replace('.', decimal);
}

function drawPlayer() {
  for (const node of [playTool, backTool, forthTool, loopTool, soundTool, scrub]) enable(node, desk.clip);
  drawSpeed();
}
