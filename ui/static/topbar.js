// topbar.js: the name of the house, who you are here, the way in or out, and the bell.
// It knows nothing about clips or tabs; roles and kinds of notices are only words to it. Being always
// on the page, it also carries 'gl-reuse' from the screens over to Python, as its event 'reuse'.

const inFrame = window.top !== window;
const NOTICES = '/api/v1/notices';
const LOOK_MS = 20000;
const MOST_COUNTED = 99;

const brand = el('a', { class: 'gl-brand', href: '/' },
  el('span', { class: 'gl-dot', 'aria-hidden': 'true' }), el('span', { text: 'Greenlight' }));
const who = el('div', { class: 'gl-who' });
root.prepend(brand, who);

// ---- the bell and its panel ----

const count = el('span', { class: 'gl-count', 'aria-hidden': 'true', hidden: true });
const ring = el('button', { type: 'button', class: 'gl-ring', 'aria-expanded': 'false',
  'aria-controls': 'gl-notices', on: { click: () => (panel.hidden ? open() : close()) } },
el('span', { class: 'gl-ring-shape', 'aria-hidden': 'true' }), count);
const arrived = el('span', { class: 'gl-heard', role: 'status', 'aria-live': 'polite' });
const list = el('ul', { class: 'gl-notices-list' });
const empty = el('p', { class: 'gl-hint', text: t('bell.empty'), hidden: true });
const more = button(t('more'), loadMore, { class: 'gl-button gl-small', hidden: true });
const toAddress = el('button', { type: 'button', class: 'gl-link', text: t('bell.settings'),
  on: { click: () => showAddress(true) } });
const told = el('div', { class: 'gl-told-list' }, el('h2', { id: 'gl-notices-title', text: t('bell.label') }),
  list, empty, more, toAddress);
const panel = el('div', { id: 'gl-notices', class: 'gl-notices', role: 'region', tabindex: '-1',
  'aria-label': t('bell.label'), hidden: true }, told);
const bell = el('div', { class: 'gl-bell' }, ring, panel, arrived);

let notices = [];
let cursor = null;
let unseen = null;      // null until the server has said it once
let fresh = new Set();  // new when the panel was opened: marked until it is closed

function makeNotice() {
  const parts = { what: el('span', { class: 'gl-what' }), mark: el('span', { class: 'gl-new', text: t('bell.new') }),
    prompt: el('span', { class: 'gl-of' }), time: el('time') };
  const link = el('a', { href: '/?tab=mine' }, parts.mark, parts.what, parts.prompt, parts.time);
  const node = el('li', null, link);
  link.addEventListener('click', (event) => follow(event, node.notice));
  node.parts = parts;
  return node;
}

function drawNotice(node, notice) {
  node.notice = notice;
  put(node.parts.what, t(notice.text_key));
  attr(node.querySelector('a'), 'href', addressOf(notice));
  put(node.parts.prompt, notice.prompt);
  show(node.parts.prompt, notice.prompt);
  show(node.parts.mark, fresh.has(notice.id));
  setTime(node.parts.time, notice.at);
}

function draw() {
  show(count, unseen);
  put(count, unseen > MOST_COUNTED ? MOST_COUNTED + '+' : unseen || '');
  attr(ring, 'aria-label', unseen ? t('bell.unseen', { n: number(unseen) }) : t('bell.label'));
  if (panel.hidden) return;
  sync(list, notices, (notice) => notice.id, makeNotice, drawNotice);
  show(empty, unseen !== null && !notices.length);
  show(more, cursor);
}

