// writing.js: what helps to write the prompt: a surprise, styles, and how much room is left.
// It knows nothing about the form but for the field of the prompt, which says 'gl-prompt'. A style
// only ever writes its words into that field, where they can be read and changed.

const { limit, styles } = JSON.parse(props.value);
const NEAR = 0.8;  // of the limit: from here on the counter shows

const chips = el('div', { class: 'gl-styles', role: 'group', 'aria-label': t('writing.styles') },
  Object.entries(styles).map(([name, words]) => makeChip(name, words)));
const back = button(t('writing.back'), goBack, { class: 'gl-link', hidden: true });
const counter = el('p', { class: 'gl-counter', role: 'status' });
const surpriseButton = button(t('writing.surprise'), surprise, { class: 'gl-button gl-small gl-surprise' });
root.prepend(el('div', { class: 'gl-writing-row' }, surpriseButton, back, chips, counter));

let before = null;  // the person's own words, while a surprise stands in their place
let given = null;  // the last surprise

// ---- the field ----

function field() {
  return document.querySelector('#prompt textarea');
}

function write(text) {
  field().value = text;
  field().dispatchEvent(new Event('input', { bubbles: true }));
}

// ---- styles ----

function makeChip(name, words) {
  const label = has('style.' + name) ? t('style.' + name) : name;
  const chip = button(label, () => toggle(words), { class: 'gl-style', title: words, 'aria-pressed': 'false' });
  chip.glWords = words;
  return chip;
}

function holds(text, words) {
  return text.toLowerCase().includes(words.toLowerCase());
}

function toggle(words) {
  const text = field().value;
  if (holds(text, words)) return write(without(text, words));
  const start = text.trim().replace(/,+$/, '');
  return write(start ? `${start}, ${words}` : words);
}

function without(text, words) {
  const at = text.toLowerCase().indexOf(words.toLowerCase());
  const head = text.slice(0, at).replace(/[\s,]+$/, '');
  const tail = text.slice(at + words.length).replace(/^[\s,]+/, '');
  return head && tail ? `${head}, ${tail}` : head + tail;
}

// ---- a surprise ----

async function surprise() {
  enable(surpriseButton, false);
  try {
    const { prompt } = await api('GET', '/api/v1/surprise');
    const now = field().value;
    if (now.trim() && now !== given) before = now;
    given = prompt;
    write(prompt);
  } catch (error) {
    complain(error);
  }
  enable(surpriseButton, true);
  surpriseButton.focus({ preventScroll: true });  // a disabled button loses it
}

function goBack() {
  write(before);
  before = null;
  show(back, false);
  surpriseButton.focus({ preventScroll: true });
}

// ---- what is shown ----

listen(window, 'gl-prompt', (event) => {
  const text = event.detail || '';
  const left = limit - [...text].length;
  const near = left < limit * (1 - NEAR);
  put(counter, !near ? '' : left < 0 ? t('writing.over', { n: number(-left), limit: number(limit) })
    : t('writing.left', { n: number(left) }));
  counter.classList.toggle('gl-over', left < 0);
  for (const chip of chips.children) attr(chip, 'aria-pressed', String(holds(text, chip.glWords)));
  if (text !== given) before = null;
  show(back, before !== null);
});
