// mine.js: each of my clips as a line of time: sent, made, screened, waiting, decided, and what now.
// It knows nothing about the rules of review; what may be done is what the server lists in `can`.

const DECIDED = ['approved', 'rejected', 'changes_requested'];
const SURE_MS = 4000;

const list = el('ul', { class: 'gl-mine-list', 'aria-label': t('tab.mine') });
const empty = el('div', { class: 'gl-empty', hidden: true },
  el('p', { class: 'gl-empty-title', text: t('mine.empty') }), el('p', { text: t('mine.empty_hint') }));
const more = button(t('more'), loadMore, { class: 'gl-button gl-more', hidden: true });
root.prepend(list, empty, more);

let clips = [];
let cursor = null;
let wait = null;
let isKnown = false;  // the server has answered once: an empty list is really empty

// ---- the line of time ----

// Only the newest run counts: a clip that was tried again starts its line afresh.
function lastRun(clip) {
  const line = clip.timeline || [];
  const start = line.map((entry) => entry.state).lastIndexOf('queued');
  return line.slice(Math.max(0, start));
}

function steps(clip) {
  const run = lastRun(clip);
  const last = (...states) => run.filter((entry) => states.includes(entry.state)).pop();
  const sent = last('queued') || { at: clip.created_at };
  const made = last('screening', 'pending_review');
  const waiting = run.find((entry) => entry.state === 'pending_review');
  const decided = last(...DECIDED);
  const line = [{ name: 'sent', mark: 'done', label: t('step.sent'), at: sent.at }];
  if (['failed', 'cancelled'].includes(clip.state)) return line.concat(ending(clip, last(clip.state)));
  line.push(makingStep(clip, made), screenedStep(clip, waiting));
  if (clip.state === 'withdrawn' && !decided) return line.filter((step) => step.mark === 'done').concat(ending(clip, last('withdrawn')));
  line.push(waitingStep(clip, waiting, decided), decisionStep(decided));
  if (!decided || decided.state === 'approved') line.push(publishedStep(clip, decided, last('published')));
  if (['withdrawn', 'taken_down', 'superseded'].includes(clip.state)) line.push(ending(clip, last(clip.state)));
  return line;
}

function makingStep(clip, made) {
  if (made) return { name: 'made', mark: 'done', label: t('step.made'), at: made.at };
  const { progress, queue } = clip;
  const place = queue && queue.position > 1 ? t('making.place', { n: number(queue.position) }) : '';
  const step = progress && progress.phase === 'denoising' && progress.steps ? t('making.step', { i: progress.step, n: progress.steps }) : '';
  return { name: 'made', mark: 'now', label: t(clip.state === 'queued' ? 'step.queued' : 'step.making'), said: step || place };
}

function screenedStep(clip, waiting) {
  if (waiting) return { name: 'screened', mark: 'done', label: t('step.screened'), at: waiting.at };
  return { name: 'screened', mark: clip.state === 'screening' ? 'now' : 'todo', label: t('step.screened') };
}

function waitingStep(clip, waiting, decided) {
  if (!waiting) return { name: 'waiting', mark: 'todo', label: t('step.waiting') };
  if (decided) {
    const waited = (Date.parse(decided.at) - Date.parse(waiting.at)) / 1000;
    return { name: 'waiting', mark: 'done', label: t('step.waited'), said: seconds(Math.max(0, waited)) };
  }
  const usual = wait ? t('step.usual', { wait: seconds(wait) }) : '';
  const label = t(clip.state === 'second_review' ? 'step.second' : 'step.waiting');
  return { name: 'waiting', mark: 'now', label, at: waiting.at, said: usual };
}

function decisionStep(decided) {
  if (!decided) return { name: 'decided', mark: 'todo', label: t('step.decided') };
  const mark = { approved: 'good', rejected: 'stop', changes_requested: 'stop' }[decided.state];
  return { name: 'decided', mark, label: t('state.' + decided.state), at: decided.at, said: by(decided) };
}

