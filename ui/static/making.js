// making.js: my clips while they are being made, live, under the Create form.
// It knows nothing about the form itself, only that it says 'gl-created', nor how clips are made.

const RUNNING = ['queued', 'generating', 'screening'];
const WAITING = ['pending_review', 'second_review'];
const MOST = 4;
const RECENT_MS = 3600000;

const notice = el('p', { class: 'gl-notice', role: 'status', hidden: true });
const list = el('ul', { class: 'gl-making-list', 'aria-label': t('making.label') });
const hint = el('p', { class: 'gl-hint', text: t('making.empty'), hidden: true });
root.prepend(notice, list, hint);

const seen = new Set();
let wait = null;
let isBusy = true;

// ---- one card ----

function makeCard(clip) {
  const parts = {
    frame: el('div', { class: 'gl-frame' }),
    phase: el('p', { class: 'gl-phase' }),
    detail: el('p', { class: 'gl-detail' }),
    fill: el('div', { class: 'gl-bar-fill' }),
    prompt: el('p', { class: 'gl-prompt' }),
    link: el('a', { class: 'gl-link', text: t('mine.open'), hidden: true }),
  };
  parts.frame.style.setProperty('--gl-ratio', ratio(clip));
  parts.bar = el('div', { class: 'gl-bar', role: 'progressbar', 'aria-valuemin': '0',
    'aria-valuemax': '100', 'aria-label': t('making.progress') }, parts.fill);
  parts.cancel = button(t('action.cancel'), () => act(clip.id, 'cancel'), { class: 'gl-button gl-small', hidden: true });
  parts.retry = button(t('action.retry'), () => act(clip.id, 'retry'), { class: 'gl-button gl-small', hidden: true });
  const words = el('div', { class: 'gl-words' }, parts.phase, parts.detail, parts.bar, parts.prompt,
    el('div', { class: 'gl-actions' }, parts.link, parts.retry, parts.cancel));
  const card = el('li', { class: 'gl-making-card' }, parts.frame, words);
  card.parts = parts;
  return card;
}

function drawCard(card, clip) {
  const parts = card.parts;
  const running = RUNNING.includes(clip.state);
  const can = clip.can || [];
  put(parts.phase, running ? phase(clip) : outcome(clip));
  put(parts.detail, running ? detail(clip) : next(clip));
  put(parts.prompt, clip.prompt);
  card.classList.toggle('gl-running', running);
  card.classList.toggle('gl-failed', clip.state === 'failed');
  show(parts.bar, running);
  drawBar(parts, clip);
  show(parts.cancel, can.includes('cancel') && running);
  show(parts.retry, can.includes('retry'));
  show(parts.link, here(clip.page));
  if (here(clip.page)) attr(parts.link, 'href', clip.page);
  if (clip.media) drawPlayer(parts.frame, clip);
}

function drawBar(parts, clip) {
  const fraction = Math.min(1, Math.max(0, (clip.progress && clip.progress.fraction) || 0));
  parts.fill.style.transform = `scaleX(${fraction})`;
  attr(parts.bar, 'aria-valuenow', Math.round(fraction * 100));
  attr(parts.bar, 'aria-valuetext', [phase(clip), detail(clip)].filter(Boolean).join(', '));
}

function drawPlayer(frame, clip) {
  if (frame.firstChild) return;
  const video = player(clip, { class: 'gl-video gl-arrive', controls: isCalm.matches });
  frame.append(video);
  if (!isCalm.matches) video.play().catch(() => { video.controls = true; });
}

// ---- words ----

function phase(clip) {
  if (clip.progress && clip.progress.phase) return t('phase.' + clip.progress.phase);
  return t({ queued: 'phase.queued', screening: 'phase.screening' }[clip.state] || 'phase.starting');
}

function detail(clip) {
  const said = [];
  const { progress, queue } = clip;
  if (progress && progress.phase === 'denoising' && progress.steps > 0) {
    said.push(t('making.step', { i: progress.step, n: progress.steps }));
  }
  if (clip.state === 'queued' && queue && Number.isFinite(queue.position)) {
    said.push(queue.position <= 1 ? t('making.next') : t('making.place', { n: number(queue.position) }));
  }
  if (queue && Number.isFinite(queue.eta_s)) {
    said.push(t('making.about', { time: seconds(Math.max(1, Math.round(queue.eta_s))) }));
  }
  return said.join(' · ');
}

function outcome(clip) {
  if (clip.state === 'failed') return (clip.error && clip.error.message) || t('mine.failed');
  if (WAITING.includes(clip.state)) {
    return [t('making.waiting'), wait && t('making.usual', { wait: seconds(wait) })].filter(Boolean).join(' ');
  }
  return t('outcome.' + clip.state);
}

function next(clip) {
  return clip.state === 'failed' ? (clip.error && clip.error.fix) || '' : '';
}

// ---- what is shown ----

function belongs(clip) {
  if (RUNNING.includes(clip.state)) return true;
  if (['cancelled', 'withdrawn', 'superseded', 'taken_down'].includes(clip.state)) return false;
  if (seen.has(clip.id)) return true;
  return WAITING.includes(clip.state) && Date.now() - Date.parse(clip.created_at) < RECENT_MS;
}

function draw(clips) {
  for (const clip of clips) if (RUNNING.includes(clip.state)) seen.add(clip.id);
  const shown = clips.filter(belongs).slice(0, MOST);
  isBusy = clips.some((clip) => RUNNING.includes(clip.state));
  sync(list, shown, (clip) => clip.id, makeCard, drawCard);
  show(hint, !shown.length);
}

async function refresh() {
  try {
    draw((await api('GET', '/api/v1/clips?mine=1')).items);
  } catch (error) {
    if (error.status !== 401 && error.status !== 403) throw error;
    isBusy = false;
  }
}

async function act(id, verb) {
  try {
    await api('POST', `/api/v1/clips/${encodeURIComponent(id)}/${verb}`);
    if (verb === 'cancel') toast(t('making.cancelled'));
  } catch (error) {
    complain(error);
  }
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

const clips = poll(refresh, () => (isBusy ? 500 : 4000));
poll(async () => drawHealth(await api('GET', '/healthz')), 3000);
poll(async () => { wait = ((await api('GET', '/api/v1/stats')).wait_s || {}).p50 || null; }, 30000);
listen(window, 'gl-created', () => { isBusy = true; clips.now(); });
