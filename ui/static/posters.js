// posters.js: clips as posters to choose from: what each shows and says, veiled by each reviewer's own
// wish (care.js) as on the stage. It knows nothing about deciding.

function bulkCard(clip) {
  const parts = {
    poster: bulkPoster(clip), prompt: el('span', { class: 'gl-bulk-prompt' }),
    input: el('input', { type: 'checkbox', value: clip.id, on: { change: () => choose(clip, parts.input.checked) } }),
  };
  const sure = t(bulk.group.kind === 'fault' ? 'bulk.sure' : 'bulk.alike', { n: percent(clip.seen.score) });
  const by = [clip.creator, sure].filter(Boolean).join(' · ');
  const words = el('span', { class: 'gl-bulk-words' }, parts.prompt, el('span', { class: 'gl-bulk-by', text: by }));
  const canChoose = bulk.group.verdicts.length > 0;
  const node = el('li', null, el(canChoose ? 'label' : 'div', { class: 'gl-bulk-card' }, parts.poster, canChoose && parts.input, words));
  return Object.assign(node, { parts, clip });
}

function drawCard({ parts, clip }) {
  drawPoster(parts.poster, clip);
  put(parts.prompt, isHidden(clip) ? t('care.spared', { what: spare(clip) }) : clip.prompt);
  parts.input.checked = bulk.chosen.has(clip.id);
  enable(parts.input, !bulk.isBusy && !isHidden(clip));
}

function bulkPoster(clip) {
  return el('span', { class: 'gl-bulk-poster' },
    el('img', { class: clip.width < CRISP_BELOW ? 'gl-crisp' : '', alt: '', loading: 'lazy', decoding: 'async' }));
}

function drawPoster(box, clip) {
  const poster = here(clip.media && clip.media.poster);
  const isShown = poster && !isHidden(clip);
  if (isShown) attr(box.firstChild, 'src', poster);
  show(box.firstChild, isShown);
  box.classList.toggle('gl-blurred', isVeiled(clip));
  box.classList.toggle('gl-bulk-grey', isFor(desk.care.grey, clip));
}

// The decision that the group would follow, on the clip that it was made on.
function drawPattern() {
  bulkPattern.replaceChildren(...(bulk.group && bulk.group.pattern ? patternParts(bulk.group.pattern) : []));
}

function patternParts(pattern) {
  const poster = bulkPoster(pattern);
  drawPoster(poster, pattern);
  const said = [isHidden(pattern) ? '' : pattern.prompt, ago(pattern.decided_at)].filter(Boolean).join(' · ');
  return [poster, el('div', null, el('h3', { text: t('bulk.pattern') }),
    ...verdictStory({ verdict: pattern.verdict, reasons: bulk.group.reasons, note: pattern.note }),
    el('p', { class: 'gl-small-print', text: said }))];
}

// ---- looking ----

function isVeiled(clip) {
  return !bulk.isRevealed && isFor(desk.care.blur, clip);
}

// Of a kind that this person is spared: neither shown nor to be chosen before they ask for it.
function isHidden(clip) {
  return !bulk.isRevealed && isSpared(clip);
}

// Posters count as looks like clips on the stage do: after a second, each once a sitting.
function noteBulkLooks() {
  const { group } = bulk;
  setTimeout(async () => {
    if (!group || bulk.group !== group || !bulkSheet.open) return;
    for (const clip of group.clips) {
      if (isVeiled(clip) || isHidden(clip) || bulk.looked.has(clip.id)) continue;
      bulk.looked.add(clip.id);
      await countLook(clip);
    }
  }, LOOK_AFTER_MS);
}
