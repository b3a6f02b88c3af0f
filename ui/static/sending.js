// sending.js: what came of sending the form: a refusal stands beside its field as a sentence.
// It knows nothing of the rules, only where the fields are; the form says 'gl-sent'.

const PLACES = {
  prompt: '#prompt', negative_prompt: '#negative', seed: '#seed', size: '#shape', num_frames: '#length',
  num_inference_steps: '#steps', guidance_scale: '#guidance', first_frame: '#first-frame', variants: '#variants',
  title: '#credit', licence: '#credit', credits: '#credit', name: '#credit', role: '#credit', link: '#credit',
};
const FIELDS = { empty_prompt: 'prompt', unknown_frame: 'first_frame', no_first_frame: 'first_frame' };

const refusal = el('p', { class: 'gl-refusal', id: 'gl-refusal' });
// Always there, so that a screen reader hears what comes into it, wherever the sentence stands.
const aloud = el('div', { class: 'gl-aloud', role: 'alert' });
root.prepend(aloud);

let marked = null;

function refuse(error) {
  clear();
  put(refusal, sentence(error));
  put(aloud, sentence(error));
  const place = placeOf(FIELDS[error.code] || error.field);
  if (!place) return root.append(refusal);
  place.append(refusal);
  openAround(place);
  marked = place.querySelector('textarea, input:not([type=range]):not([type=file])');
  if (!marked) return refusal.scrollIntoView({ block: 'nearest' });
  attr(marked, 'aria-invalid', 'true');
  attr(marked, 'aria-describedby', refusal.id);
  focusSoon(marked);
}

// What was folded away takes a moment to open.
function focusSoon(field, tries = 30) {
  if (field.offsetParent !== null) field.focus();
  else if (tries > 0) requestAnimationFrame(() => focusSoon(field, tries - 1));
}

function placeOf(field) {
  return PLACES[field] ? document.querySelector(PLACES[field]) : null;
}

// A field under Advanced is shown before it is spoken of.
function openAround(place) {
  const fold = place.closest('#advanced');
  const folded = place.querySelector('details');
  if (folded) folded.open = true;
  if (fold && place.offsetParent === null) fold.querySelector('button').click();
}

function clear() {
  refusal.remove();
  put(aloud, '');
  if (!marked) return;
  attr(marked, 'aria-invalid', null);
  attr(marked, 'aria-describedby', null);
  marked = null;
}

listen(window, 'gl-sent', (event) => {
  if (event.detail.error) return refuse(event.detail.error);
  clear();
  window.dispatchEvent(new CustomEvent('gl-created', { detail: event.detail }));
});
listen(document, 'keydown', (event) => {
  if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || !event.target.closest('#composer')) return;
  event.preventDefault();
  document.querySelector('#go').click();
});
listen(document, 'input', (event) => { if (event.target.closest('#composer')) clear(); });
