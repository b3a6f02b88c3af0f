// kit.js: what every screen shares: making nodes, saying text, asking the server, polling, toasts.
// It knows nothing about any one screen, and it never turns text into HTML.

const root = element.querySelector('.gl') || element;
const language = (navigator.language || 'en').toLowerCase().startsWith('fr') ? 'fr' : 'en';
const texts = (window.GL && window.GL.text) || {};
const isCalm = window.matchMedia('(prefers-reduced-motion: reduce)');
root.lang = language;

// ---- text ----

function t(key, values) {
  const text = (texts[language] || {})[key] || (texts.en || {})[key] || key;
  return text.replace(/\{(\w+)\}/g, (whole, name) =>
    values && values[name] !== undefined ? String(values[name]) : whole);
}

function has(key) {
  return Boolean((texts[language] || {})[key]);
}

function number(n, digits = 0) {
  return new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(n);
}

function seconds(n) {
  if (n < 9.95) return t('time.s', { n: number(n, 1) });
  if (n < 90) return t('time.s', { n: number(n) });
  if (n < 5400) return t('time.min', { n: number(n / 60) });
  if (n < 172800) return t('time.h', { n: number(n / 3600) });
  return t('time.d', { n: number(n / 86400) });
}

function ago(time) {
  const past = (Date.now() - Date.parse(time)) / 1000;
  if (!Number.isFinite(past)) return '';
  if (past < 10) return t('time.now');
  const [unit, size] = past < 60 ? ['second', 1] : past < 3600 ? ['minute', 60]
    : past < 86400 ? ['hour', 3600] : ['day', 86400];
  return new Intl.RelativeTimeFormat(language).format(-Math.floor(past / size), unit);
}

function date(time) {
  return new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'short' })
    .format(new Date(time));
}

// ---- nodes ----

function el(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'text') node.textContent = value;
    else if (name === 'class') node.className = value;
    else if (name === 'on') for (const type of Object.keys(value)) node.addEventListener(type, value[type]);
    else if (name in node && typeof value !== 'string') node[name] = value;
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

// Writes only what changed, so that a poll leaves selection, focus and screen readers alone.
function put(node, text) {
  const value = text === null || text === undefined ? '' : String(text);
  if (node.textContent !== value) node.textContent = value;
  return node;
}

function show(node, yes) {
  if (node.hidden === Boolean(yes)) node.hidden = !yes;
}

function enable(node, yes) {
  if (node.disabled === Boolean(yes)) node.disabled = !yes;
}

function attr(node, name, value) {
  if (value === null || value === false) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

function setTime(node, time) {
  if (!time) return put(node, '');
  attr(node, 'datetime', time);
  attr(node, 'title', date(time));
  return put(node, ago(time));
}

function button(label, act, props) {
  const node = el('button', { type: 'button', class: 'gl-button', on: { click: act }, ...props });
  node.prepend(el('span', { text: label }));
  return node;
}

function key(name) {
  return el('kbd', { class: 'gl-key', text: name, 'aria-hidden': 'true' });
}

// Only addresses on this host may become links.
function here(path) {
  return typeof path === 'string' && /^\/(?![/\\])/.test(path) ? path : null;
}

function ratio(clip) {
  return clip.width > 0 && clip.height > 0 ? clip.width / clip.height : 1;
}

// The title; else the prompt, where it may be read.
function headingOf(clip) {
  return clip.title || clip.prompt || t('page.untitled');
}

// A clip of so few pixels is shown with sharp ones; smoothed, it would look out of focus.
const CRISP_BELOW = 320;

function player(clip, props) {
  const video = el('video', { class: 'gl-video', muted: true, loop: true, playsInline: true,
    preload: 'auto', 'aria-label': headingOf(clip), ...props });
  video.classList.toggle('gl-crisp', clip.width < CRISP_BELOW);
  video.poster = here(clip.media && clip.media.poster) || '';
  video.src = here(clip.media && clip.media.mp4) || '';
  return video;
}

// Keeps one node per key: made once, updated in place, moved only when the order really changed.
function sync(parent, items, keyOf, make, update) {
  const kept = parent.glKept || (parent.glKept = new Map());
  const active = document.activeElement;
  const wanted = new Set(items.map(keyOf));
  for (const [id, node] of kept) {
    if (!wanted.has(id)) { node.remove(); kept.delete(id); }
  }
  let place = parent.firstChild;
  for (const item of items) {
    const id = keyOf(item);
    const node = kept.get(id) || make(item);
    kept.set(id, node);
    if (update) update(node, item);
    if (node === place) place = place.nextSibling;
    else parent.insertBefore(node, place);
  }
  if (active !== document.activeElement && parent.contains(active)) active.focus({ preventScroll: true });
}

// A fresh first page over the list we hold: newer and changed items come in, older pages stay.
function merge(known, page) {
  if (!page.next) return page.items;
  const fresh = new Set(page.items.map((item) => item.id));
  const last = known.findIndex((item) => item.id === page.items[page.items.length - 1].id);
  return page.items.concat(last < 0 ? [] : known.slice(last + 1).filter((item) => !fresh.has(item.id)));
}

// ---- the server ----

async function api(method, path, body) {
  const request = { method, credentials: 'same-origin', headers: { Accept: 'application/json' } };
  if (body !== undefined) {
    const isFile = body instanceof Blob;
    request.headers['Content-Type'] = isFile ? body.type || 'application/octet-stream' : 'application/json';
    request.body = isFile ? body : JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, request);
  } catch (cause) {
    throw problem({ code: 'offline', message: t('error.offline'), fix: t('error.offline_fix') }, 0);
  }
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw problem((answer && answer.error) || {}, response.status);
  if (answer === null) throw problem({}, response.status);
  return answer;
}

