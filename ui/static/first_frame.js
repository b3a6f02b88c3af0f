// first_frame.js: a picture that the clip begins with, sent to the server as soon as it is chosen.
// It knows nothing about the form; sending waits for GL.wish.first_frame, which is the picture's id,
// null where there is none, or the promise of one. What is shown is the file on this device.

const TYPES = 'image/jpeg,image/png,image/webp';
const LOST = 'lost';  // an id that nobody has: a clip must not be made without its picture in silence
const wish = window.GL.wish || (window.GL.wish = {});

const input = el('input', { type: 'file', accept: TYPES, class: 'gl-aloud', id: 'gl-first-frame',
  'aria-describedby': 'gl-first-frame-said', on: { change: () => choose(input.files[0]) } });
const label = el('label', { class: 'gl-button gl-small', for: 'gl-first-frame', text: t('frame.choose') });
const hint = el('span', { class: 'gl-soft', text: t('frame.hint') });
const empty = el('div', { class: 'gl-drop' }, input, label, hint);
const picture = el('img', { class: 'gl-first-picture', alt: '' });
const name = el('p', { class: 'gl-first-name' });
const state = el('p', { class: 'gl-soft' });
const remove = button(t('frame.remove'), () => { leave(); input.focus(); }, { class: 'gl-button gl-small' });
const chosen = el('div', { class: 'gl-first', hidden: true }, picture,
  el('div', { class: 'gl-first-words' }, name, state), remove);
const said = el('p', { class: 'gl-refusal', id: 'gl-first-frame-said', role: 'alert' });
root.prepend(empty, chosen, said);

let address = null;
let turn = 0;  // counts what was chosen: the answer about an earlier picture is late

function choose(file) {
  if (!file) return;
  leave();
  const mine = turn;
  address = URL.createObjectURL(file);
  picture.src = address;
  picture.hidden = false;
  put(name, file.name || t('frame.pasted'));
  put(state, t('frame.sending'));
  show(empty, false);
  show(chosen, true);
  wish.first_frame = send(file, mine);
  remove.focus({ preventScroll: true });
}

async function send(file, mine) {
  try {
    const kept = await api('POST', '/api/v1/frames', file);
    if (mine === turn) put(state, `${number(kept.width)} × ${number(kept.height)}`);
    return kept.id;
  } catch (error) {
    if (mine !== turn) return null;
    leave();
    put(said, sentence(error));
    wish.first_frame = Promise.resolve(null);
    return LOST;
  }
}

function leave() {
  turn += 1;
  wish.first_frame = null;
  if (address) URL.revokeObjectURL(address);
  address = null;
  picture.removeAttribute('src');
  input.value = '';
  put(said, '');
  show(chosen, false);
  show(empty, true);
}

// A kind of picture that this browser cannot show may still be one that the server can read.
picture.addEventListener('error', () => { picture.hidden = true; });

// ---- dropping and pasting ----

function fileOf(transfer) {
  return transfer && [...transfer.files].find((file) => file.type.startsWith('image/'));
}

function over(yes) {
  root.classList.toggle('gl-over', yes);
}

root.addEventListener('dragover', (event) => { event.preventDefault(); over(true); });
root.addEventListener('dragleave', () => over(false));
root.addEventListener('drop', (event) => {
  event.preventDefault();
  over(false);
  const file = event.dataTransfer.files[0];
  if (file) choose(file);
});
listen(document, 'paste', (event) => {
  const file = live() && fileOf(event.clipboardData);
  if (file) choose(file);
});
