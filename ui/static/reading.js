// reading.js: how the model reads the prompt, shown while it is being written: a chip for each value
// it understood or assumes, and a sentence for words it has not learned or that contradict each other.
// It knows nothing about words itself, nor about the form but for the field of the prompt, which
// says 'gl-prompt'.

const { limit } = JSON.parse(props.value);
const WAIT_MS = 200;
const PAUSE_MS = 900;  // from then on the last word counts as written to its end
const MOST_NAMED = 4;
const LONGEST_WORD = 24;
const NOTHING = { known: [], unknown: [], assumed: [], clashes: [] };

const known = el('ul', { class: 'gl-chips', 'aria-label': t('reading.known') });
const assumed = el('ul', { class: 'gl-chips gl-assumed', 'aria-label': t('reading.assumed') });
const strange = el('p', { class: 'gl-strange' });
const words = el('span');
const guesses = el('span', { class: 'gl-guesses' });
const clash = el('p', { class: 'gl-clash' });
strange.append(words, ' ', guesses);
root.prepend(el('div', { class: 'gl-read', 'aria-live': 'polite' },
  el('div', { class: 'gl-values' }, known, assumed), strange, clash));

let prompt = '';
let turn = 0;  // counts what was heard: an answer to anything but the last is late
let timer = null;

// ---- words ----

function label(value) {
  return value.label[language] || value.label.en || value.value;
}

function quoted(word) {
  const whole = [...word];
  const short = whole.length > LONGEST_WORD ? whole.slice(0, LONGEST_WORD - 1).join('') + '…' : word;
  return t('reading.quoted', { word: short });
}

function either(said) {
  return new Intl.ListFormat(language, { type: 'disjunction' }).format(said);
}

function all(said) {
  return new Intl.ListFormat(language, { type: 'conjunction' }).format(said);
}

function notLearned(unknown) {
  if (!unknown.length) return '';
  const named = unknown.slice(0, MOST_NAMED).map((each) => quoted(each.word));
  if (unknown.length > MOST_NAMED) named.push(t('reading.others'));
  return t('reading.unknown', { words: either(named) });
}

function contradiction(clashes) {
  if (!clashes.length) return '';
  const one = clashes.map(({ attribute }) =>
    t(has('reading.one.' + attribute) ? 'reading.one.' + attribute : 'reading.one'));
  const values = clashes.map((each) => either(each.values.map(label)));
  return t('reading.clash', { one: all(one), values: values.join(', ') });
}

// ---- chips ----

const LEAD = { attribute: '', value: '' };

function keyOf({ attribute, value }) {
  return attribute + ' ' + value;
}

function makeKnown(value) {
  return el('li', { class: 'gl-chip', text: label(value) });
}

// Aloud the word stands in every chip, because a screen reader tells of each one alone.
function makeAssumed(value) {
  const word = t('reading.assumed');
  if (value === LEAD) return el('li', { class: 'gl-lead', text: word, 'aria-hidden': 'true' });
  return el('li', { class: 'gl-chip', title: t('reading.assumed_hint') },
    el('span', { class: 'gl-aloud', text: word + ' ' }), label(value));
}

function drawKnown(node, value) {
  const other = value.words.filter((word) => word !== label(value));
  attr(node, 'title', other.length ? other.slice(0, MOST_NAMED).map(quoted).join(' ') : null);
}

// ---- what is shown ----

function draw(reading) {
  const lead = reading.assumed.length ? [LEAD] : [];
  sync(known, reading.known, keyOf, makeKnown, drawKnown);
  sync(assumed, [...lead, ...reading.assumed], keyOf, makeAssumed);
  put(words, notLearned(reading.unknown));
  sync(guesses, reading.unknown.filter((each) => each.meant), (each) => each.word + ' ' + each.meant, makeGuess);
  put(clash, contradiction(reading.clashes));
  root.classList.toggle('gl-told', Object.values(reading).some((each) => each.length));
}

function makeGuess({ word, meant }) {
  return button(t('reading.meant', { word: meant }), () => replace(word, meant), { class: 'gl-link' });
}

function replace(word, meant) {
  const field = document.querySelector('#prompt textarea');
  const plain = word.replace(/[^\p{L}\p{N}\p{M}]/gu, '\\$&');
  const whole = new RegExp(`(?<![\\p{L}\\p{N}])${plain}(?![\\p{L}\\p{N}])`, 'giu');
  field.value = field.value.replace(whole, () => meant);
  field.dispatchEvent(new Event('input', { bubbles: true }));
  field.focus();
}

// ---- asking ----

function later(work, ms) {
  clearTimeout(timer);
  timer = setTimeout(work, ms);
}

async function ask() {
  const mine = turn;
  const asked = prompt;
  let reading = NOTHING;
  try {
    const answer = await api('POST', '/api/v1/reading', { prompt: asked });
    if (answer.lexicon) reading = answer;
  } catch {
    // Nothing is lost: what is wrong with a prompt is said when it is sent.
  }
  if (mine !== turn) return;
  const written = reading.unknown.filter((each) => !asked.endsWith(each.word));
  draw({ ...reading, unknown: written });
  if (written.length < reading.unknown.length) later(() => draw(reading), PAUSE_MS - WAIT_MS);
}

listen(window, 'gl-prompt', (event) => {
  prompt = event.detail || '';
  turn += 1;
  const isLegal = prompt.trim() && [...prompt].length <= limit;
  if (isLegal) return later(ask, WAIT_MS);
  clearTimeout(timer);
  draw(NOTHING);
});