function publishedStep(clip, decided, published) {
  if (published) return { name: 'published', mark: 'good', label: t('step.published'), at: published.at };
  return { name: 'published', mark: decided ? 'now' : 'todo', label: t(decided ? 'step.publishing' : 'step.published') };
}

function ending(clip, entry) {
  return { name: 'end', mark: 'stop', label: t('state.' + clip.state), at: entry && entry.at, said: by(entry) };
}

function by(entry) {
  return entry && entry.by !== 'system' && has('by.' + entry.by) ? t('by.' + entry.by) : '';
}

function makeStep() {
  const parts = { label: el('span', { class: 'gl-step-label' }), time: el('time', { class: 'gl-step-time' }),
    said: el('span', { class: 'gl-step-said' }) };
  const node = el('li', { class: 'gl-step' }, parts.label, parts.time, parts.said);
  node.parts = parts;
  return node;
}

function drawStep(node, step) {
  attr(node, 'data-mark', step.mark);
  attr(node, 'aria-current', step.mark === 'now' ? 'step' : null);
  put(node.parts.label, step.label);
  setTime(node.parts.time, step.at);
  put(node.parts.said, step.said);
}

// ---- one clip ----

function makeCard(clip) {
  const parts = {
    frame: el('div', { class: 'gl-frame' }), prompt: el('h3', { class: 'gl-prompt' }),
    facts: el('p', { class: 'gl-facts-line' }), track: el('ol', { class: 'gl-track' }),
    why: el('div', { class: 'gl-why', hidden: true }), actions: el('div', { class: 'gl-actions' }),
  };
  parts.frame.style.setProperty('--gl-ratio', ratio(clip));
  const card = el('li', { class: 'gl-mine-card' }, parts.frame,
    el('div', { class: 'gl-words' }, parts.prompt, parts.facts, parts.track, parts.why, parts.actions));
  card.parts = parts;
  return card;
}

function drawCard(card, clip) {
  const parts = card.parts;
  card.clip = clip;
  put(parts.prompt, clip.prompt);
  put(parts.facts, [clip.model, `${clip.width} × ${clip.height}`, clip.duration_s && seconds(clip.duration_s),
    t('fact.seed') + ' ' + clip.seed].filter(Boolean).join(' · '));
  sync(parts.track, steps(clip), (step) => step.name, makeStep, drawStep);
  drawFrame(parts.frame, clip);
  drawWhy(parts.why, clip);
  sync(parts.actions, actions(clip), (action) => action.name, (action) => action.make(card), null);
}

function drawFrame(frame, clip) {
  const has = Boolean(clip.media && here(clip.media.poster));
  frame.classList.toggle('gl-working', ['queued', 'generating', 'screening'].includes(clip.state));
  if (!has || frame.firstChild) return;
  const poster = el('img', { src: clip.media.poster, alt: '', loading: 'lazy', decoding: 'async' });
  const start = el('button', { type: 'button', class: 'gl-play', 'aria-label': t('mine.play', { prompt: clip.prompt }) });
  start.addEventListener('click', () => {
    const video = player(clip, { controls: true });
    frame.replaceChildren(video);
    video.play().catch(() => {});
    video.focus();
  });
  frame.append(poster, start);
}

// ---- why, kindly ----

function drawWhy(box, clip) {
  const entry = lastRun(clip).filter((item) => (item.reasons || []).length || item.note).pop();
  const sign = [clip.id, clip.version, clip.state, entry && entry.at].join('/');
  if (box.dataset.sign === sign) return;
  box.dataset.sign = sign;
  const said = [];
  const opening = 'why.' + clip.state;
  if (has(opening)) said.push(el('p', { class: 'gl-why-opening', text: t(opening) }));
  if (clip.state === 'failed' && clip.error) said.push(failure(clip.error));
  if (entry) said.push(...reasons(entry));
  const after = 'next.' + clip.state;
  if (has(after)) said.push(el('p', { class: 'gl-why-next', text: t(after) }));
  box.replaceChildren(...said);
  show(box, said.length);
}

function failure(error) {
  return el('p', { text: sentence(error) });
}

