// making.js: my clips while they are being made, live, beside the Create form.
// It knows nothing about the form itself, only what it says of itself in events, nor how clips are
// made. Built on batch.js (variants stand together) and tile.js, which shows one clip.

const { first, fps, sound } = JSON.parse(props.value);
const MOST = 4;  // prompts that are shown, and more only while they are under way
const RECENT_MS = 3600000;
const QUIET_MS = 600;

const notice = el('p', { class: 'gl-notice', role: 'status', hidden: true });
const aloud = el('p', { class: 'gl-aloud', role: 'status' });
const list = el('ul', { class: 'gl-groups', 'aria-label': t('making.label') });
const blankSize = el('span', { class: 'gl-blank-size' });
const blankFrame = el('div', { class: 'gl-blank-frame' },
  el('p', { text: t('making.empty') }), blankSize);
const blank = el('div', { class: 'gl-blank', hidden: true }, blankFrame);
root.prepend(notice, aloud, list, blank);

const seen = new Set();  // what this page saw under way: it stays until somebody decides
const wanted = { width: first[0], height: first[1], frames: first[2] };
let wait = null;
let pace = 500;
let isWaitedFor = false;  // a clip was sent from this page and is not shown yet

// ---- aloud ----

// A screen reader hears of phases, never of steps, and of several quick ones only the last.
let saying = null;
function announce(tile) {
  const now = tile.parts.phase.textContent;
  const isNews = tile.said !== now && seen.has(tile.clip.id);
  tile.said = now;
  if (!isNews) return;
  clearTimeout(saying);
  const { prompt } = tile.clip;
  saying = setTimeout(() => put(aloud, several() ? `${prompt.slice(0, 60)}: ${now}` : now), QUIET_MS);
}

function several() {
  return list.querySelectorAll('.gl-running').length > 1;
}

// ---- clips of one prompt ----

const deeds = { send: act, cancel: (tile) => cancel([tile]), noteId };

function noteId(clip) {
  return 'gl-after-' + batchOf(clip);
}

function makeGroup(group) {
  const tiles = el('ul', { class: 'gl-tiles' });
  const prompt = el('p', { class: 'gl-prompt' });
  const after = el('p', { class: 'gl-hint gl-after', id: noteId(group.clips[0]) });
  const cancelAll = button(t('making.cancel_all'), () => cancel([...tiles.children]), { class: 'gl-link', hidden: true });
  const node = el('li', { class: 'gl-group' }, el('div', { class: 'gl-group-head' }, prompt, cancelAll), tiles, after);
  node.classList.toggle('gl-many', group.clips.length > 1);
  return Object.assign(node, { parts: { tiles, prompt, after, cancelAll } });
}

function drawGroup(node, group) {
  const { tiles, prompt, after, cancelAll } = node.parts;
  put(prompt, group.clips[0].prompt);
  sync(tiles, group.clips, (clip) => clip.id, (clip) => makeTile(clip, deeds), (tile, clip) => {
    drawTile(tile, clip, wait);
    announce(tile);
  });
  show(cancelAll, [...tiles.children].filter((tile) => !tile.parts.cancel.hidden).length > 1);
  put(after, afterWords(group.clips));
}

// What comes next, or what a press on Render final would do.
function afterWords(clips) {
  if (clips.some(isUnderWay)) return wait === null ? t('making.then') : t('making.then_usual', { wait: seconds(wait) });
  const drafts = clips.filter((clip) => (clip.can || []).includes('final'));
  if (!drafts.length) return t('making.kept');
  return t(drafts.some((clip) => clip.state === 'pending_review') ? 'making.final_note' : 'making.final_hint');
}

// ---- what is shown ----

function belongs(clip) {
  if (isUnderWay(clip)) return true;
  if (GONE.includes(clip.state)) return false;
  if (seen.has(clip.id)) return true;
  return WAITING.includes(clip.state) && Date.now() - Date.parse(clip.created_at) < RECENT_MS;
}

