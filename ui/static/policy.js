// policy.js: the review policy as an admin edits it: its reasons with their words in both languages,
// a preview of what would change, and publishing that as a new version.
// It knows nothing about who may; the server refuses everybody but admins.

const policyState = el('p', { class: 'gl-hint' });
const offeredList = el('ol', { class: 'gl-policy-list' });
const retiredList = el('ol', { class: 'gl-policy-list' });
const retiredPart = el('section', { class: 'gl-policy-retired', hidden: true },
  el('h3', { text: t('policy.retired') }), el('p', { class: 'gl-hint', text: t('policy.retired_hint') }), retiredList);
const preview = button(t('policy.preview'), showPreview, { class: 'gl-button gl-policy-go' });
const drop = button(t('policy.drop'), () => load(true), { class: 'gl-button' });
const changed = el('p', { class: 'gl-hint', role: 'status', text: '' });
const bar = el('div', { class: 'gl-policy-bar', hidden: true }, preview, drop, changed);
const changeList = el('ol', { class: 'gl-policy-changes' });
const previewTitle = el('h2', { class: 'gl-policy-title', id: 'gl-policy-preview', tabIndex: -1 });
const publish = button('', publishDraft, { class: 'gl-button gl-policy-go' });
const previewBox = el('dialog', { class: 'gl-policy-preview', 'aria-labelledby': 'gl-policy-preview' },
  previewTitle, el('p', { class: 'gl-hint', text: t('policy.meaning') }), changeList,
  el('div', { class: 'gl-policy-acts' }, publish, button(t('policy.back'), () => previewBox.close())));

root.append(
  el('h2', { class: 'gl-policy-title', text: t('policy.title') }), el('p', { class: 'gl-policy-lead', text: t('policy.lead') }),
  policyState, offeredList, button(t('policy.add'), addReason, { class: 'gl-button gl-policy-add' }), retiredPart, bar, previewBox);

let draft = null;
let isSending = false;

// ---- asking ----

async function load(anyway = false) {
  if (draft && draft.isChanged() && anyway !== true) return;
  const policy = await api('GET', '/api/v1/policy');
  if (draft && draft.version === policy.version && anyway !== true) return;
  draft = makeDraft(policy);
  openRows.clear();
  for (const list of [offeredList, retiredList]) sync(list, [], (item) => item.key, null, null);
  const since = policy.made_at ? t('policy.since', { version: policy.version, date: date(policy.made_at) }) : t('policy.shipped', { version: policy.version });
  put(policyState, since);
  draw();
}

async function showPreview() {
  const wrong = draft.firstWrong();
  if (wrong) return askFor(wrong);
  await sending(async () => {
    const { version, changes } = await api('POST', '/api/v1/policy/preview', draft.body());
    put(previewTitle, t('policy.preview_title', { version }));
    put(publish.firstChild, t('policy.publish', { version }));
    changeList.replaceChildren(...changes.map(changeOf));
    previewBox.showModal();
    previewBox.scrollTop = 0;
    previewTitle.focus();
  });
}

async function publishDraft() {
  await sending(async () => {
    const { version } = await api('PUT', '/api/v1/policy', draft.body());
    previewBox.close();
    await load(true);
    toast(t('policy.published', { version }));
  });
}

async function sending(work) {
  if (isSending) return;
  isSending = true;
  try {
    await work();
  } catch (error) {
    previewBox.close();
    complain(error);
  }
  isSending = false;
}

// ---- the list ----

const openRows = new Set();

function draw() {
  const make = (item) => makeRow(item);
  sync(offeredList, draft.offered(), (item) => item.key, make, drawRow);
  sync(retiredList, draft.retired(), (item) => item.key, make, drawRow);
  show(retiredPart, draft.retired().length);
  drawBar();
}

function drawBar() {
  const isChanged = draft.isChanged();
  show(bar, isChanged);
  put(changed, isChanged ? t('policy.unpublished') : '');
}

function makeRow(item) {
  const parts = {
    place: el('span', { class: 'gl-policy-place', 'aria-hidden': 'true' }), label: el('span', { class: 'gl-policy-label' }),
    code: el('code', { class: 'gl-policy-code' }), fields: el('div', { class: 'gl-policy-fields', hidden: true }),
    up: act('policy.up', () => shift(item, -1), '↑'), down: act('policy.down', () => shift(item, 1), '↓'),
    retire: button('', () => { draft.retire(item, !item.retired); draw(); }, { class: 'gl-link gl-policy-retire' }),
    remove: button(t('policy.remove'), () => { draft.remove(item); draw(); }, { class: 'gl-link' }),
  };
  parts.open = el('button', { type: 'button', class: 'gl-policy-open', 'aria-expanded': 'false', on: { click: () => toggle(item) } },
    parts.place, parts.label, parts.code);
  const row = el('li', { class: 'gl-policy-row' },
    el('div', { class: 'gl-policy-head' }, parts.open, el('div', { class: 'gl-policy-moves' }, parts.up, parts.down)), parts.fields);
  row.parts = parts;
  return row;
}

