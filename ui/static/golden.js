// golden.js: for leads: the clips whose right answer is known, one more of them, and one less.
// It knows nothing about who is asked, nor when; the server tells who may see any of it.

const goldenList = el('ul', { class: 'gl-golden-list' });
const goldenId = el('input', { class: 'gl-field', id: 'gl-golden-id', type: 'text', autocomplete: 'off', spellcheck: false });
const goldenVerdict = el('select', { class: 'gl-field', id: 'gl-golden-verdict' },
  ['approve', 'reject', 'request_changes'].map((verdict) => el('option', { value: verdict, text: t('verdict.' + verdict) })));
const goldenReasons = el('div', { class: 'gl-spares' });
const goldenTrouble = el('p', { class: 'gl-trouble', role: 'alert' });
const goldenBox = el('section', { class: 'gl-golden', hidden: true }, el('h3', { text: t('golden.title') }),
  el('p', { class: 'gl-small-print', text: t('golden.what') }), goldenList,
  el('form', { on: { submit: makeGolden } },
    el('label', { class: 'gl-label', for: 'gl-golden-id', text: t('golden.clip') }), goldenId,
    el('label', { class: 'gl-label', for: 'gl-golden-verdict', text: t('golden.answer') }), goldenVerdict,
    el('fieldset', { class: 'gl-wish' }, el('legend', { text: t('desk.reasons') }), goldenReasons),
    goldenTrouble, el('button', { type: 'submit', class: 'gl-button gl-strong', text: t('golden.make') })));
// For the clip on the stage, once it is decided and still there.
const goldenTool = button(t('golden.make'), () => openGolden(desk.clip.id), { class: 'gl-button gl-aside', hidden: true });

async function loadGolden() {
  if (!isLead) return;
  const { items } = await api('GET', '/api/v1/review/golden');
  if (!goldenReasons.firstChild) drawGoldenReasons([]);
  goldenList.replaceChildren(...items.map(goldenLine));
  show(goldenBox, true);
}

// The sheet with the form filled in.
async function openGolden(id, verdict = 'approve', reasons = []) {
  await openAgreement();
  goldenId.value = id;
  goldenVerdict.value = verdict;
  drawGoldenReasons(reasons);
  put(goldenTrouble, '');
  goldenVerdict.focus();
}

function drawGoldenReasons(chosenCodes) {
  goldenReasons.replaceChildren(...desk.policy.map((reason) => el('label', { class: 'gl-check' },
    el('input', { type: 'checkbox', value: reason.code, checked: chosenCodes.includes(reason.code) }),
    el('span', { text: reason.label }))));
}

function goldenLine(item) {
  const said = [answerWords(item), t('golden.answers', { n: number(item.answers) }), t('golden.by', { name: item.made_by }),
    item.deleted ? t('golden.deleted') : ''].filter(Boolean).join(' · ');
  const act = item.retired_at ? el('span', { class: 'gl-small-print', text: t('golden.retired') })
    : button(t('golden.retire'), () => retireGolden(item), { class: 'gl-button gl-small', 'aria-label': t('golden.retire_one', { prompt: item.prompt }) });
  return el('li', null, el('div', null, el('p', { class: 'gl-golden-prompt', text: item.prompt || item.clip_id }),
    el('p', { class: 'gl-small-print', text: said })), act);
}

// An address of the clip will do as well as its id.
function idOf(text) {
  return text.trim().split(/[/?#]/).filter(Boolean).pop() || '';
}

async function makeGolden(event) {
  event.preventDefault();
  const id = idOf(goldenId.value);
  if (!id) { goldenId.focus(); return; }
  const reasons = [...goldenReasons.querySelectorAll('input:checked')].map((input) => input.value);
  await changeGolden('POST', id, { verdict: goldenVerdict.value, reasons });
  if (goldenTrouble.textContent) return;
  goldenId.value = '';
  drawGoldenReasons([]);
  toast(t('golden.made'));
}

async function retireGolden(item) {
  await changeGolden('DELETE', item.clip_id);
  goldenId.focus();
}

async function changeGolden(method, id, body) {
  put(goldenTrouble, '');
  try {
    await api(method, addressOf({ id }, 'golden'), body);
    await loadGolden();
  } catch (error) {
    put(goldenTrouble, sentence(error));
  }
}
