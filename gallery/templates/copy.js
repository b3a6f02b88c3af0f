// Copies a field beside its button. Without it the buttons stay hidden and the fields can be selected.
for (const button of document.querySelectorAll('[data-copies]')) {
  const field = document.getElementById(button.dataset.copies);
  const label = button.textContent;
  const heard = document.getElementById('heard');
  button.hidden = false;
  button.addEventListener('click', async () => {
    field.focus();
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch (error) {
      if (!document.execCommand('copy')) return;  // the text is selected: a key copies it
    }
    button.textContent = heard.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = label; heard.textContent = ''; }, 2500);
  });
}
