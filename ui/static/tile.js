// tile.js: one clip while it is made and after: its picture, phase, step, time, and what can be done.
// It knows nothing about lists; what a press does is handed in. Built on progress.js (a clip under way
// in words), remaining.js and look.js.

const WAITING = ['pending_review', 'second_review'];
const GONE = ['cancelled', 'withdrawn', 'superseded', 'taken_down'];

// `deeds`: {send(id, verb), cancel(tile), noteId(clip)}; the note says what Render final does.
function makeTile(clip, deeds) {
  const parts = {
    look: makeLook(clip),
    phase: el('p', { class: 'gl-phase' }),
    detail: el('p', { class: 'gl-detail' }),
    fill: el('div', { class: 'gl-bar-fill' }),
    link: el('a', { class: 'gl-button gl-small', text: t('mine.open'), hidden: true }),
  };
  parts.bar = el('div', { class: 'gl-bar', role: 'progressbar', 'aria-valuemin': '0',
    'aria-valuemax': '100', 'aria-label': t('making.progress') }, parts.fill);
  parts.final = small('making.final', () => deeds.send(clip.id, 'final'), { 'aria-describedby': deeds.noteId(clip) });
  parts.retry = small('action.retry', () => deeds.send(clip.id, 'retry'));
  parts.cancel = small('action.cancel', () => deeds.cancel(tile));
  const words = el('div', { class: 'gl-words' }, parts.bar,
    el('div', { class: 'gl-state' }, parts.phase,
      el('div', { class: 'gl-actions' }, parts.final, parts.link, parts.retry, parts.cancel)),
    parts.detail);
  const tile = el('li', { class: 'gl-tile' }, parts.look, words);
  tile.style.setProperty('--gl-ratio', ratio(clip));
  return Object.assign(tile, { parts, remaining: makeRemaining(), isEnding: false, said: null });
}

function small(key, press, extra) {
  return button(t(key), press, { class: 'gl-button gl-small', hidden: true, ...extra });
}

// `wait`: the usual seconds until a review, null where nobody knows.
function drawTile(tile, clip, wait) {
  const { parts } = tile;
  const running = isUnderWay(clip);
  const can = clip.can || [];
  tile.clip = clip;
  tile.isEnding = running && (tile.isEnding || (clip.state === 'generating' && !can.includes('cancel')));
  const forecast = clip.state === 'queued' ? clip.queue : clip.progress;
  hear(tile.remaining, running && forecast ? forecast.eta_s : null, clip.state);
  put(parts.phase, phase(tile));
  drawDetail(tile, wait);
  tile.classList.toggle('gl-running', running);
  tile.classList.toggle('gl-failed', clip.state === 'failed');
  drawBar(parts, clip, running);
  show(parts.cancel, running && can.includes('cancel') && !tile.isEnding);
  show(parts.retry, can.includes('retry'));
  show(parts.final, can.includes('final'));
  show(parts.link, here(clip.page));
  if (here(clip.page)) attr(parts.link, 'href', clip.page);
  drawLook(parts.look, clip);
}

// Its place is kept when it is done, and so is every other line's: nothing jumps.
function drawBar(parts, clip, running) {
  parts.bar.style.visibility = running ? '' : 'hidden';
  const fraction = clip.state === 'queued' ? 0 : fractionOf(clip);
  parts.fill.style.transform = `scaleX(${fraction})`;
  attr(parts.bar, 'aria-valuenow', Math.round(fraction * 100));
  attr(parts.bar, 'aria-valuetext', phaseWords(clip));
}

// ---- words ----

function phase(tile) {
  const { clip } = tile;
  if (tile.isEnding) return t('making.cancelling');
  if (isUnderWay(clip)) return phaseWords(clip);
  if (clip.state === 'failed') return (clip.error && clip.error.message) || t('mine.failed');
  if (WAITING.includes(clip.state)) return t('making.waiting');
  return t((GONE.includes(clip.state) ? 'state.' : 'outcome.') + clip.state);
}

function drawDetail(tile, wait) {
  put(tile.parts.detail, detail(tile, wait));
}

function detail({ clip, remaining, isEnding }, wait) {
  if (clip.state === 'failed') return (clip.error && clip.error.fix) || '';
  if (isEnding) return '';
  if (!isUnderWay(clip)) {
    const usual = WAITING.includes(clip.state) && wait !== null ? t('making.usual', { wait: seconds(wait) }) : '';
    return [usual, `${t('fact.seed')} ${clip.seed}`].filter(Boolean).join(' · ');
  }
  return [stepWords(clip) || placeWords(clip), timeWords(clip, remaining), holdWords(clip)]
    .filter(Boolean).join(' · ');
}

function timeWords(clip, remaining) {
  const left = secondsLeft(remaining);
  if (left === null) return '';
  if (clip.state === 'queued') return t('making.made_in', { time: aboutSeconds(left) });
  return left < 1 ? t('making.almost') : t('progress.left', { time: aboutSeconds(left) });
}
