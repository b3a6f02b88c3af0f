// duet.js: two films that keep step: one play, one pause, one place for both.
// It knows nothing about what they show. The longer one leads; the shorter waits at its end.

const DRIFT_S = 0.09;

function duet(films, lengths, onTime) {
  const length = (film) => (Number.isFinite(film.duration) && film.duration > 0 ? film.duration
    : lengths[films.indexOf(film)]);
  const lead = () => films.reduce((one, other) => (length(other) > length(one) ? other : one));
  let isPlaying = false;
  let isOver = false;

  function follow() {
    if (isOver || !isPlaying) return;
    if (!element.isConnected) return pause();
    for (const film of films) if (film !== lead()) keepUp(film, lead().currentTime);
    onTime();
    requestAnimationFrame(follow);
  }

  function keepUp(film, time) {
    if (time >= length(film) - DRIFT_S) return;
    if (film.paused || film.ended) film.play().catch(() => {});
    if (!film.seeking && Math.abs(film.currentTime - time) > DRIFT_S) film.currentTime = time;
  }

  async function play() {
    if (isPlaying || isOver) return;
    if (lead().currentTime >= length(lead()) - 0.01) seek(0);
    isPlaying = true;
    onTime();
    const started = await Promise.all(films.map((film) => film.play().then(() => true, () => false)));
    if (!started[films.indexOf(lead())]) pause();  // the browser would not play by itself
    requestAnimationFrame(follow);
  }

  function pause() {
    isPlaying = false;
    for (const film of films) film.pause();
    seek(lead().currentTime);  // both on the same moment, not on two that are close
  }

  function seek(time) {
    for (const film of films) film.currentTime = Math.min(Math.max(0, time), length(film));
    onTime();
  }

  function again() {
    if (!isPlaying) return;
    seek(0);
    for (const film of films) film.play().catch(() => {});
  }

  for (const film of films) {
    film.addEventListener('ended', () => { if (film === lead()) again(); });
    film.addEventListener('loadedmetadata', onTime);
    film.addEventListener('seeked', onTime);
  }
  return {
    pause,
    seek,
    toggle: () => (isPlaying ? pause() : play()),
    play,
    isPlaying: () => isPlaying,
    time: () => lead().currentTime,
    length: () => length(lead()),
    end() {
      isOver = true;
      isPlaying = false;
      for (const film of films) { film.pause(); film.removeAttribute('src'); film.load(); }
    },
  };
}
