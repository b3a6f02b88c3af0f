// parent.js: the earlier clip that the next one starts from, and a way to start afresh.
// It knows nothing about clips beyond what the page hands it as its value; sending reads GL.wish.

const wish = window.GL.wish || (window.GL.wish = {});

const picture = el('img', { class: 'gl-parent-picture', alt: '', hidden: true });
const said = el('p', { class: 'gl-parent-said' });
const more = el('p', { class: 'gl-parent-more' });
const afresh = button(t('parent.afresh'), leave, { class: 'gl-link' });
const line = el('div', { class: 'gl-parent-line', hidden: true }, picture,
  el('div', {}, said, more), afresh);
root.prepend(line);

let given = null;

function take() {
  given = props.value ? JSON.parse(props.value) : null;
  keep(given);
}

function keep(clip) {
  wish.parent_id = clip ? clip.id : null;
  window.dispatchEvent(new CustomEvent('gl-origin', { detail: clip }));
  show(line, clip);
  if (!clip) return;
  put(said, t('parent.from', { prompt: headingOf(clip) }));
  const hadPicture = clip.first_frame && document.querySelector('#first-frame');
  put(more, [clip.replaces && t('parent.replaces'), hadPicture && t('parent.first_frame')].filter(Boolean).join(' '));
  show(picture, here(clip.poster));
  if (here(clip.poster)) attr(picture, 'src', clip.poster);
  picture.classList.toggle('gl-crisp', clip.width < CRISP_BELOW);
}

function leave() {
  keep(null);
  const field = document.querySelector('#prompt textarea');
  if (field) field.focus();
}

take();
watch('value', take);
// The same clip again changes no value.
listen(window, 'gl-reuse', (event) => { if (given && given.id === event.detail.id) keep(given); });