function reasons(entry) {
  const lines = (entry.reasons || []).map((reason) => el('li', null,
    el('strong', { text: reason.label }), reason.text && el('span', { text: reason.text })));
  const title = 'why.note.' + entry.by;
  const note = entry.note && el('figure', { class: 'gl-note' },
    el('figcaption', { text: t(has(title) ? title : 'why.note') }), el('blockquote', { text: entry.note }));
  return [lines.length && el('ul', { class: 'gl-reasons' }, lines), note].filter(Boolean);
}

// ---- what can be done next ----

function actions(clip) {
  const can = clip.can || [];
  const list = [];
  if (here(clip.page)) {
    list.push({ name: 'open', make: () => el('a', { class: 'gl-button gl-small', href: clip.page, text: t('mine.open') }) });
    list.push({ name: 'copy', make: (card) => small(t('mine.copy'), () => copyLink(card)) });
  }
  if (['rejected', 'changes_requested'].includes(clip.state)) {
    list.push({ name: 'reuse', make: (card) => small(t('mine.reuse'), () => reuse(card), 'gl-strong') });
  }
  if (can.includes('retry')) list.push({ name: 'retry', make: (card) => small(t('action.retry'), () => act(card, 'retry')) });
  if (can.includes('cancel')) list.push({ name: 'cancel', make: (card) => small(t('action.cancel'), () => act(card, 'cancel')) });
  if (can.includes('withdraw')) list.push({ name: 'withdraw', make: withdrawButton });
  return list;
}

function small(label, press, extra) {
  return button(label, press, { class: 'gl-button gl-small ' + (extra || '') });
}

function withdrawButton(card) {
  let timer = null;
  const node = small(t('action.withdraw'), press, 'gl-quiet');
  const calm = () => {
    clearTimeout(timer);
    timer = null;
    node.classList.remove('gl-sure');
    put(node.firstChild, t('action.withdraw'));
  };
  function press() {
    if (timer) { calm(); act(card, 'withdraw'); return; }
    node.classList.add('gl-sure');
    put(node.firstChild, t('action.withdraw_sure'));
    toast(t('mine.withdraw_hint'));
    timer = setTimeout(calm, SURE_MS);
  }
  return node;
}

function reuse(card) {
  window.dispatchEvent(new CustomEvent('gl-reuse', { detail: card.clip }));
}

async function copyLink(card) {
  const link = new URL(card.clip.page, window.location.origin).href;
  try {
    await navigator.clipboard.writeText(link);
    toast(t('mine.copied'));
  } catch (error) {
    toast(t('mine.copy_failed', { link }));
  }
}

async function act(card, verb) {
  try {
    const fresh = await api('POST', `/api/v1/clips/${encodeURIComponent(card.clip.id)}/${verb}`);
    clips = clips.map((clip) => (clip.id === fresh.id ? fresh : clip));
    draw();
    toast(t('mine.did.' + verb));
    if (verb === 'retry') window.dispatchEvent(new CustomEvent('gl-created'));
  } catch (error) {
    complain(error);
    updates.now();
  }
}

// ---- the list ----

function draw() {
  sync(list, clips, (clip) => clip.id, makeCard, drawCard);
  show(empty, isKnown && !clips.length);
  show(more, cursor);
}

async function refresh() {
  const page = await api('GET', '/api/v1/clips?mine=1');
  isKnown = true;
  clips = merge(clips, page);
  if (clips.length === page.items.length) cursor = page.next;
  draw();
}

async function loadMore() {
  more.disabled = true;
  try {
    const page = await api('GET', '/api/v1/clips?mine=1&cursor=' + encodeURIComponent(cursor));
    const known = new Set(clips.map((clip) => clip.id));
    clips = clips.concat(page.items.filter((clip) => !known.has(clip.id)));
    cursor = page.next;
    draw();
  } catch (error) {
    complain(error);
  }
  more.disabled = false;
}

const updates = poll(refresh, 3000);
poll(async () => {
  wait = ((await api('GET', '/api/v1/stats')).wait_s || {}).p50 || null;
  draw();
}, 30000);
listen(window, 'gl-created', () => updates.now());
