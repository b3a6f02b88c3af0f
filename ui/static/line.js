// line.js: a clip as a line of time: sent, made, screened, waited, decided, published, and how long
// each took. It knows nothing about what may be done next; it reads the clip's timeline.

const DECIDED = ['approved', 'rejected', 'changes_requested'];
const LEFT = ['withdrawn', 'taken_down', 'superseded'];

function makeLine() {
  return el('ol', { class: 'gl-track' });
}

// `usual`: the measured wait of most clips, in seconds; null where nothing was measured yet.
function drawLine(track, clip, usual) {
  sync(track, steps(clip, usual), (step) => step.name, makeStep, drawStep);
}

// Only the newest run counts: a clip that was tried again starts its line afresh.
function lastRun(clip) {
  const line = clip.timeline || [];
  const start = line.map((entry) => entry.state).lastIndexOf('queued');
  return line.slice(Math.max(0, start));
}

function steps(clip, usual) {
  const run = lastRun(clip);
  const last = (...states) => run.filter((entry) => states.includes(entry.state)).pop();
  const sent = last('queued') || { at: clip.created_at };
  const started = run.find((entry) => entry.state === 'generating');
  const made = run.find((entry) => entry.state === 'screening') || last('pending_review');
  const waiting = run.find((entry) => entry.state === 'pending_review');
  const decided = last(...DECIDED);
  const line = [{ name: 'sent', mark: 'done', label: t('step.sent'), at: sent.at, time: sent.at }];
  if (['failed', 'cancelled'].includes(clip.state)) return line.concat(ending(clip, last(clip.state)));
  line.push(makingStep(clip, { sent, started, made }), screenedStep(clip, made, waiting));
  if (clip.state === 'withdrawn' && !decided) {
    return line.filter((step) => step.mark === 'done').concat(ending(clip, last('withdrawn')));
  }
  line.push(waitingStep(clip, waiting, decided, usual), decisionStep(decided));
  if (clip.state === 'appealed') return line.concat(appealStep(clip, last('appealed')));
  if (!decided || decided.state === 'approved') line.push(publishedStep(decided, last('published')));
  if (LEFT.includes(clip.state)) line.push(ending(clip, last(clip.state)));
  return line;
}

function makingStep(clip, { sent, started, made }) {
  const queued = took(sent, started);
  const also = queued >= 1 ? t('step.after_queue', { wait: seconds(queued) }) : '';
  if (made) return { name: 'made', mark: 'done', label: t('step.made'), at: made.at, said: inTime(took(started, made)), also };
  const label = t(clip.state === 'queued' ? 'step.queued' : 'step.making');
  return { name: 'made', mark: 'now', label, said: stepWords(clip) || placeWords(clip), also: leftWords(clip) };
}

// A clip in the queue is told when it will be made, one in the making what is left of that.
function leftWords(clip) {
  const isQueued = clip.state === 'queued';
  const left = ((isQueued ? clip.queue : clip.progress) || {}).eta_s;
  if (!Number.isFinite(left)) return '';
  return t(isQueued ? 'making.made_in' : 'progress.left', { time: aboutSeconds(Math.max(1, left)) });
}

function screenedStep(clip, made, waiting) {
  const step = { name: 'screened', mark: clip.state === 'screening' ? 'now' : 'todo', label: t('step.screened') };
  return waiting ? { ...step, mark: 'done', at: waiting.at, said: inTime(took(made, waiting)) } : step;
}

function waitingStep(clip, waiting, decided, usual) {
  if (decided && waiting) {
    return { name: 'waiting', mark: 'done', label: t('step.waited'), at: waiting.at, said: exact(took(waiting, decided)) };
  }
  const expected = usual === null ? '' : t('step.usual', { wait: seconds(usual) });
  if (!waiting) return { name: 'waiting', mark: 'todo', label: t('step.waiting'), said: expected };
  const label = t(clip.state === 'second_review' ? 'step.second' : 'step.waiting');
  const soFar = t('step.so_far', { wait: seconds(Math.max(0, (Date.now() - Date.parse(waiting.at)) / 1000)) });
  return { name: 'waiting', mark: 'now', label, at: waiting.at, said: soFar, also: [expected, dueBy(clip)].filter(Boolean).join(' · ') };
}

// The promise that was made for this step.
function dueBy(clip) {
  if (!clip.due_at) return '';
  return clip.overdue ? t('step.overdue') : t('step.due', { date: moment(clip.due_at) });
}

function moment(time) {
  const parts = { month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit' };
  return new Intl.DateTimeFormat(language, parts).format(new Date(time));
}

function decisionStep(decided) {
  if (!decided) return { name: 'decided', mark: 'todo', label: t('step.decided') };
  const mark = decided.state === 'approved' ? 'good' : 'stop';
  return { name: 'decided', mark, label: t('state.' + decided.state), at: decided.at, time: decided.at, also: by(decided) };
}

function appealStep(clip, appealed) {
  const at = appealed && appealed.at;
  return { name: 'appealed', mark: 'now', label: t('state.appealed'), at, time: at, also: dueBy(clip) };
}

function publishedStep(decided, published) {
  if (published) return { name: 'published', mark: 'good', label: t('step.published'), at: published.at, time: published.at };
  return { name: 'published', mark: decided ? 'now' : 'todo', label: t(decided ? 'step.publishing' : 'step.published') };
}

function ending(clip, entry) {
  const at = entry && entry.at;
  return { name: 'end', mark: 'stop', label: t('state.' + clip.state), at, time: at, also: by(entry) };
}

function took(from, to) {
  return from && to ? Math.max(0, (Date.parse(to.at) - Date.parse(from.at)) / 1000) : NaN;
}

function inTime(n) {
  return Number.isFinite(n) ? t('step.in', { time: exact(n) }) : '';
}

function exact(n) {
  return n < 0.1 ? t('step.instant') : seconds(n);
}

function by(entry) {
  return entry && entry.by !== 'system' && has('by.' + entry.by) ? t('by.' + entry.by) : '';
}

function makeStep() {
  const parts = { label: el('span', { class: 'gl-step-label' }), time: el('time', { class: 'gl-step-said' }),
    said: el('span', { class: 'gl-step-said' }), also: el('span', { class: 'gl-step-said' }) };
  const node = el('li', { class: 'gl-step' }, parts.label, parts.time, parts.said, parts.also);
  node.parts = parts;
  return node;
}

// A step that took a time says how long; the hour itself stands in its tooltip.
function drawStep(node, step) {
  attr(node, 'data-mark', step.mark);
  attr(node, 'aria-current', step.mark === 'now' ? 'step' : null);
  attr(node, 'title', step.at ? date(step.at) : null);
  put(node.parts.label, step.label);
  setTime(node.parts.time, step.time);
  put(node.parts.said, step.said);
  put(node.parts.also, step.also);
}
