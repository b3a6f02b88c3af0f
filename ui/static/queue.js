// queue.js: what waits, in the server's order, one row each; it never moves what somebody points at
// without need. It knows nothing about the order, nor about what opening a clip means.

const tally = el('span', { class: 'gl-count' });
const rows = el('ul', { class: 'gl-rows', 'aria-label': t('desk.queue') });
const previous = tool('previous', 'gl-icon gl-up');
const following = tool('next', 'gl-icon gl-down');
const queuePane = el('section', { class: 'gl-queue', 'aria-label': t('desk.queue') },
  el('header', { class: 'gl-queue-head' }, el('h2', { text: t('desk.queue') }), tally,
    el('span', { class: 'gl-queue-keys' }, previous, following)), rows, careFoot);

function makeRow(clip) {
  const parts = {
    prompt: el('span', { class: 'gl-row-prompt' }), by: el('span', { class: 'gl-row-by' }), said: el('span', { class: 'gl-row-said' }),
    stage: el('span', { class: 'gl-badge', hidden: true }), image: el('img', { alt: '', loading: 'lazy', decoding: 'async' }),
  };
  parts.thumb = el('span', { class: 'gl-thumb gl-blurred' }, parts.image);
  parts.button = el('button', { type: 'button', class: 'gl-row', on: { click: () => open(find(clip.id)) } }, parts.thumb,
    el('span', { class: 'gl-row-words' }, parts.prompt,
      el('span', { class: 'gl-row-meta' }, parts.stage, parts.by, parts.said)));
  const row = el('li', null, parts.button);
  row.parts = parts;
  return row;
}

function drawRow(row, clip) {
  const { parts } = row;
  const isOpen = Boolean(desk.clip && desk.clip.id === clip.id);
  const said = rowSays(clip);
  const stage = { second: 'desk.stage.second', appeal: 'desk.stage.appeal' }[clip.stage];
  put(parts.prompt, isSpared(clip) && !isOpen ? t('care.spared', { what: spare(clip) }) : clip.prompt);
  put(parts.by, clip.creator);
  put(parts.said, said.words);
  attr(parts.said, 'data-tone', said.tone);
  put(parts.stage, stage ? t(stage) : isNewVersion(clip) ? t('desk.version') : '');
  show(parts.stage, parts.stage.textContent);
  show(parts.by, !parts.stage.textContent && said.tone !== 'held');
  attr(parts.button, 'aria-current', isOpen ? 'true' : null);
  parts.thumb.classList.toggle('gl-blurred', !(isOpen && desk.isRevealed));
  const poster = here(clip.media && clip.media.poster);
  if (poster && !isSpared(clip)) attr(parts.image, 'src', poster);
}

// What is most worth knowing of a row: whose it is, who looks, how late it is, how long it waits.
function rowSays(clip) {
  const held = heldBy(clip);
  if (clip.own) return { words: t('desk.yours'), tone: 'calm' };
  if (held) return { words: t('desk.looking', { name: held }), tone: 'held' };
  if (clip.overdue) return { words: t('desk.overdue'), tone: 'bad' };
  if (clip.due_at) return { words: dueWords(clip), tone: isSoon(clip) ? 'warn' : 'calm' };
  return { words: ago(clip.created_at), tone: 'calm' };
}

function spare(clip) {
  return clip.classes.filter((code) => desk.care.skips.includes(code)).map(labelOf).join(', ');
}

function drawQueue() {
  put(tally, number(desk.items.length));
  sync(rows, desk.items, (item) => item.id, makeRow, drawRow);
  const at = place();
  show(bulkTool, desk.items.some(mayDecide));
  enable(previous, at > 0);
  enable(following, desk.items.length && at !== desk.items.length - 1);
}

function step(by) {
  const at = place();
  const to = at < 0 ? 0 : at + by;
  if (desk.items[to]) open(desk.items[to]);
}

// Scrolls the queue alone; scrollIntoView would move the whole page.
function bringIntoView(row) {
  const box = rows.getBoundingClientRect();
  const at = row.getBoundingClientRect();
  if (at.top < box.top) rows.scrollTop -= box.top - at.top + 8;
  if (at.bottom > box.bottom) rows.scrollTop += at.bottom - box.bottom + 8;
  if (at.left < box.left) rows.scrollLeft -= box.left - at.left + 8;
  if (at.right > box.right) rows.scrollLeft += at.right - box.right + 8;
}
