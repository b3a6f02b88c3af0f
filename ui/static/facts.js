// facts.js: what is known of the clip on the stage: where it stands, its words, its numbers, and the
// advice of the machine. It knows nothing about decisions.

const SURE = 0.5;  // a score as high as this stands out

const badges = el('p', { class: 'gl-badges' });
const prompt = el('h2', { class: 'gl-prompt' });
const negative = el('p', { class: 'gl-negative', hidden: true });
const factList = el('dl', { class: 'gl-facts' });
const adviceList = el('ul', { class: 'gl-advice' });

function drawFacts() {
  const clip = desk.clip;
  show(reading, clip);
  if (!clip) return;
  sync(badges, badgesOf(clip), (badge) => badge.name, () => el('span'), drawBadge);
  show(badges, badges.firstChild);
  put(prompt, clip.prompt);
  put(negative, clip.negative_prompt ? t('fact.without', { text: clip.negative_prompt }) : '');
  show(negative, clip.negative_prompt);
  sync(factList, factLines(clip).filter((line) => line[1]), (line) => line[0],
    () => el('div', null, el('dt'), el('dd')), drawFact);
  drawAdvice(clip.screening || []);
  drawNotes(clip);
}

// Where the clip stands and how much time there is; the queue's rows show the same.
function badgesOf(clip) {
  const list = [];
  if (clip.stage === 'second') list.push({ name: 'second', words: t('desk.stage.second') });
  if (clip.stage === 'appeal') list.push({ name: 'appeal', words: t('desk.stage.appeal') });
  if (isNewVersion(clip)) list.push({ name: 'version', words: t('desk.version') });
  if (clip.overdue) list.push({ name: 'overdue', words: t('desk.overdue') });
  else if (clip.due_at) list.push({ name: isSoon(clip) ? 'soon' : 'due', words: dueWords(clip) });
  return list;
}

const SOON_S = 3600;

function leftOf(clip) {
  return (Date.parse(clip.due_at) - Date.now()) / 1000;
}

function isSoon(clip) {
  return leftOf(clip) < SOON_S;
}

function dueWords(clip) {
  return t('desk.due', { time: seconds(Math.max(60, leftOf(clip))) });
}

function drawBadge(node, badge) {
  attr(node, 'class', 'gl-badge gl-badge-' + badge.name);
  put(node, badge.words);
}

function factLines(clip) {
  return [
    ['title', clip.title], ['sharing', clip.shares_prompt ? '' : t('fact.unshared')],
    ['creator', clip.creator === clip.credit ? clip.creator : `${clip.credit} (${clip.creator})`],
    ['credits', clip.credits.map(creditWords).join('; ')], ['licence', clip.licence.names[language]],
    ['note', clip.note], ['model', clip.model],
    ['size', `${clip.width} × ${clip.height}`],
    ['length', t('fact.frames', { time: seconds(clip.duration_s || 0), n: number(clip.num_frames || 0) })],
    ['seed', String(clip.seed)], ['steps', guidedSteps(clip)],
    ['sent', ago(clip.created_at)], ['sha256', clip.sha256 ? clip.sha256.slice(0, 12) : ''],
  ];
}

function creditWords(person) {
  return [person.name, person.role, person.link].filter(Boolean).join(', ');
}

function guidedSteps(clip) {
  const steps = number(clip.num_inference_steps || 0);
  if (typeof clip.guidance_scale !== 'number') return steps;
  return t('fact.guided', { n: steps, guidance: number(clip.guidance_scale, 2) });
}

function drawFact(node, [name, value]) {
  put(node.firstChild, t('fact.' + name));
  put(node.lastChild, value);
  const title = { sent: date(desk.clip.created_at), sha256: desk.clip.sha256 }[name];
  attr(node.lastChild, 'title', title || null);
}

// ---- advice: what each screener saw, where, how sure ----

function drawAdvice(lines) {
  const said = lines.length ? lines : [{ check: '', says: t('desk.advice_none'), score: null }];
  sync(adviceList, said.map((line, i) => ({ ...line, i })),
    (line) => [line.i, line.check, JSON.stringify(timesOf(line))].join('/'), makeAdvice, drawAdviceLine);
}

function timesOf(line) {
  const times = Array.isArray(line.at_s) ? line.at_s : [line.at_s];
  return times.filter((time) => typeof time === 'number' && Number.isFinite(time)).slice(0, 6);
}

function makeAdvice(line) {
  return el('li', null, el('span', { class: 'gl-advice-says' }), el('span', { class: 'gl-advice-score' }),
    el('span', { class: 'gl-meter', 'aria-hidden': 'true' }, el('span')),
    el('span', { class: 'gl-times' }, timesOf(line).map((time) => timeButton(time))));
}

function drawAdviceLine(node, line) {
  const [says, score, meter, times] = node.children;
  const isScored = typeof line.score === 'number';
  put(says, line.says);
  attr(says, 'title', [line.check, line.version].filter(Boolean).join(', ') || null);
  put(score, isScored ? percent(line.score) : '');
  show(meter, isScored);
  show(times, times.firstChild);
  if (isScored) meter.firstChild.style.transform = `scaleX(${Math.min(1, Math.max(0, line.score))})`;
  node.classList.toggle('gl-high', isScored && line.score >= SURE);
}

function percent(n) {
  return new Intl.NumberFormat(language, { style: 'percent' }).format(n);
}
