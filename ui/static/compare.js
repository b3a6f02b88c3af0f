// compare.js: two clips side by side: players that keep step, and under them what differs.
// It knows nothing about where the clips come from: it is handed choices of {label, clip}.

const compareTitle = el('h2', { class: 'gl-compare-title', id: 'gl-compare-title', text: t('compare.title') });
const sides = [makeSide(0), makeSide(1)];
const comparePlay = button(t('desk.play'), () => both && both.toggle(), { class: 'gl-button gl-compare-play' });
const compareScrub = el('input', { type: 'range', class: 'gl-compare-scrub', min: '0', max: '1', step: '0.01', value: '0',
  'aria-label': t('compare.scrub'), on: { input: scrubbed } });
const compareClock = el('span', { class: 'gl-compare-clock' });
const facts = el('dl', { class: 'gl-compare-facts' });
const compareBox = el('dialog', { class: 'gl-compare', 'aria-labelledby': 'gl-compare-title',
  on: { close: closed, keydown: compareKeys } },
el('header', { class: 'gl-compare-head' }, compareTitle,
  button(t('toast.close'), () => compareBox.close(), { class: 'gl-button gl-small' })),
el('div', { class: 'gl-compare-stage' }, sides.map((side) => side.node)),
el('div', { class: 'gl-compare-controls' }, comparePlay, compareScrub, compareClock), facts);
comparePlay.append(key(t('key.space')));
attr(comparePlay, 'aria-keyshortcuts', 'Space');
root.append(compareBox);

let choices = [];
let both = null;

// `one` and `other` are places in `among`; with more than two, each side can be changed.
function compare(among, one = 0, other = 1) {
  choices = among.filter((choice) => choice.clip.media);
  [one, other].forEach((place, i) => offer(sides[i], choices.indexOf(among[place])));
  if (!compareBox.open) compareBox.showModal();
  drawPair();
  comparePlay.focus();
  if (!isCalm.matches) both.play();
}

function makeSide(i) {
  const side = { label: el('span', { class: 'gl-side-label' }), frame: el('div', { class: 'gl-side-film' }) };
  side.choice = el('select', { class: 'gl-side-choice', 'aria-label': t(i ? 'compare.right' : 'compare.left'),
    on: { change: () => drawPair() } });
  side.node = el('figure', { class: 'gl-side' }, el('figcaption', null, side.label, side.choice), side.frame);
  return side;
}

function offer(side, place) {
  side.choice.replaceChildren(...choices.map((choice, i) => el('option', { value: String(i), text: choice.label })));
  side.choice.value = String(place);
  show(side.choice, choices.length > 2);
  show(side.label, choices.length <= 2);
}

function drawPair() {
  if (both) both.end();
  const pair = sides.map((side) => choices[Number(side.choice.value)]);
  const films = pair.map(({ clip }, i) => drawSide(sides[i], pair[i].label, clip));
  both = duet(films, pair.map(({ clip }) => clip.num_frames / clip.fps || 1), drawCompareTime);
  compareScrub.step = String(1 / Math.max(...pair.map(({ clip }) => clip.fps || 8)));
  drawDifferences(...pair.map(({ clip }) => clip));
  drawCompareTime();
}

function drawSide(side, label, clip) {
  put(side.label, label);
  const film = player(clip, { loop: false });
  film.addEventListener('click', () => both.toggle());
  side.node.style.setProperty('--gl-ratio', ratio(clip));
  side.frame.replaceChildren(film);
  return film;
}

// The prompt first, then what differs, then in one line all that is the same.
function drawDifferences(left, right) {
  const [prompt, ...others] = differences(left, right);
  const same = others.filter((row) => row.isSame);
  const rows = [promptRow(prompt), ...others.filter((row) => !row.isSame).map(otherRow)];
  if (same.length) rows.push(fact(t('compare.same'), [el('dd', { class: 'gl-both gl-same', text: same.map(inWords).join(' · ') })]));
  facts.replaceChildren(...rows);
}

function promptRow({ left, right, isSame }) {
  const sides = isSame ? [el('dd', { class: 'gl-both', text: left })]
    : [el('dd', null, marked(left, right, 'del')), el('dd', null, marked(right, left, 'ins'))];
  return fact(t('fact.prompt'), sides);
}

function otherRow({ name, left, right }) {
  return fact(t('fact.' + name), [el('dd', { class: 'gl-differs', text: left }), el('dd', { class: 'gl-differs', text: right })]);
}

function fact(name, sides) {
  return el('div', { class: 'gl-fact' }, el('dt', { text: name }), sides);
}

function inWords({ name, left }) {
  return t('fact.' + name) + ' ' + left;
}

function scrubbed() {
  const time = Number(compareScrub.value);
  if (both.isPlaying()) both.pause();
  both.seek(time);
}

function drawCompareTime() {
  if (!both) return;
  const [now, total] = [Math.min(both.time(), both.length()), both.length()];
  const times = { now: exactly(now), total: exactly(total) };
  compareScrub.max = String(total);
  compareScrub.value = String(now);
  attr(compareScrub, 'aria-valuetext', t('desk.time', times));
  put(compareClock, t('desk.time', times));
  put(comparePlay.firstChild, t(both.isPlaying() ? 'desk.pause' : 'desk.play'));
}

function exactly(n) {
  return new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(n);
}

// Space plays wherever the focus is, except on what Space itself presses.
function compareKeys(event) {
  if (event.key !== ' ' || event.target.closest('button, select')) return;
  event.preventDefault();
  both.toggle();
}

function closed() {
  if (both) both.end();
  both = null;
}
