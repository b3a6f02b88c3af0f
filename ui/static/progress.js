// progress.js: a clip under way in words: its phase, its step, its place in line, what it waits for.
// It knows nothing about cards; it reads what the server says of the clip.

const UNDER_WAY = ['queued', 'generating', 'screening'];

function isUnderWay(clip) {
  return UNDER_WAY.includes(clip.state);
}

function phaseWords(clip) {
  const phase = clip.progress && clip.progress.phase;
  if (phase) return t('phase.' + phase);
  return t({ queued: 'phase.queued', screening: 'phase.screening' }[clip.state] || 'phase.starting');
}

function stepWords(clip) {
  const { progress } = clip;
  if (!progress || progress.phase !== 'denoising' || !progress.steps) return '';
  return t('making.step', { i: number(progress.step), n: number(progress.steps) });
}

function placeWords(clip) {
  const place = clip.queue && clip.queue.position;
  if (clip.state !== 'queued' || !place) return '';
  return place <= 1 ? t('making.next') : t('making.place', { n: number(place) });
}

// Why a clip in the queue is not started: the whole house pauses, or people have to catch up first.
function holdWords(clip) {
  const cause = clip.state === 'queued' && clip.queue && clip.queue.waits_for;
  return cause ? t('waits.' + cause) : '';
}

function fractionOf(clip) {
  return Math.min(1, Math.max(0, (clip.progress && clip.progress.fraction) || 0));
}
