// strip.js: eight frames of the clip in a row, and a line where the film is now; a click goes there.
// It knows nothing about players beyond seek() and length().

const FRAMES_IN_STRIP = 8;

const playhead = el('span', { class: 'gl-playhead' });
// For the mouse alone: the scrubber below it does the same for the keyboard.
const stripBox = el('div', { class: 'gl-strip', 'aria-hidden': 'true', on: { click: seekByStrip } }, playhead);
let strip = null;

function newStrip(clip) {
  const src = here(clip && clip.media && clip.media.strip);
  return src ? el('img', { src, alt: '', decoding: 'async', draggable: false }) : null;
}

function setStrip(clip, picture) {
  if (strip) strip.remove();
  strip = picture;
  if (strip) stripBox.prepend(strip);
  stripBox.style.visibility = strip ? 'visible' : 'hidden';
  stripBox.style.setProperty('--gl-ratio', clip ? ratio(clip) * FRAMES_IN_STRIP : FRAMES_IN_STRIP);
}

function seekByStrip(event) {
  const box = stripBox.getBoundingClientRect();
  seek(length() * (event.clientX - box.left) / box.width);
}
