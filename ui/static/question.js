// question.js: which of my clips are asked for: a filter and words, kept while this window is open.
// It knows nothing about the answer; whoever makes it hears when it has changed.

const FILTERS = {
  all: [],
  making: ['queued', 'generating', 'screening'],
  waiting: ['pending_review', 'second_review', 'appealed', 'approved'],
  published: ['published'],
  needs_you: ['changes_requested', 'failed'],
  ended: ['rejected', 'cancelled', 'withdrawn', 'superseded', 'taken_down'],
};
const EVERYTHING = { filter: 'all', text: '' };
const MEMORY = 'gl-mine';
const TYPING_MS = 250;

function makeQuestion(changed) {
  let asked = recall();
  let typing = 0;
  const choices = Object.keys(FILTERS).map((name) => makeFilter(name, () => ask({ filter: name, text: field.value.trim() })));
  const field = el('input', { type: 'search', class: 'gl-mine-search', placeholder: t('mine.search'), 'aria-label': t('mine.search'),
    'aria-keyshortcuts': '/', autocomplete: 'off', spellcheck: false, maxlength: '200', on: { input: typed } });
  const node = el('div', { class: 'gl-mine-tools', role: 'search', hidden: true },
    el('fieldset', { class: 'gl-filters' }, el('legend', { class: 'gl-unseen', text: t('mine.filter') }), choices),
    el('div', { class: 'gl-mine-field' }, field, key('/')));

  function ask(change) {
    clearTimeout(typing);
    asked = { ...asked, ...change };
    remember(asked);
    draw();
    changed();
  }

  function typed() {
    clearTimeout(typing);
    typing = setTimeout(() => {
      const text = field.value.trim();
      if (text !== asked.text) ask({ text });
    }, TYPING_MS);
  }

  function draw() {
    for (const choice of choices) choice.firstChild.checked = choice.firstChild.value === asked.filter;
    if (field.value.trim() !== asked.text) field.value = asked.text;
  }

  draw();
  return {
    node,
    field,
    get filter() { return asked.filter; },
    get text() { return asked.text; },
    isOpen: () => asked.filter === 'all' && !asked.text,
    takes: (clip) => asked.filter === 'all' || FILTERS[asked.filter].includes(clip.state),
    open() { ask(EVERYTHING); choices[0].firstChild.focus(); },
    clear() { ask({ text: '' }); field.blur(); },
    address: (cursor) => addressOf(asked, cursor),
  };
}

function makeFilter(name, choose) {
  const choice = el('input', { type: 'radio', name: 'gl-filter', value: name, on: { change: choose } });
  return el('label', { class: 'gl-filter' }, choice, el('span', { text: t('filter.' + name) }));
}

function addressOf({ filter, text }, cursor) {
  const query = new URLSearchParams({ mine: '1' });
  if (filter !== 'all') query.set('state', FILTERS[filter].join(','));
  if (text) query.set('q', text);
  if (cursor) query.set('cursor', cursor);
  return '/api/v1/clips?' + query;
}

function recall() {
  try {
    const { filter, text } = JSON.parse(window.sessionStorage.getItem(MEMORY)) || {};
    return { filter: Object.hasOwn(FILTERS, filter) ? filter : 'all', text: typeof text === 'string' ? text : '' };
  } catch (error) {
    return EVERYTHING;  // no storage in this window
  }
}

function remember(asked) {
  try {
    window.sessionStorage.setItem(MEMORY, JSON.stringify(asked));
  } catch (error) {
    return;
  }
}
