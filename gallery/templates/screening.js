// screening.js: the clips of a programme on one dark stage, one after the other, a title before each.
// The page is whole without it. It reads what to play from the page's own list and starts nothing
// before a click; all text is put in as text.

const CARD_MS = 2600;
const LEAST_S = 4;  // a shorter clip is shown again until it was seen this long
const IDLE_MS = 2500;

const cinema = document.querySelector('.cinema');
if (cinema) screening(cinema);

function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

function screening(stage) {
  const find = (selector) => stage.querySelector(selector);
  const list = document.querySelector('.list');
  const films = [...list.querySelectorAll('.films > li')].map((row) => ({
    src: row.querySelector('video').getAttribute('src'),
    poster: row.querySelector('video').getAttribute('poster'),
    isCrisp: row.querySelector('video').classList.contains('crisp'),
    name: row.querySelector('.name').textContent,
    by: row.querySelector('.by').textContent,
    creator: row.querySelector('.by').dataset.creator,
    words: row.querySelector('.words') ? row.querySelector('.words').textContent : '',
    isGone: false,
  }));
  const cards = { opening: find('.opening'), title: find('.title'), end: find('.end') };
  const pauseTool = find('.pause');
  const soundTool = find('.sound');
  const shown = new Set();
  let at = -1;
  let video = null;
  let rest = 0;  // ms left of the title card
  let since = 0;
  let timer = 0;
  let isPaused = false;
  let isMuted = true;

  function card(name) {
    for (const [each, node] of Object.entries(cards)) node.hidden = each !== name;
    stage.dataset.showing = name || 'film';
  }

  function load(film) {
    const made = document.createElement('video');
    Object.assign(made, { muted: isMuted, playsInline: true, preload: 'auto', tabIndex: -1 });
    made.classList.toggle('crisp', film.isCrisp);
    made.setAttribute('aria-label', `${film.name}, ${film.by}`);
    // Taken down since the page was made, or not to be had: the next one, without a word.
    made.addEventListener('error', () => { film.isGone = true; if (films[at] === film) skip(film); });
    made.src = film.src;
    film.video = made;
    return made;
  }

  function drop(film) {
    if (!film || !film.video) return;
    film.video.pause();
    film.video.removeAttribute('src');
    film.video.remove();
    film.video = null;
  }

  function skip(film) {
    drop(film);
    go(at + step);
  }

  let step = 1;  // the way one is going, for what is skipped

  function go(place) {
    clearTimeout(timer);
    const before = films[at];
    if (before && place !== at) drop(before);
    video = null;
    while (films[place] && films[place].isGone) place += step;
    if (place < 0) {
      step = 1;
      place = films.findIndex((film) => !film.isGone);
    }
    if (place < 0 || place >= films.length) return end();
    at = place;
    const film = films[at];
    find('.tools').hidden = false;
    find('.count').textContent = `${at + 1} / ${films.length}`;
    cards.title.querySelector('h2').textContent = film.name;
    cards.title.querySelector('.by').textContent = film.by;
    cards.title.querySelector('.words').textContent = film.words;
    card('title');
    const told = { at: at + 1, of: films.length, title: film.name, by: film.by };
    find('.aloud').textContent = filled(stage.dataset.now, told);
    video = film.video || load(film);
    find('.screen').append(video);
    rest = film.words ? CARD_MS * 1.6 : CARD_MS;
    if (!isPaused) hold();
  }

  function hold() {
    since = performance.now();
    timer = setTimeout(() => { rest = 0; play(); }, rest);
  }

  function play() {
    const film = films[at];
    const playing = video;
    const again = () => {
      const seen = playing.duration * playing.rounds;
      if (film !== films[at] || playing !== video) return;
      if (seen < LEAST_S && Number.isFinite(seen)) {
        playing.rounds += 1;
        playing.currentTime = 0;
        playing.play().catch(() => {});
      } else {
        step = 1;
        go(at + 1);
      }
    };
    if (!playing.rounds) {
      playing.rounds = 1;
      playing.addEventListener('ended', again);
      playing.addEventListener('playing', () => {
        if (playing !== video) return;
        shown.add(film.creator);
        playing.classList.add('on');
        card(null);
        const next = films[at + 1];
        if (next && !next.video && !next.isGone) load(next);
      });
    }
    playing.muted = isMuted;
    playing.play().catch((error) => {
      if (error.name === 'NotAllowedError') pause(true);  // the browser wants another click first
    });
  }

  function pause(yes) {
    if (at < 0 || stage.dataset.showing === 'end') return;
    isPaused = yes;
    pauseTool.textContent = yes ? pauseTool.dataset.on : pauseTool.dataset.off;
    if (!yes) return rest > 0 ? hold() : play();
    clearTimeout(timer);
    if (rest > 0) rest = Math.max(1, rest - (performance.now() - since));
    else video.pause();
  }

  function move(by) {
    if (at < 0 || stage.dataset.showing === 'end') {
      if (by < 0 && stage.dataset.showing === 'end') { step = -1; go(films.length - 1); }
      return;
    }
    step = by;
    go(at + by);
  }

  function begin() {
    isPaused = false;
    pauseTool.textContent = pauseTool.dataset.off;
    step = 1;
    stage.focus();
    go(0);
  }

  function end() {
    at = films.length;
    find('.tools').hidden = true;
    const names = [...shown];
    const all = names.length ? new Intl.ListFormat(document.documentElement.lang).format(names) : '';
    const credit = cards.end.querySelector('.with');
    credit.textContent = all ? filled(credit.dataset.words, { names: all }) : '';
    find('.aloud').textContent = '';
    card('end');
    cards.end.querySelector('h2').focus();
  }

  function sound() {
    isMuted = !isMuted;
    soundTool.textContent = isMuted ? soundTool.dataset.off : soundTool.dataset.on;
    if (video) video.muted = isMuted;
  }

  function whole() {
    if (document.fullscreenElement) document.exitFullscreen();
    else stage.requestFullscreen().catch(() => {});
  }

  function leave() {
    location.assign(stage.dataset.page);
  }

  const keys = {
    ' ': () => (at < 0 ? begin() : pause(!isPaused)),
    ArrowRight: () => move(1), ArrowDown: () => move(1), ArrowLeft: () => move(-1), ArrowUp: () => move(-1),
    f: whole, m: sound, Escape: leave,
  };
  document.addEventListener('keydown', (event) => {
    wake();
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === ' ' && event.target.closest('button, a')) return;  // it presses what has the focus
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  let idle = 0;
  function wake() {
    stage.classList.remove('idle');
    clearTimeout(idle);
    idle = setTimeout(() => stage.classList.toggle('idle', stage.dataset.showing === 'film' && !isPaused), IDLE_MS);
  }
  stage.addEventListener('pointermove', wake);
  stage.addEventListener('pointerdown', wake);

  for (const start of stage.querySelectorAll('.start')) start.addEventListener('click', begin);
  find('.back').addEventListener('click', () => move(-1));
  find('.next').addEventListener('click', () => move(1));
  pauseTool.addEventListener('click', () => pause(!isPaused));
  soundTool.addEventListener('click', sound);
  find('.whole').addEventListener('click', whole);
  find('.whole').hidden = !document.fullscreenEnabled;

  for (const around of document.querySelectorAll('body > header, body > footer')) around.inert = true;
  list.hidden = true;
  stage.hidden = false;
  document.documentElement.style.overflow = 'hidden';
  card('opening');
  cards.opening.querySelector('.start').focus();
}