function problem(error, status) {
  const known = new Error(error.message || t('error.unknown'));
  return Object.assign(known, { code: error.code || '', fix: error.fix || '', status });
}

function sentence(error) {
  return [error.message, error.fix].filter(Boolean).join(' ');
}

// ---- being seen ----

function live() {
  return element.isConnected && element.offsetParent !== null && !document.hidden;
}

// A listener outside our own nodes; it takes itself away once the screen is gone.
function listen(target, type, handler) {
  function once(event) {
    if (element.isConnected) handler(event);
    else target.removeEventListener(type, once);
  }
  target.addEventListener(type, once);
}

let outage = null;  // the one standing notice of a lost server, and the poll that put it up

function lose(error, by) {
  if (!outage) outage = { by, close: toast(sentence(error), { bad: true, keep: true }) };
}

function regain(by) {
  if (!outage || outage.by !== by) return;
  outage.close();
  outage = null;
}

// Runs work now, then every ms while the screen is seen; at once when it is seen again.
function poll(work, ms) {
  let due = 0;
  let busy = false;
  let hidden = false;
  let failed = 0;
  async function run() {
    busy = true;
    due = Infinity;
    try {
      await work();
      failed = 0;
      regain(work);
    } catch (error) {
      failed += 1;
      if (failed > 1) lose(error, work);
    }
    busy = false;
    const wait = typeof ms === 'function' ? ms() : ms;
    due = Math.min(due, Date.now() + (failed ? Math.min(15000, 1500 * failed) : wait));
  }
  function tick() {
    if (!element.isConnected) return;
    if (!live()) hidden = true;
    else if (!busy && (hidden || Date.now() >= due)) { hidden = false; run(); }
    setTimeout(tick, 200);
  }
  tick();
  return { now() { due = 0; } };
}

// ---- toasts ----

const toasts = el('div', { class: 'gl-toasts', role: 'status', 'aria-live': 'polite' });
root.append(toasts);

function toast(text, { bad = false, keep = false } = {}) {
  for (const old of toasts.querySelectorAll('.gl-toast:not(.gl-keep)')) old.remove();
  const node = el('div', { class: 'gl-toast' + (bad ? ' gl-bad' : '') + (keep ? ' gl-keep' : '') },
    el('span', { text }));
  const close = () => node.remove();
  if (bad && !keep) node.append(button(t('toast.close'), close, { class: 'gl-toast-close' }));
  toasts.append(node);
  if (!keep) setTimeout(close, bad ? 12000 : 5000);
  return close;
}

function complain(error) {
  toast(sentence(error), { bad: true });
}
