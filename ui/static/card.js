// card.js: one clip of mine, or the variants of one prompt: its picture, its line of time, its why,
// its acts. It knows nothing about the list; what a press does is handed in.

const shownVariant = new Map();  // group → the variant that was chosen in it

// `deeds`: {send(card, verb), compare(choices, one, other)}.
function makeCard(group, deeds) {
  const parts = {
    picture: el('div', { class: 'gl-picture' }), fill: el('div', { class: 'gl-bar-fill' }),
    variants: el('div', { class: 'gl-variants', role: 'group', hidden: true }),
    prompt: el('h3', { class: 'gl-prompt', tabIndex: -1 }), facts: el('p', { class: 'gl-facts-line' }),
    asked: el('p', { class: 'gl-asked', hidden: true }),
    kin: el('ul', { class: 'gl-kin' }), line: makeLine(), why: makeWhy(), remarks: makeRemarks(),
    warning: el('p', { class: 'gl-hint gl-warning', hidden: true }), acts: el('div', { class: 'gl-acts' }),
  };
  parts.bar = el('div', { class: 'gl-bar', role: 'progressbar', 'aria-valuemin': '0', 'aria-valuemax': '100',
    'aria-label': t('making.progress'), hidden: true }, parts.fill);
  parts.frame = el('div', { class: 'gl-frame' }, parts.picture, parts.bar);
  const card = el('li', { class: 'gl-mine-card' },
    el('div', { class: 'gl-looks' }, parts.frame, parts.variants),
    el('div', { class: 'gl-words' }, parts.prompt, parts.asked, parts.facts, parts.kin, parts.line, parts.why, parts.remarks, parts.acts, parts.warning));
  return Object.assign(card, { parts, group, deeds });
}

function drawCard(card, group, { clips, usual }) {
  const { parts, deeds } = card;
  const clip = group.clips.find((each) => each.id === shownVariant.get(group.id)) || group.clips[0];
  const kin = kinOf(clip, clips);
  Object.assign(card, { group, clip, redraw: () => drawCard(card, group, { clips, usual }) });
  put(parts.prompt, headingOf(clip));
  put(parts.asked, clip.title ? clip.prompt : '');
  show(parts.asked, clip.title);
  put(parts.facts, factsLine(clip));
  drawPicture(card, clip);
  drawBar(parts, clip);
  drawVariants(card);
  sync(parts.kin, kinLines(clip, kin, group), (line) => line.name + clip.id, (line) => makeKinLine(card, line), drawKinLine);
  drawLine(parts.line, clip, usual);
  drawWhy(parts.why, clip, kin);
  drawRemarks(parts.remarks, card, clip);
  sync(parts.acts, actsOf(clip, kin, deeds.send), (act) => act.name + clip.id, (act) => act.make(card), null);
  const warning = warningOf(clip, kin);
  put(parts.warning, warning);
  show(parts.warning, warning);
}

function factsLine(clip) {
  return [clip.model, `${clip.width} × ${clip.height}`, clip.duration_s && seconds(clip.duration_s),
    clip.num_inference_steps && t('mine.steps', { n: number(clip.num_inference_steps) }),
    t('fact.seed') + ' ' + clip.seed].filter(Boolean).join(' · ');
}

// ---- the picture: a look at what is being made, then the poster, then the film when it is asked for ----

function drawPicture({ parts }, clip) {
  const preview = here(clip.progress && clip.progress.preview);
  const poster = here(clip.media && clip.media.poster);
  const sort = poster ? 'poster' : preview ? 'preview' : 'blank';
  const sign = [clip.id, sort].join('/');
  parts.frame.style.setProperty('--gl-ratio', ratio(clip));
  parts.frame.classList.toggle('gl-working', isUnderWay(clip) && clip.state !== 'queued' && sort === 'blank');
  parts.frame.classList.toggle('gl-none', !isUnderWay(clip) && sort === 'blank');
  if (parts.picture.dataset.sign === sign) {
    if (sort === 'preview') attr(parts.image, 'src', preview);
    return;
  }
  parts.picture.dataset.sign = sign;
  parts.image = sort === 'blank' ? null : picture(clip, poster || preview);
  replaceLook(parts.picture, parts.image, sort === 'poster' ? [playButton(parts.picture, clip)] : []);
}

