// look.js: the picture of a clip under way: an empty frame, previews that sharpen, then the clip.
// It knows nothing about words. The frame has the clip's own shape from the start, so nothing moves.

const FADE_MS = 450;

function makeLook(clip) {
  const look = el('div', { class: 'gl-frame gl-look' });
  look.style.setProperty('--gl-ratio', ratio(clip));
  return look;
}

function drawLook(look, clip) {
  if (clip.media) return drawClip(look, clip);
  const preview = here(clip.progress && clip.progress.preview);
  if (preview && look.glPreview !== preview) drawPreview(look, clip, preview);
  return undefined;
}

// Each one fades in over the last one, and only when it is there as a whole.
async function drawPreview(look, clip, address) {
  look.glPreview = address;
  const image = el('img', { class: 'gl-preview', alt: '', src: address });
  image.classList.toggle('gl-crisp', clip.width < CRISP_BELOW);
  try {
    await image.decode();
  } catch {
    return;  // it was made, or is gone: the next answer tells
  }
  if (look.glPreview !== address || look.querySelector('video')) return;
  const older = [...look.children];
  look.append(image);
  setTimeout(() => older.forEach((each) => each.remove()), isCalm.matches ? 0 : FADE_MS);
}

// The last preview stays until the clip has a frame to show.
function drawClip(look, clip) {
  if (look.querySelector('video')) return;
  const older = [...look.children];
  const video = player(clip, { controls: isCalm.matches });
  video.addEventListener('loadeddata', () => {
    video.classList.add('gl-here');
    setTimeout(() => older.forEach((each) => each.remove()), isCalm.matches ? 0 : FADE_MS);
  }, { once: true });
  look.append(video);
  if (!isCalm.matches) video.play().catch(() => { video.controls = true; });
}
