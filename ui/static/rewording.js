// rewording.js: changing the words of a clip of mine, in a dialog, or ending the sharing of its prompt.
// It knows nothing about when that is allowed: the server lists it in `can`.

const rewords = makeWords('gl-reword');
const rewordTrouble = el('p', { class: 'gl-appeal-trouble', role: 'alert' });
const rewordGo = el('button', { type: 'submit', class: 'gl-button gl-strong', text: t('words.save') });
const rewordBox = el('dialog', { class: 'gl-appeal gl-reword', 'aria-labelledby': 'gl-reword-heading' },
  el('form', { on: { submit: sendWords } },
    el('h2', { id: 'gl-reword-heading', text: t('words.edit') }), el('p', { class: 'gl-hint', text: t('words.edit_hint') }),
    rewords.node, rewordTrouble,
    el('div', { class: 'gl-appeal-acts' }, button(t('toast.close'), () => rewordBox.close(), { class: 'gl-button' }), rewordGo)));
root.append(rewordBox);

let reworded = null;

function openRewording(card) {
  reworded = card;
  rewords.fill(card.clip);
  put(rewordTrouble, '');
  rewordBox.showModal();
  rewords.title.focus();
}

async function sendWords(event) {
  event.preventDefault();
  enable(rewordGo, false);
  try {
    await tellWords(reworded.clip, rewords.read());
    rewordBox.close();
    toast(t('words.saved'));
    focusOn(reworded);
  } catch (error) {
    put(rewordTrouble, sentence(error));
  }
  enable(rewordGo, true);
  updates.now();
}

async function unshare(card) {
  try {
    await tellWords(card.clip, { shares_prompt: false });
    toast(t('mine.did.unshare'));
  } catch (error) {
    complain(error);
  }
  updates.now();
}

function tellWords(clip, said) {
  return api('POST', `/api/v1/clips/${encodeURIComponent(clip.id)}/presentation`, said);
}