// What was there stays until the new picture is whole, so nothing blinks.
async function replaceLook(place, image, more) {
  const { sign } = place.dataset;
  if (image && place.firstChild) await image.decode().catch(() => {});
  if (place.dataset.sign === sign) place.replaceChildren(...[image, ...more].filter(Boolean));
}

function picture(clip, src) {
  const image = el('img', { src, alt: '', decoding: 'async', class: clip.width < CRISP_BELOW ? 'gl-crisp' : null });
  image.addEventListener('error', () => show(image, false));
  image.addEventListener('load', () => show(image, true));
  return image;
}

function playButton(place, clip) {
  const start = el('button', { type: 'button', class: 'gl-play', 'aria-label': t('mine.play', { prompt: headingOf(clip) }) });
  start.addEventListener('click', () => {
    const film = player(clip, { controls: true });
    place.replaceChildren(film);
    film.play().catch(() => {});
    film.focus();
  });
  return start;
}

function drawBar(parts, clip) {
  const running = isUnderWay(clip) && clip.state !== 'queued';
  const fraction = fractionOf(clip);
  show(parts.bar, running);
  parts.fill.style.transform = `scaleX(${running ? fraction : 0})`;
  attr(parts.bar, 'aria-valuenow', Math.round(fraction * 100));
  attr(parts.bar, 'aria-valuetext', [phaseWords(clip), stepWords(clip), leftWords(clip)].filter(Boolean).join(', '));
}

// ---- variants ----

function drawVariants(card) {
  const { group, parts } = card;
  const several = group.clips.length > 1;
  show(parts.variants, several);
  if (several) attr(parts.variants, 'aria-label', t('mine.variants', { n: number(group.clips.length) }));
  const items = several ? group.clips.map((clip, i) => ({ clip, label: t('mine.variant', { i: number(i + 1) }) })) : [];
  sync(parts.variants, items, (item) => item.clip.id, (item) => makeVariant(card, item), (node, item) => drawVariant(card, node, item));
}

function makeVariant(card, { clip }) {
  const choose = () => { shownVariant.set(card.group.id, clip.id); card.redraw(); };
  return el('button', { type: 'button', class: 'gl-variant', on: { click: choose } });
}

function drawVariant(card, node, { clip, label }) {
  const poster = here(clip.media && clip.media.poster);
  attr(node, 'aria-pressed', clip.id === card.clip.id);
  attr(node, 'aria-label', `${label}: ${t('state.' + clip.state)}`);
  attr(node, 'title', `${label}: ${t('state.' + clip.state)}`);
  attr(node, 'data-state', clip.state);
  if (poster && !node.firstChild) node.append(picture(clip, poster));
}

// ---- relatives ----

function kinLines(clip, kin, group) {
  const lines = [];
  const pair = (name, other, older, newer) => lines.push({ name, words: t('kin.' + name),
    choices: older.media && newer.media ? [{ clip: older, label: t('kin.older.' + other) }, { clip: newer, label: t('kin.newer.' + other) }] : null });
  if (kin.parent && kin.parent.clip) pair(kin.parent.kind, kin.parent.kind, kin.parent.clip, clip);
  else if (kin.parent) lines.push({ name: 'gone', words: t('kin.gone'), choices: null });
  if (kin.child) pair('has_' + kin.child.kind, kin.child.kind, clip, kin.child.clip);
  if (group.clips.length > 1) lines.push(variantsLine(clip, group));
  return lines;
}

function variantsLine(clip, group) {
  const made = group.clips.map((each, i) => ({ clip: each, label: t('mine.variant', { i: number(i + 1) }) }))
    .filter((choice) => choice.clip.media);
  const one = Math.max(0, made.findIndex((choice) => choice.clip.id === clip.id));
  const i = group.clips.indexOf(clip);
  return { name: 'variant', words: t('kin.variant', { i: number(i + 1), n: number(group.clips.length) }),
    choices: made.length > 1 ? made : null, one, other: (one + 1) % Math.max(1, made.length) };
}

function makeKinLine(card, line) {
  const node = el('li', null, el('span'), button(t('compare.open'),
    () => card.deeds.compare(node.line.choices, node.line.one ?? 0, node.line.other ?? 1), { class: 'gl-link' }));
  node.line = line;
  return node;
}

function drawKinLine(node, line) {
  node.line = line;
  put(node.firstChild, line.words);
  show(node.lastChild, line.choices);
}
