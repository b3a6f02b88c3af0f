// sheet.js: a dialog over the desk: a title, a way out, and whatever is put on it.
// It knows nothing about what that is.

const sheets = [];

function makeSheet(name, title, ...content) {
  const id = 'gl-sheet-' + name;
  const box = el('dialog', { class: 'gl-sheet gl-sheet-' + name, 'aria-labelledby': id },
    el('header', { class: 'gl-sheet-head' }, el('h2', { id, text: title }),
      button(t('toast.close'), () => box.close(), { class: 'gl-button gl-small' })), ...content.flat());
  // A click beside it closes it too: there the dialog itself is the target.
  box.addEventListener('click', (event) => { if (event.target === box) box.close(); });
  sheets.push(box);
  root.append(box);
  return box;
}

function isSheetOpen() {
  return compareBox.open || sheets.some((box) => box.open);
}
