// mine.js: my clips, newest first, and news of them as they come.
// It knows nothing about the rules of review; what may be done is what the server lists in `can`.

const EVERY_PAGE_EACH = 5;  // rounds of polling until the older pages are read again too
const MOST_PAGES = 20;      // to look through for one clip

const question = makeQuestion(asked);
const list = el('ul', { class: 'gl-mine-list', 'aria-label': t('tab.mine') });
const emptyTitle = el('p', { class: 'gl-empty-title' });
const emptyHint = el('p');
const showAll = button(t('mine.show_all'), question.open, { class: 'gl-button gl-small' });
const empty = el('div', { class: 'gl-empty', role: 'status', hidden: true }, emptyTitle, emptyHint, showAll);
const more = button(t('more'), loadMore, { class: 'gl-button gl-more', hidden: true });
root.prepend(question.node, list, empty, more, makeYours());

let clips = [];
let cursor = null;
let pages = 1;
let turn = 0;         // goes up with every question and every act: an answer from before it is stale
let rounds = 0;
let usual = null;     // the measured wait for review of most clips, in seconds
let isKnown = false;  // this question has been answered once: an empty list is really empty
// A clip to go to: named by the address, or by a notice that was pressed before this screen was there.
let wanted = window.GL.show || new URLSearchParams(window.location.search).get('clip');

// ---- asking ----

// The old answer stays on the screen until the new one is here, so nothing blinks.
function asked() {
  turn += 1;
  pages = 1;
  isKnown = false;
  updates.now();
}

async function refresh() {
  const before = turn;
  const whole = !isKnown || pages === 1 || rounds % EVERY_PAGE_EACH === 0;
  rounds += 1;
  const page = await read(whole ? pages : 1);
  if (before !== turn) return;
  clips = whole ? page.items : merge(clips, page);
  if (whole || !page.next) cursor = page.next;
  isKnown = true;
  draw();
  if (wanted) await goTo(wanted);
}

async function read(count) {
  const found = { items: [], next: null };
  for (let n = 0; n < count && (n === 0 || found.next); n += 1) {
    const page = await api('GET', question.address(found.next));
    found.items.push(...page.items);
    found.next = page.next;
  }
  return found;
}

async function loadMore() {
  more.disabled = true;
  try {
    const first = await nextPage();
    if (first && more.hidden) focusOn(cardOf(first));
  } catch (error) {
    complain(error);
  }
  more.disabled = false;
}

// One page more at the end of the list; the first clip on it.
async function nextPage() {
  const before = turn;
  const page = await api('GET', question.address(cursor));
  if (before !== turn) return null;
  const known = new Set(clips.map((clip) => clip.id));
  const fresh = page.items.filter((clip) => !known.has(clip.id));
  clips = clips.concat(fresh);
  cursor = page.next;
  pages += 1;
  turn += 1;
  draw();
  return fresh[0] ? fresh[0].id : null;
}

// A notice or a link may lead to one clip, wherever in the list it stands.
async function goTo(id) {
  wanted = window.GL.show = null;
  for (let n = 0; n < MOST_PAGES && cursor && !cardOf(id); n += 1) await nextPage();
  const card = cardOf(id);
  if (!card) return;
  shownVariant.set(card.group.id, id);
  draw();
  focusOn(card);
  card.scrollIntoView({ block: 'start' });
}

// ---- showing ----

function draw() {
  const facts = { clips, usual };
  const make = (group) => makeCard(group, { send, compare });
  sync(list, groupsOf(clips), (group) => group.id, make, (card, group) => drawCard(card, group, facts));
  if (clips.length || !question.isOpen()) show(question.node, true);
  show(more, cursor);
  show(empty, isKnown && !clips.length);
  if (!clips.length) drawEmpty();
}

function drawEmpty() {
  const { filter, text } = question;
  const nothing = filter === 'all' ? t('mine.empty') : t('mine.none.' + filter);
  const hint = filter === 'all' ? t('mine.empty_hint') : t('mine.none_filter_hint');
  put(emptyTitle, text ? t('mine.none', { q: text }) : nothing);
  put(emptyHint, text ? t('mine.none_hint') : hint);
  show(showAll, !question.isOpen());
}

function cardOf(id) {
  return [...list.children].find((card) => card.group.clips.some((clip) => clip.id === id));
}

function focusOn(card) {
  if (card) card.parts.prompt.focus();
  else if (!question.node.hidden) question.field.focus();
}

// ---- acts ----

async function send(card, verb) {
  if (card.isBusy) return;
  card.isBusy = true;
  const { clip } = card;
  try {
    const answer = await api('POST', `/api/v1/clips/${encodeURIComponent(clip.id)}/${verb}`);
    settle(card, () => take(clip, verb, answer));
    toast(t('mine.did.' + verb));
    if (['retry', 'final'].includes(verb)) window.dispatchEvent(new CustomEvent('gl-created'));
  } catch (error) {
    complain(error);
  }
  card.isBusy = false;
  updates.now();
}

function take(clip, verb, answer) {
  const kept = verb !== 'delete' && question.takes(answer) ? [answer] : [];
  turn += 1;
  if (verb === 'final') clips = kept.concat(clips);
  else clips = clips.flatMap((each) => (each.id === clip.id ? kept : [each]));
}

// A press may take its own button away, or the whole card: the focus then stays in its place.
function settle(card, change) {
  const place = [...list.children].indexOf(card);
  const hadFocus = card.contains(document.activeElement);
  change();
  draw();
  if (hadFocus && !card.contains(document.activeElement)) {
    focusOn(card.isConnected ? card : list.children[Math.min(place, list.children.length - 1)]);
  }
}

// ---- keys ----

function step(by) {
  const cards = [...list.children];
  const at = cards.findIndex((card) => card.contains(document.activeElement));
  focusOn(cards[Math.min(cards.length - 1, Math.max(0, at < 0 ? 0 : at + by))]);
}

const KEYS = { j: () => step(1), k: () => step(-1), '/': () => { question.field.focus(); question.field.select(); } };

listen(document, 'keydown', (event) => {
  if (!live() || compareBox.open || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  const node = event.target instanceof Element ? event.target : document.body;
  if (node === question.field && event.key === 'Escape') return question.clear();
  if (node.matches('input:not([type=radio]), textarea, select, video') || node.isContentEditable) return;
  const act = KEYS[event.key.toLowerCase()];
  if (!act || question.node.hidden) return;
  event.preventDefault();
  act();
});

// ---- news, as often as something can have moved ----

function pace() {
  const isIn = (...states) => clips.some((clip) => states.includes(clip.state));
  if (isIn('generating', 'screening', 'approved')) return 1000;
  if (isIn('queued')) return 2000;
  return isIn('pending_review', 'second_review', 'appealed') ? 5000 : 20000;
}

const updates = poll(refresh, pace);
poll(async () => {
  usual = ((await api('GET', '/api/v1/stats')).wait_s || {}).p50 ?? null;
  if (isKnown) draw();
}, 30000);
listen(window, 'gl-created', () => updates.now());
listen(window, 'gl-show-clip', (event) => seek(event.detail.id));
if (wanted) seek(wanted);

function seek(id) {
  wanted = id;
  if (question.isOpen()) updates.now();
  else question.open();
}
