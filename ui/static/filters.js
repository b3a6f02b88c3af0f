// filters.js: what the gallery is asked for: words, filters and an order, folded away beside the words.
// It knows nothing about clips. What can be chosen is what the server says that clips really have.

const NAMES = ['model', 'style', 'shape', 'length'];
const ORDERS = ['newest', 'rotating', 'curated'];

const wish = { q: '', order: '', creator: '', model: '', style: '', shape: '', length: '' };
let choices = {};
let onWish = () => {};

const field = el('input', { type: 'search', class: 'gl-search', placeholder: t('gallery.search'),
  'aria-label': t('gallery.search'), autocomplete: 'off', spellcheck: false, maxlength: '200' });
const orderSelect = el('select', { on: { change: () => choose('order', orderSelect.value) } });
const creatorField = el('input', { maxlength: '100', autocomplete: 'off', spellcheck: false });
const selects = Object.fromEntries(NAMES.map((name) =>
  [name, el('select', { on: { change: () => choose(name, selects[name].value) } })]));
const boxes = Object.fromEntries(NAMES.map((name) => [name, labelled('gallery.filter.' + name, selects[name])]));
const filterWords = el('summary');
const clearTool = button(t('gallery.clear'), clearWish, { class: 'gl-clear' });
const turnsWords = el('p', { class: 'gl-turns', text: t('gallery.turns') });
const curatedWords = el('p', { class: 'gl-turns', text: t('gallery.curated') });
const filterBox = el('details', { class: 'gl-filters' }, filterWords,
  el('div', { class: 'gl-filter-fields' }, labelled('gallery.order', orderSelect), NAMES.map((name) => boxes[name]),
    labelled('gallery.filter.creator', creatorField), clearTool), turnsWords, curatedWords);
const searchRow = el('div', { class: 'gl-search-row', role: 'search' }, field, filterBox);

orderSelect.append(...ORDERS.map((name, place) =>
  el('option', { value: place ? name : '', text: t('gallery.order.' + name) })));

function labelled(key, control) {
  return el('label', {}, el('span', { text: t(key) }), control);
}

function nameOf(filter, value) {
  if (filter === 'model') return value;
  if (filter === 'style') return has('style.' + value) ? t('style.' + value) : value;
  return t('gallery.' + filter + '.' + value);
}

function query() {
  return new URLSearchParams(Object.entries(wish).filter(([, value]) => value));
}

function isOpen() {
  return !Object.values(wish).some(Boolean);
}

function choose(name, value) {
  if (wish[name] === value) return;
  wish[name] = value;
  drawFilters();
  onWish();
}

function clearWish() {
  for (const name of Object.keys(wish)) wish[name] = '';
  field.value = '';
  creatorField.value = '';
  drawFilters();
  onWish();
  field.focus();
}

function drawFilters() {
  const set = Object.entries(wish).filter(([name, value]) => name !== 'q' && value).length;
  put(filterWords, t('gallery.filters') + (set ? ` (${set})` : ''));
  orderSelect.value = wish.order;
  for (const name of NAMES) {
    const values = [...new Set([...(choices[name] || []), wish[name]])].filter(Boolean);
    show(boxes[name], values.length > 1 || wish[name]);
    const options = [{ value: '', text: t('gallery.any') }, ...values.map((value) => ({ value, text: nameOf(name, value) }))];
    sync(selects[name], options, (option) => option.value, (option) => el('option', option), null);
    selects[name].value = wish[name];
  }
  show(clearTool, !isOpen());
  show(turnsWords, wish.order === 'rotating');
  show(curatedWords, wish.order === 'curated');
}

async function loadChoices() {
  choices = await api('GET', '/api/v1/gallery/choices');
  drawFilters();
}

// Typed words are asked for once the hands rest.
function typed(input, name) {
  let typing = 0;
  input.addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(() => choose(name, input.value.trim()), 250);
  });
}

typed(field, 'q');
typed(creatorField, 'creator');
drawFilters();