// To the tab without loading the page again; where there is no such tab, the link itself leads there.
function follow(event, notice) {
  const tab = document.getElementById(placeOf(notice) + '-button');
  if (!tab || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  close();
  window.GL.show = notice.clip_id;  // the screen may only be loading now, and deaf to events
  tab.click();
  window.dispatchEvent(new CustomEvent('gl-show-clip', { detail: { id: notice.clip_id } }));
}

// What one has reported is on its own page; there is no tab for it.
function addressOf(notice) {
  if (notice.kind.startsWith('report_')) return '/clip/' + encodeURIComponent(notice.clip_id);
  return '/?tab=' + placeOf(notice);
}

function placeOf(notice) {
  if (notice.kind.startsWith('report_')) return '';
  return ['overdue', 'reported'].includes(notice.kind) ? 'review' : 'mine';
}

function open() {
  show(panel, true);
  attr(ring, 'aria-expanded', 'true');
  showAddress(false);
  see();
  draw();
}

function close() {
  if (panel.hidden) return;
  if (panel.contains(document.activeElement)) ring.focus();
  show(panel, false);
  attr(ring, 'aria-expanded', 'false');
  fresh = new Set();
}

// Only what stands in the list is seen: a notice that came a moment later is still new.
async function see() {
  const ids = notices.filter((notice) => !notice.seen).map((notice) => notice.id);
  if (!ids.length) return;
  for (const notice of notices) {
    if (!notice.seen && !notice.quiet) fresh.add(notice.id);
    notice.seen = true;
  }
  try {
    unseen = (await api('POST', NOTICES + '/seen', { ids })).unseen;
    draw();
  } catch (error) {
    complain(error);
  }
}

async function look() {
  if (!bell.isConnected) return;
  const page = await api('GET', NOTICES);
  if (unseen !== null && page.unseen > unseen) {
    const newest = page.items.find((notice) => !notice.seen && !notice.quiet);
    if (newest) put(arrived, t('bell.arrived', { what: t(newest.text_key) }));
  }
  notices = merge(notices, page);
  if (notices.length === page.items.length) cursor = page.next;
  unseen = page.unseen;
  if (!panel.hidden && !told.hidden) see();
  draw();
}

async function loadMore() {
  enable(more, false);
  try {
    const page = await api('GET', NOTICES + '?cursor=' + encodeURIComponent(cursor));
    const known = new Set(notices.map((notice) => notice.id));
    notices = notices.concat(page.items.filter((notice) => !known.has(notice.id)));
    cursor = page.next;
    see();
    draw();
  } catch (error) {
    complain(error);
  }
  enable(more, true);
}

listen(document, 'keydown', (event) => {
  if (event.key === 'Escape' && !panel.hidden) { close(); ring.focus(); }
});
listen(document, 'pointerdown', (event) => {
  if (!bell.contains(event.target)) close();
});

// ---- where else to be told ----

let where = null;  // the form of address.js; made when it is first asked for

function showAddress(yes) {
  show(told, !yes);
  if (where) show(where.node, yes);
  if (!yes) return;
  if (!where) { where = makeAddress(leaveAddress); panel.append(where.node); }
  where.load();
}

function leaveAddress() {
  showAddress(false);
  see();
  draw();
  toAddress.focus();
}

// ---- who you are ----

function drawGuest() {
  const page = window.location.pathname + window.location.search;
  const signIn = el('a', { class: 'gl-button gl-small', href: '/login?next=' + encodeURIComponent(page), text: t('top.signin') });
  const fullTab = inFrame && el('a', { class: 'gl-link', href: window.location.href, target: '_blank',
    rel: 'noopener', text: t('top.full_tab') });
  who.replaceChildren(...[fullTab, signIn].filter(Boolean));
}

function drawPerson(me) {
  const chip = el('span', { class: 'gl-chip', text: t('role.' + me.role), title: t('top.role') });
  const name = el('span', { class: 'gl-name', text: me.name });
  const out = el('form', { method: 'post', action: '/logout' },
    el('button', { type: 'submit', class: 'gl-link', text: t('top.signout') }));
  who.replaceChildren(bell, chip, name, out);
  bellPoll.now();
}

listen(window, 'gl-reuse', (event) => trigger('reuse', { id: event.detail.id }));

let shown = null;

// Asked again now and then, because a role can change and a session can end meanwhile.
const asking = poll(async () => {
  const me = await api('GET', '/api/v1/me');
  const now = me.name + '/' + me.role;
  if (now === shown) return;
  shown = now;
  if (me.name) drawPerson(me);
  else drawGuest();
}, 60000);

const bellPoll = poll(async () => {
  try {
    await look();
  } catch (error) {
    if (error.status !== 401) throw error;
    asking.now();  // signed out meanwhile: the bar says so
  }
}, LOOK_MS);
draw();