function act(words, work, sign) {
  const node = el('button', { type: 'button', class: 'gl-policy-move', on: { click: work }, 'aria-label': t(words), title: t(words) });
  node.append(el('span', { text: sign, 'aria-hidden': 'true' }));
  return node;
}

function drawRow(row, item) {
  const { parts } = row;
  const place = draft.offered().indexOf(item);
  const isOpen = openRows.has(item.key);
  put(parts.place, item.retired ? '' : number(place + 1));
  put(parts.label, item[language].label || t('policy.new'));
  put(parts.code, item.code);
  attr(parts.open, 'aria-expanded', String(isOpen));
  if (isOpen && !parts.fields.firstChild) parts.fields.append(...fieldsOf(row, item));
  show(parts.fields, isOpen);
  for (const node of [parts.up, parts.down]) show(node, !item.retired);
  enable(parts.up, place > 0);
  enable(parts.down, place < draft.offered().length - 1);
  put(parts.retire.firstChild, t(item.retired ? 'policy.bring_back' : 'policy.retire'));
  show(parts.retire, !item.isNew);
  show(parts.remove, item.isNew);
}

function toggle(item, yes = !openRows.has(item.key)) {
  if (yes) openRows.add(item.key);
  else openRows.delete(item.key);
  draw();
}

function shift(item, by) {
  const active = document.activeElement;
  draft.move(item, by);
  draw();
  if (active.disabled) rowOf(item).parts[by < 0 ? 'down' : 'up'].focus();
}

function rowOf(item) {
  return (item.retired ? retiredList : offeredList).glKept.get(item.key);
}

function addReason() {
  const item = draft.add();
  toggle(item, true);
  rowOf(item).querySelector('input').focus();
}

function askFor(item) {
  toggle(item, true);
  const [tongue, name] = wrongField(item);
  const field = rowOf(item).querySelector(`[name="${[tongue, name].filter(Boolean).join('.')}"]`);
  field.focus();
  field.reportValidity();
  toast(t(name === 'code' ? 'policy.bad_code' : 'policy.missing'), { bad: true });
}

// ---- the fields of one reason ----

function fieldsOf(row, item) {
  const columns = TONGUES.map((tongue) => el('fieldset', { class: 'gl-policy-tongue', lang: tongue },
    el('legend', { text: t('policy.tongue.' + tongue), lang: language }),
    Object.keys(WORDS).map((name) => wordsField(row, item, tongue, name))));
  const hint = item.wasRetired ? 'policy.locked' : 'policy.same_meaning';
  return [item.isNew ? codeField(row, item) : null, el('div', { class: 'gl-policy-tongues' }, columns),
    el('p', { class: 'gl-policy-foot' }, el('span', { class: 'gl-hint', text: item.isNew ? '' : t(hint) }), row.parts.retire, row.parts.remove)].filter(Boolean);
}

function codeField(row, item) {
  const field = el('input', { name: 'code', maxlength: '40', pattern: CODE_PATTERN, required: true, spellcheck: false, autocomplete: 'off',
    autocapitalize: 'none', class: 'gl-policy-input gl-policy-code-input', on: { input: () => { item.code = field.value.trim(); edited(row, item); } } });
  return el('label', { class: 'gl-policy-field' }, el('span', { text: t('policy.code') }), field, el('small', { text: t('policy.code_hint') }));
}

function wordsField(row, item, tongue, name) {
  const tag = name === 'label' ? 'input' : 'textarea';
  const field = el(tag, { name: `${tongue}.${name}`, class: 'gl-policy-input', maxlength: String(WORDS[name]), required: true,
    readOnly: item.wasRetired, rows: tag === 'textarea' ? '3' : null,
    on: { input: () => { item[tongue][name] = field.value; edited(row, item); } } });
  field.value = item[tongue][name];
  return el('label', { class: 'gl-policy-field' }, el('span', { text: t('policy.' + name), lang: language }), field);
}

function edited(row, item) {
  drawRow(row, item);
  drawBar();
}

// ---- what would change ----

function changeOf({ code, kind, before, after }) {
  return el('li', { class: 'gl-policy-change' },
    el('p', null, el('strong', { text: after[language].label }), ' ', el('code', { class: 'gl-policy-code', text: code }), ' ',
      el('span', { class: 'gl-policy-kind', text: t('policy.kind.' + kind) })),
    kind === 'added' || kind === 'changed' || kind === 'retired' ? el('dl', { class: 'gl-policy-diff' }, differencesOf(before, after)) : null);
}

function differencesOf(before, after) {
  const rows = [];
  for (const tongue of TONGUES) {
    for (const name of Object.keys(WORDS)) {
      const was = before && before[tongue][name];
      const is = after[tongue][name];
      if (was === is) continue;
      rows.push(el('dt', { text: `${t('policy.tongue.' + tongue)} · ${t('policy.' + name)}` }),
        el('dd', { lang: tongue }, was ? el('del', { text: was }) : null, el('ins', { text: is })));
    }
  }
  return rows;
}

poll(() => load(), 30000);
