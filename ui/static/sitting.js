// sitting.js: what the desk knows at a moment: the queue, the clip on the stage, and whose it is.
// It knows nothing about how any of it looks, nor which moves are allowed: the server says in `can`.

const OPEN_STATES = ['pending_review', 'second_review', 'appealed'];
const { claim_s: LEASE_S } = JSON.parse(props.value);

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
  policyVersion: '',  // the one that the reasons on the desk are from
  drafts: new Map(),  // notes and reasons of clips left undecided
  done: new Set(),    // id/version decided here, so that a late answer cannot bring it back
  skipped: new Set(),  // clips to come back to last
  marks: [],          // of the clip on the stage
  care: { blur: 'all', grey: 'flagged', mute: 'flagged', skips: [], today: null },
};

function addressOf(clip, act) {
  return `/api/v1/clips/${encodeURIComponent(clip.id)}` + (act ? '/' + act : '');
}

function may(clip, verb) {
  return Boolean(clip) && (clip.can || []).includes(verb);
}

function mayDecide(clip) {
  return !clip.own && (may(clip, 'decide') || may(clip, 'claim'));
}

function heldBy(clip) {
  return clip.claim && !clip.claim.mine ? clip.claim.holder : '';
}

// Of a class that this person asked not to be shown unasked.
function isSpared(clip) {
  return (clip.classes || []).some((code) => desk.care.skips.includes(code));
}

function find(id) {
  return desk.items.find((item) => item.id === id) || null;
}

function place() {
  return desk.clip ? desk.items.findIndex((item) => item.id === desk.clip.id) : -1;
}

// The clip to go to by itself: one that can be decided, else one that can be looked at, else any.
function firstFree(items = desk.items) {
  const wanted = items.filter((item) => !isSpared(item));
  const free = wanted.filter((item) => mayDecide(item) && !heldBy(item));
  return free.find((item) => !desk.skipped.has(item.id)) || free[0] || wanted[0] || items[0] || null;
}

function nextAfter(at) {
  return firstFree(desk.items.slice(at).concat(desk.items.slice(0, at)));
}

// What stands on the stage after a decision on this clip: it is fetched ahead.
function upcoming() {
  const at = place();
  if (at < 0) return null;
  const order = desk.items.slice(at + 1).concat(desk.items.slice(0, at));
  return firstFree(order);
}

function labelOf(reason) {
  const code = typeof reason === 'string' ? reason : reason.code;
  const known = desk.policy.find((each) => each.code === code);
  return (known && known.label) || reason.label || code;
}