function draw(clips) {
  for (const clip of clips) if (isUnderWay(clip)) seen.add(clip.id);
  const groups = groupsOf(clips.filter(belongs))
    .filter((group, place) => place < MOST || group.clips.some(isUnderWay));
  sync(list, groups, (group) => group.id, makeGroup, drawGroup);
  show(blank, !groups.length);
  pace = clips.some((clip) => ['generating', 'screening'].includes(clip.state)) ? 500
    : clips.some((clip) => clip.state === 'queued') ? 1000 : 4000;
  if (isWaitedFor && groups.length) bringIntoView();
  tellOfChanges(clips);
}

let last = '';
function tellOfChanges(clips) {
  const now = clips.map((clip) => clip.id + clip.state).join();
  if (last && last !== now) window.dispatchEvent(new CustomEvent('gl-clips'));
  last = now;
}

function drawBlank() {
  const { width, height, frames } = wanted;
  const time = number(frames / fps, 1);
  put(blankSize, [`${number(width)} × ${number(height)}`, t('time.s', { n: time }), sound && t('making.sound')].filter(Boolean).join(' · '));
  blankFrame.style.setProperty('--gl-ratio', width / height);
}

// On a phone the clips stand below the form: what was sent from there is brought up once.
function bringIntoView() {
  isWaitedFor = false;
  const top = list.getBoundingClientRect().top;
  if (top < window.innerHeight * 0.75) return;
  list.firstChild.scrollIntoView({ block: 'start', behavior: isCalm.matches ? 'auto' : 'smooth' });
}

async function refresh() {
  try {
    draw((await api('GET', '/api/v1/clips?mine=1')).items);
  } catch (error) {
    if (error.status !== 401 && error.status !== 403) throw error;
    pace = 15000;
  }
}

// ---- acts ----

async function act(id, verb) {
  try {
    await api('POST', `/api/v1/clips/${encodeURIComponent(id)}/${verb}`);
    if (verb === 'final') toast(t('making.final_sent'));
  } catch (error) {
    complain(error);
  }
  clips.now();
}

// Said at once; the server needs up to one step of the model.
async function cancel(tiles) {
  const chosen = tiles.filter((tile) => !tile.parts.cancel.hidden);
  for (const tile of chosen) {
    tile.isEnding = true;
    drawTile(tile, tile.clip, wait);
  }
  const ended = await Promise.all(chosen.map(async (tile) => {
    try {
      await api('POST', `/api/v1/clips/${encodeURIComponent(tile.clip.id)}/cancel`);
      return true;
    } catch (error) {
      tile.isEnding = false;
      complain(error);
      return false;
    }
  }));
  if (ended.some(Boolean)) toast(t('making.cancelled'));
  clips.now();
}

function drawHealth(health) {
  const paused = health.paused || [];
  const said = [];
  if (paused.includes('generation') || paused.includes('all')) said.push(t('making.paused'));
  if (health.model_state === 'loading') said.push(t('making.loading'));
  if (health.model_state === 'failed') said.push(t('making.model_failed'));
  put(notice, said.join(' '));
  show(notice, said.length);
}

// Between two answers only the time runs down.
function tick() {
  if (!element.isConnected) return;
  if (live()) for (const tile of list.querySelectorAll('.gl-running')) drawDetail(tile, wait);
  setTimeout(tick, 500);
}

drawBlank();
const clips = poll(refresh, () => pace);
poll(async () => drawHealth(await api('GET', '/healthz')), 3000);
poll(async () => { wait = ((await api('GET', '/api/v1/stats')).wait_s || {}).p50 ?? null; }, 30000);
tick();
listen(window, 'gl-created', () => { isWaitedFor = true; pace = 500; clips.now(); });
listen(window, 'gl-size', (event) => {
  const [width, height] = String(event.detail).split('x').map(Number);
  if (width && height) drawBlank(Object.assign(wanted, { width, height }));
});
listen(window, 'gl-length', (event) => {
  if (Number(event.detail)) drawBlank(Object.assign(wanted, { frames: Number(event.detail) }));
});
