// appeal.js: asking for another look at a rejected clip, in one's own words.
// It knows nothing about who may appeal: the server lists it in `can`.

const appealText = el('textarea', { id: 'gl-appeal-text', rows: 6, maxlength: '4000', required: true, on: { input: drawAppeal } });
const appealTrouble = el('p', { class: 'gl-appeal-trouble', role: 'alert' });
const appealGo = el('button', { type: 'submit', class: 'gl-button gl-strong', text: t('appeal.go') });
const appealBox = el('dialog', { class: 'gl-appeal', 'aria-labelledby': 'gl-appeal-title' },
  el('form', { on: { submit: sendAppeal } },
    el('h2', { id: 'gl-appeal-title', text: t('appeal.title') }), el('p', { class: 'gl-hint', text: t('appeal.hint') }),
    el('label', { for: 'gl-appeal-text', text: t('appeal.text') }), appealText, appealTrouble,
    el('div', { class: 'gl-appeal-acts' },
      button(t('toast.close'), () => appealBox.close(), { class: 'gl-button' }), appealGo)));
root.append(appealBox);

const appealDrafts = new Map();  // clip → words that were not sent
let appealed = null;

function openAppeal(card) {
  appealed = card;
  appealText.value = appealDrafts.get(card.clip.id) || '';
  put(appealTrouble, '');
  drawAppeal();
  appealBox.showModal();
  appealText.focus();
}

function drawAppeal() {
  enable(appealGo, appealText.value.trim());
  if (appealed) appealDrafts.set(appealed.clip.id, appealText.value);
}

async function sendAppeal(event) {
  event.preventDefault();
  const { clip } = appealed;
  enable(appealGo, false);
  try {
    await api('POST', `/api/v1/clips/${encodeURIComponent(clip.id)}/appeal`, { text: appealText.value.trim() });
    appealDrafts.delete(clip.id);
    appealBox.close();
    toast(t('appeal.did'));
    focusOn(appealed);
  } catch (error) {
    put(appealTrouble, sentence(error));
    drawAppeal();
  }
  updates.now();
}
