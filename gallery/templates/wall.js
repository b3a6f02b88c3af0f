// wall.js: a clip of the wall plays while a mouse or the focus is on it. All else works without it.

const isCalm = window.matchMedia('(prefers-reduced-motion: reduce)');

function play(card) {
  if (isCalm.matches || card.querySelector('video')) return;
  const video = document.createElement('video');
  Object.assign(video, { muted: true, loop: true, playsInline: true, tabIndex: -1 });
  video.setAttribute('aria-hidden', 'true');
  video.classList.toggle('crisp', card.querySelector('img').classList.contains('crisp'));
  video.addEventListener('playing', () => video.classList.add('on'), { once: true });
  video.src = card.dataset.play;
  card.querySelector('img').after(video);
  video.play().catch(() => {});  // it was left before it had begun
}

function rest(card) {
  const video = card.querySelector('video');
  if (!video) return;
  video.pause();
  video.removeAttribute('src');
  video.load();
  video.remove();
}

for (const place of document.querySelectorAll('.wall li')) {
  const card = place.querySelector('.card');
  place.addEventListener('pointerenter', (event) => { if (event.pointerType === 'mouse') play(card); });
  place.addEventListener('pointerleave', () => { if (!place.contains(document.activeElement)) rest(card); });
  place.addEventListener('focusin', () => play(card));
  place.addEventListener('focusout', (event) => {
    if (!place.contains(event.relatedTarget) && !place.matches(':hover')) rest(card);
  });
}
