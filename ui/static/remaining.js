// remaining.js: the seconds that are left, as they run down between two answers of the server.
// It knows nothing about clips. It never invents: no number where the server gave none, and no more
// counting than a few seconds beyond its last word.

const MOST_AHEAD_S = 3;
const JITTER_S = 2;  // a forecast that rises by less than this waits for the clock to catch up

function makeRemaining() {
  return { left: null, at: 0, shown: null, of: '' };
}

// `of` names what is forecast; another forecast starts afresh.
function hear(remaining, left, of) {
  if (remaining.of !== of || !Number.isFinite(left)) remaining.shown = null;
  Object.assign(remaining, { of, at: performance.now(), left: Number.isFinite(left) ? left : null });
}

function secondsLeft(remaining) {
  if (remaining.left === null) return null;
  const passed = Math.min(MOST_AHEAD_S, (performance.now() - remaining.at) / 1000);
  const now = Math.max(0, remaining.left - passed);
  const { shown } = remaining;
  if (shown === null || now < shown || now > shown + JITTER_S) remaining.shown = now;
  return remaining.shown;
}

// Rounded up, and the coarser the further away: nobody is promised a second that was not measured.
function aboutSeconds(left) {
  const grain = left < 20 ? 1 : left < 90 ? 5 : 60;
  return seconds(Math.ceil(left / grain) * grain);
}
