// credit.js: what is said of the clips that Create sends; kept for the next one, but for the title.
// It knows nothing about the form: sending reads GL.wish.words, null while nobody has said anything.

const wish = window.GL.wish || (window.GL.wish = {});
const words = makeWords('gl-new', keep);
const fold = el('details', { class: 'gl-fold' }, el('summary', { text: t('words.fold') }), words.node);
root.prepend(fold);
wish.words = null;

function keep() {
  wish.words = words.read();
}

// The next clip is said to be like the one of one's own that it starts from.
listen(window, 'gl-origin', (event) => {
  const clip = event.detail;
  if (!clip || !clip.licence) return;
  words.fill(clip);
  keep();
});
listen(window, 'gl-created', () => {
  if (!wish.words) return;
  words.title.value = '';
  keep();
});
