// remarks.js: what a reviewer marked in one's own clip, told with the decision: a list of moments,
// each of which shows its frame with what was drawn on it. It knows nothing about decisions.

function makeRemarks() {
  const parts = { list: el('ul') };
  const node = el('section', { class: 'gl-remarks', hidden: true }, el('h4', { text: t('remark.title') }), parts.list);
  node.parts = parts;
  return node;
}

// Asked for once for each state of a clip: a decision may be taken back, an appeal may add to it.
async function drawRemarks(node, card, clip) {
  const sign = clip.marks ? [clip.id, clip.version, clip.marks].join('/') : '';
  if (node.dataset.sign === sign) return;
  node.dataset.sign = sign;
  if (!sign) { show(node, false); return; }
  const answer = await api('GET', `/api/v1/clips/${encodeURIComponent(clip.id)}/marks`).catch(() => null);
  if (node.dataset.sign !== sign) return;
  if (!answer) { node.dataset.sign = ''; return; }
  node.parts.list.replaceChildren(...answer.items.map((mark) => remark(card, clip, mark)));
  show(node, answer.items.length);
}

function remark(card, clip, mark) {
  const words = t('time.s', { n: number(mark.at_s, 1) });
  return el('li', null,
    el('button', { type: 'button', class: 'gl-remark-at', text: words, 'aria-label': t('desk.go_to', { time: words }),
      on: { click: () => showRemark(card, clip, mark) } }),
    el('span', { text: mark.text || t('mark.drawing') }));
}

// The very frame, still, with the lines on it; they go when the film runs.
function showRemark({ parts }, clip, mark) {
  const film = player(clip, { controls: true });
  const lines = makeDrawing();
  drawStrokes(lines, mark.strokes);
  film.currentTime = (Math.floor(mark.at_s * clip.fps + 1e-4) + 0.5) / clip.fps;
  film.addEventListener('play', () => lines.remove());
  parts.picture.replaceChildren(film, lines);
}
