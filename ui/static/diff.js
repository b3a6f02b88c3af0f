// diff.js: what differs between two clips: prompts word by word, settings one by one.
// It knows nothing about players; all text goes through textContent.

const LONGEST_DIFF = 4000000;  // cells of the table below; longer texts are compared as wholes

// Rows of {name, left, right, isSame}, all of them text; what one of the two does not say is left out.
function differences(left, right) {
  const rows = [
    ['prompt', left.prompt, right.prompt],
    ['size', `${left.width} × ${left.height}`, `${right.width} × ${right.height}`],
    ['length', lengthWords(left), lengthWords(right)],
    ['seed', String(left.seed), String(right.seed)],
    ['steps', stepsOf(left), stepsOf(right)],
    ['guidance', guidanceOf(left), guidanceOf(right)],
  ];
  return rows.filter(([, one, other]) => one && other)
    .map(([name, one, other]) => ({ name, left: one, right: other, isSame: one === other }));
}

function lengthWords(clip) {
  return t('fact.frames', { time: seconds(clip.num_frames / clip.fps), n: number(clip.num_frames) });
}

function stepsOf(clip) {
  return Number.isFinite(clip.num_inference_steps) ? number(clip.num_inference_steps) : '';
}

function guidanceOf(clip) {
  return Number.isFinite(clip.guidance_scale) ? number(clip.guidance_scale, 2) : '';
}

// The words of `text` as nodes, those that `other` does not have marked with `tag`.
function marked(text, other, tag) {
  return runs(text, other).flatMap(({ words, isKept }) => {
    if (isKept) return [document.createTextNode(words)];
    const bare = words.trimEnd();  // the blank after a marked word is nobody's
    return [el(tag, { class: 'gl-word', text: bare }), document.createTextNode(words.slice(bare.length))];
  });
}

// Neighbouring words of one kind as one run.
function runs(text, other) {
  const words = wordsOf(text);
  const kept = longestCommon(words, wordsOf(other));
  const found = [];
  words.forEach((word, i) => {
    const last = found[found.length - 1];
    if (last && last.isKept === kept[i]) last.words += word;
    else found.push({ words: word, isKept: kept[i] });
  });
  return found;
}

// Also where no blanks stand between words, as in Japanese.
function wordsOf(text) {
  if (!window.Intl || !Intl.Segmenter) return text.split(/(?<=\s)(?=\S)/);
  const parts = [...new Intl.Segmenter(language, { granularity: 'word' }).segment(text)];
  const words = [];
  for (const { segment } of parts) {
    if (/^\s+$/.test(segment) && words.length) words[words.length - 1] += segment;
    else words.push(segment);
  }
  return words;
}

// For each of `words` whether it stands in the longest sequence that both texts share.
function longestCommon(words, others) {
  const kept = words.map(() => false);
  if (words.length * others.length > LONGEST_DIFF) return kept.fill(words.join('') === others.join(''));
  const same = (i, j) => words[i].trim() === others[j].trim();
  const table = Array.from({ length: words.length + 1 }, () => new Uint32Array(others.length + 1));
  for (let i = words.length - 1; i >= 0; i -= 1) {
    for (let j = others.length - 1; j >= 0; j -= 1) {
      table[i][j] = same(i, j) ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1]);
    }
  }
  for (let i = 0, j = 0; i < words.length && j < others.length;) {
    if (same(i, j)) { kept[i] = true; i += 1; j += 1; }
    else if (table[i + 1][j] >= table[i][j + 1]) i += 1;
    else j += 1;
  }
  return kept;
}
