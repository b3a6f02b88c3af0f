// words.js: the fields of what a creator says of a clip: title, sharing of the prompt, licence, who else made it.
// It knows nothing about when they may be changed, nor how they are sent.

const LICENCES = ['all-rights-reserved', 'cc-by', 'cc-by-sa', 'cc-by-nc', 'cc0'];
const MOST_CREDITS = 12;

// `changed`: called whenever somebody changes a field.
function makeWords(id, changed = () => {}) {
  const title = wordField(`${id}-title`, { maxlength: '120', 'aria-describedby': `${id}-title-hint`, on: { input: changed } });
  const shares = el('input', { type: 'checkbox', id: `${id}-shares`, checked: true, 'aria-describedby': `${id}-shares-hint`, on: { change: changed } });
  const licence = el('select', { id: `${id}-licence`, class: 'gl-word', on: { change: changed } },
    LICENCES.map((code) => el('option', { value: code, text: t('licence.' + code) })));
  const people = el('ul', { class: 'gl-credits' });
  const add = button(t('words.add'), () => { addPerson({}).querySelector('input').focus(); changed(); }, { class: 'gl-button gl-small' });
  const node = el('div', { class: 'gl-said' },
    el('label', { for: title.id, text: t('words.title') }), title, wordHint(`${id}-title-hint`, t('words.title_hint')),
    el('div', { class: 'gl-check' }, shares, el('label', { for: shares.id, text: t('words.shares') })),
    wordHint(`${id}-shares-hint`, t('words.shares_hint')),
    el('label', { for: licence.id, text: t('words.licence') }), licence,
    el('fieldset', { class: 'gl-others' }, el('legend', { text: t('words.credits') }), people, add));

  function addPerson({ name = '', role = '', link = '' }) {
    const fields = [['name', name, 80], ['role', role, 80], ['link', link, 300]].map(([part, value, most]) =>
      wordField(null, { 'aria-label': t('words.' + part), placeholder: t('words.' + part), maxlength: String(most), 'data-part': part,
        type: part === 'link' ? 'url' : 'text', value, on: { input: changed } }));
    const remove = button('×', () => { const next = row.nextSibling || row.previousSibling; row.remove(); drawAdd(); changed(); (next ? next.querySelector('input') : add).focus(); },
      { class: 'gl-remove' });
    remove.addEventListener('focus', () => attr(remove, 'aria-label', t('words.remove', { name: fields[0].value.trim() || t('words.somebody') })));
    attr(remove, 'aria-label', t('words.remove', { name: name || t('words.somebody') }));
    const row = el('li', null, fields, remove);
    people.append(row);
    drawAdd();
    return row;
  }

  function drawAdd() {
    show(add, people.children.length < MOST_CREDITS);
  }

  return {
    node,
    title,
    read() {
      const credits = [...people.children].map((row) =>
        Object.fromEntries([...row.querySelectorAll('input')].map((each) => [each.dataset.part, each.value.trim()])));
      return { title: title.value.trim(), shares_prompt: shares.checked, licence: licence.value,
        credits: credits.filter((person) => person.name || person.role || person.link) };
    },
    fill(clip) {
      title.value = clip.title || '';
      shares.checked = clip.shares_prompt;
      licence.value = clip.licence.code;
      people.replaceChildren();
      for (const person of clip.credits) addPerson(person);
      drawAdd();
    },
  };
}

function wordField(id, props) {
  const { value = '', ...rest } = props;
  const node = el('input', { type: 'text', id, class: 'gl-word', autocomplete: 'off', ...rest });
  node.value = value;
  return node;
}

function wordHint(id, text) {
  return el('p', { id, class: 'gl-word-hint', text });
}
