// gallery.js: every published clip, edge to edge, in the order and with the filters of filters.js.
// It knows nothing about review: what the server lists here is public.

const GAP = 8;

const wall = el('ul', { class: 'gl-wall', 'aria-label': t('tab.gallery') });
const empty = el('p', { class: 'gl-empty gl-empty-title', role: 'status' });
const emptyNext = el('p', { class: 'gl-empty gl-empty-next' });
const foot = el('div', { class: 'gl-foot' });
root.prepend(searchRow, wall, empty, emptyNext, foot);

let clips = [];
let cursor = null;
let isLoading = false;

// ---- one card ----

function makeCard(clip) {
  const poster = here(clip.media && clip.media.poster);
  const link = el('a', { class: 'gl-card', href: here(clip.page) || '/clip/' + encodeURIComponent(clip.id) },
    poster && el('img', { src: poster, alt: '', decoding: 'async', ...urgency() }),
    el('span', { class: 'gl-caption' }, el('span', { class: 'gl-caption-prompt', text: headingOf(clip) }),
      el('span', { class: 'gl-caption-by' }, el('span', { text: clip.credit }))),
    el('abbr', { class: 'gl-ai', title: t('page.made_with_ai'), text: t('gallery.ai') }));
  const play = () => start(link, clip);
  const rest = () => stop(link);
  const card = el('li', { class: 'gl-brick' }, link, button(t('action.remix'), () => remix(clip), { class: 'gl-remix' }));
  attr(card.lastChild, 'aria-label', t('gallery.remix', { prompt: headingOf(clip) }));
  card.addEventListener('pointerenter', (event) => { if (event.pointerType === 'mouse') play(); });
  card.addEventListener('pointerleave', () => { if (!card.contains(document.activeElement)) rest(); });
  card.addEventListener('focusin', play);
  card.addEventListener('focusout', (event) => { if (!card.contains(event.relatedTarget) && !card.matches(':hover')) rest(); });
  card.ratio = ratio(clip);
  return card;
}

// The first rows are seen at once; the rest comes as it is scrolled to.
function urgency() {
  const place = wall.children.length;
  if (place >= 12) return { loading: 'lazy' };
  return place < 4 ? { fetchpriority: 'high' } : {};
}

function start(link, clip) {
  if (isCalm.matches || link.querySelector('video') || !clip.media) return;
  const video = player(clip, { 'aria-hidden': 'true', tabIndex: -1 });
  if (here(clip.media.light)) video.src = clip.media.light;
  video.addEventListener('playing', () => video.classList.add('gl-on'), { once: true });
  link.insertBefore(video, link.querySelector('.gl-caption'));
  video.play().catch(() => {});
}

function stop(link) {
  for (const video of link.querySelectorAll('video')) {
    video.pause();
    video.removeAttribute('src');
    video.load();
    video.remove();
  }
}

// Create fills itself with the settings of this clip, which the next one then names as its origin.
function remix(clip) {
  window.dispatchEvent(new CustomEvent('gl-reuse', { detail: { id: clip.id } }));
}

// ---- the wall: cards stay in reading order, each set into the shortest column ----

function layOut() {
  const width = wall.clientWidth;
  if (!width) return;
  const target = width < 600 ? 170 : 280;
  const columns = Math.max(2, Math.round((width + GAP) / (target + GAP)));
  const side = (width - GAP * (columns - 1)) / columns;
  const heights = new Array(columns).fill(0);
  for (const card of wall.children) {
    const column = heights.indexOf(Math.min(...heights));
    card.style.width = side + 'px';
    card.style.height = side / card.ratio + 'px';
    card.style.transform = `translate(${column * (side + GAP)}px, ${heights[column]}px)`;
    heights[column] += side / card.ratio + GAP;
  }
  wall.style.height = Math.max(0, ...heights) + 'px';
}

function draw() {
  sync(wall, clips, (clip) => clip.id, makeCard, null);
  layOut();
  put(empty, clips.length ? '' : nothing());
  put(emptyNext, clips.length ? '' : isOpen() ? t('gallery.empty.next') : t('gallery.none.next') + ' ' + t('gallery.clear'));
}

function nothing() {
  if (isOpen()) return t('gallery.empty');
  if (String(query()) === 'order=curated') return t('gallery.none.curated');
  return String(query()) === String(new URLSearchParams({ q: wish.q })) ? t('gallery.none', { q: wish.q }) : t('gallery.none.filtered');
}

// ---- asking ----

function address(next) {
  const asked = query();
  if (next) asked.set('cursor', next);
  return '/api/v1/gallery?' + asked;
}

async function loadFirst() {
  const asked = String(query());
  const page = await api('GET', address(null));
  if (asked !== String(query())) return;
  clips = merge(clips, page);
  if (clips.length === page.items.length) cursor = page.next;
  draw();
  fill();
}

async function loadMore() {
  if (isLoading || !cursor) return;
  isLoading = true;
  const asked = String(query());
  try {
    const page = await api('GET', address(cursor));
    if (asked === String(query())) append(page);
    isLoading = false;
    fill();
  } catch (error) {
    isLoading = false;
    complain(error);
  }
}

function append(page) {
  const known = new Set(clips.map((clip) => clip.id));
  clips = clips.concat(page.items.filter((clip) => !known.has(clip.id)));
  cursor = page.next;
  draw();
}

// A tall window may still show the end of the wall after a page has come in.
function fill() {
  if (live() && cursor && foot.getBoundingClientRect().top < window.innerHeight + 600) loadMore();
}

onWish = () => {
  clips = [];
  cursor = null;
  loadFirst().catch(complain);
};

new IntersectionObserver((entries) => { if (entries.some((entry) => entry.isIntersecting)) fill(); },
  { rootMargin: '600px' }).observe(foot);
new ResizeObserver(layOut).observe(wall);

// New clips join at the top only while the top is in view, so nothing moves under a reader. Whose
// turn it is stays for an hour, and every look at the first places is counted.
poll(async () => {
  await loadChoices();
  if (clips.length && wish.order === 'rotating') return;
  if (!clips.length || wall.getBoundingClientRect().top > -200) await loadFirst();
}, 20000);

// The list is the same for everyone; the way to remix is for those who may make clips.
poll(async () => {
  const me = await api('GET', '/api/v1/me');
  root.classList.toggle('gl-maker', me.can.includes('create'));
}, 60000);
