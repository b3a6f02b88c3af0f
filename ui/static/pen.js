// pen.js: lines on a picture: shown from points, and drawn with a pointer or with the arrow keys.
// It knows nothing about marks. Points are [x, y], each from 0 to 1 of the picture.

const SVG = 'http://www.w3.org/2000/svg';
const STEP = 0.02;
const MOST_STROKES = 50;
const MOST_POINTS = 4000;

function makeDrawing(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 1000 1000');
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('class', 'gl-drawing ' + (name || ''));
  return svg;
}

function drawStrokes(svg, strokes) {
  const sign = JSON.stringify(strokes);
  if (svg.glSign === sign) return;
  svg.glSign = sign;
  svg.replaceChildren(...strokes.map((stroke) => {
    const line = document.createElementNS(SVG, 'polyline');
    const points = stroke.length > 1 ? stroke : [stroke[0], stroke[0]];  // a dot is a line to itself
    line.setAttribute('points', points.map(([x, y]) => `${1000 * x},${1000 * y}`).join(' '));
    return line;
  }));
}

// A surface to draw on. `changed` hears of every stroke.
function makePen(changed) {
  const svg = makeDrawing();
  const cross = el('span', { class: 'gl-cross', hidden: true });
  const node = el('div', { class: 'gl-pen', tabIndex: 0, role: 'application', 'aria-label': t('mark.pen'), hidden: true,
    on: { pointerdown: down, pointermove: draw, pointerup: up, pointercancel: up, keydown: byKeys, blur: up } }, svg, cross);
  let strokes = [];
  let current = null;
  let spot = [0.5, 0.5];

  function redraw() {
    drawStrokes(svg, strokes);
    cross.style.left = 100 * spot[0] + '%';
    cross.style.top = 100 * spot[1] + '%';
  }

  function begin(point) {
    if (strokes.length >= MOST_STROKES) return;
    current = [point];
    strokes.push(current);
    redraw();
  }

  function extend(point) {
    const count = strokes.reduce((sum, stroke) => sum + stroke.length, 0);
    if (!current || count >= MOST_POINTS) return;
    current.push(point);
    redraw();
  }

  function up() {
    if (current) changed();
    current = null;
    cross.classList.remove('gl-down');
  }

  function pointAt(event) {
    const box = node.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height].map(within);
  }

  function down(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    node.setPointerCapture(event.pointerId);
    show(cross, false);
    begin(pointAt(event));
  }

  function draw(event) {
    if (current && event.buttons) extend(pointAt(event));
  }

  function byKeys(event) {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (way) {
      const by = event.shiftKey ? STEP / 4 : STEP;
      spot = [within(spot[0] + way[0] * by), within(spot[1] + way[1] * by)];
      show(cross, true);
      if (current) extend(spot);
    } else if (event.key === ' ') {
      show(cross, true);
      if (current) up();
      else { begin(spot); cross.classList.add('gl-down'); }
    } else if (event.key === 'Backspace') {
      undo();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    redraw();
  }

  function undo() {
    up();
    strokes.pop();
    redraw();
    changed();
  }

  return {
    node,
    undo,
    strokes: () => strokes.map((stroke) => stroke.map((point) => point.map((n) => Math.round(n * 1e4) / 1e4))),
    clear() { strokes = []; current = null; spot = [0.5, 0.5]; show(cross, false); redraw(); },
  };
}

function within(n) {
  return Math.min(1, Math.max(0, n));
}
