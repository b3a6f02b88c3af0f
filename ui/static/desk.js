// desk.js: the review desk put together: queue, stage, facts; opening a clip, leaving it, hearing news.
// It knows nothing about which moves are allowed: the server decides, and says so in `can`.

root.prepend(healthBand, el('div', { class: 'gl-panes' }, queuePane, stagePane, factsPane));

// ---- hearing ----

let tookMs = 0;  // the last look at the queue

async function refresh() {
  if (!desk.policy.length) await Promise.all([loadPolicy(), loadCare()]);
  const began = performance.now();
  const answer = await api('GET', '/api/v1/review');
  tookMs = performance.now() - began;
  desk.isKnown = true;
  desk.items = answer.items.filter((item) => !desk.done.has(item.id + '/' + item.version));
  const fresh = desk.clip && find(desk.clip.id);
  if (fresh) hear(fresh);
  else if (desk.clip && !desk.isBusy && !desk.isSettled) await missing(desk.clip);
  if (!desk.clip) open(firstFree());
  prepareNext();
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

async function missing(clip) {
  const now = await api('GET', addressOf(clip)).catch(() => null);
  if (!desk.clip || desk.clip.id !== clip.id || (now && OPEN_STATES.includes(now.state))) return;
  settle(t('desk.gone', { state: now ? t('state.' + now.state) : t('desk.gone_away') }), now);
}

// `now`: the clip as it is now, of which only the acts are taken over: what is on the stage stays.
function settle(said, now) {
  if (now) desk.clip = { ...desk.clip, can: now.can };
  desk.isSettled = true;
  desk.isMine = false;
  desk.trouble = said;
  drawDecision();
}

function take(fresh) {
  const isNewFilm = !desk.clip || keyOfFilm(desk.clip) !== keyOfFilm(fresh);
  desk.clip = fresh;
  if (isNewFilm) load(fresh);
  drawFacts();
  drawStory();
}

// ---- opening and leaving a clip ----

function open(clip) {
  if (clip && desk.clip && clip.id === desk.clip.id) return;
  if (!clip && !desk.clip) { drawAll(); return; }
  leave();
  Object.assign(desk, { clip, isMine: false, claiming: null, isSettled: false, trouble: '' });
  bringDraft(clip);
  reading.scrollTop = 0;
  load(clip);
  loadPrecedents();
  drawAll();
  const row = rows.querySelector('[aria-current]');
  if (row) bringIntoView(row);
  if (clip && mayDecide(clip) && !heldBy(clip)) claim();
  prepareNext();
}

function leave() {
  const { clip } = desk;
  if (!clip) return;
  keepDraft(clip);
  if (desk.isMine) release(clip);
}

// After a decision: the next clip, and the decided one out of sight.
function advance(clip) {
  const at = Math.max(0, place());
  const wasInside = root.contains(document.activeElement);
  desk.done.add(clip.id + '/' + clip.version);
  desk.items = desk.items.filter((item) => item.id !== clip.id);
  if (desk.clip && desk.clip.id === clip.id) {
    note.value = internal.value = '';
    desk.reasons = new Set();
    desk.isMine = false;
    open(nextAfter(at));
  }
  desk.drafts.delete(clip.id);
  drawQueue();
  if (wasInside) stagePane.focus({ preventScroll: true });
}

function drawAll() {
  drawQueue();
  drawStage();
  drawFacts();
  drawStory();
  drawDecision();
  drawCare();
}

// ---- running ----

drawAll();
drawComposer();
const news = listenForNews((changed) => {
  updates.now();
  health.now();
  if (desk.clip && changed.has(desk.clip.id)) loadMarks();
}, () => tookMs, () => reported.now());
const updates = poll(refresh, () => (news.isOpen() ? WITH_MS : WITHOUT_MS));
const health = poll(refreshHealth, 30000);
const reported = poll(countCases, 30000);
poll(renew, LEASE_S * 1000 / 3);
