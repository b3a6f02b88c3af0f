// story.js: what went before: an appeal with its first decision, a decision that was taken back, an
// earlier version with what was asked of it and what differs now. It knows nothing about what will
// be decided.

const storyBox = el('div', { class: 'gl-story' });
const compareTool = tool('compare', 'gl-small');
const VERDICT_OF = { approved: 'approve', second_review: 'approve', rejected: 'reject', changes_requested: 'request_changes' };
const VERSION_OF = ['changes_requested', 'superseded'];

const askedOf = new Map();  // earlier version → the last entry of its line of time that says why
let storySign = '';

function isNewVersion(clip) {
  return Boolean(clip && clip.parent && clip.parent.own && VERSION_OF.includes(clip.parent.state));
}

// Built again only when it says something else, so that a selection of words in it stays.
function drawStory() {
  const clip = desk.clip;
  const asked = clip && clip.parent ? askedOf.get(clip.parent.id) : null;
  const sign = clip ? JSON.stringify([clip.id, clip.stage, clip.appeal, isNewVersion(clip), asked, takenBack(clip).length, desk.policyVersion]) : '';
  if (sign === storySign) return;
  storySign = sign;
  const said = clip ? [...appealStory(clip), ...secondStory(clip), ...takenBackStory(clip), ...versionStory(clip, asked)] : [];
  storyBox.replaceChildren(...said);
  show(storyBox, said.length);
  if (isNewVersion(clip) && !askedOf.has(clip.parent.id)) learnWhatWasAsked(clip);
}

function appealStory(clip) {
  if (!clip.appeal) return [];
  const { text, made_at: at, decision } = clip.appeal;
  const said = [el('h3', { text: t('story.appeal') }), quote(text, ago(at))];
  if (decision) said.push(el('h3', { text: t('story.first') }), ...verdictStory(decision));
  return [el('section', { class: 'gl-story-appeal' }, said)];
}

function secondStory(clip) {
  return clip.stage === 'second' ? [el('section', null, el('p', { text: t('story.second') }))] : [];
}

function takenBack(clip) {
  return (clip.timeline || []).filter((entry) => entry.taken_back_at);
}

function takenBackStory(clip) {
  return takenBack(clip).map((entry) => el('section', null, el('h3', { text: t('story.taken_back') }),
    ...verdictStory({ ...entry, verdict: VERDICT_OF[entry.state], role: entry.by })));
}

function verdictStory({ verdict, reasons = [], note, role }) {
  const who = role && has('by.' + role) ? ' ' + t('by.' + role) : '';
  return [el('p', null, el('strong', { text: t('verdict.' + verdict) }), who), reasonLine(reasons), note && quote(note)].filter(Boolean);
}

function versionStory(clip, asked) {
  if (!isNewVersion(clip)) return [];
  const rows = differences(clip.parent, clip).filter((row) => !row.isSame);
  const changed = rows.length ? el('dl', { class: 'gl-changed' }, rows.map(changedRow)) : el('p', { text: t('story.same') });
  return [el('section', { class: 'gl-story-version' }, el('h3', { text: t('kin.version') }),
    asked && el('p', { class: 'gl-small-print', text: t('story.asked') }), asked && reasonLine(asked.reasons),
    asked && asked.note && quote(asked.note),
    el('p', { class: 'gl-small-print', text: t('story.changed') }), changed, clip.parent.media && compareTool)];
}

function changedRow({ name, left, right }) {
  const sides = name === 'prompt' ? [marked(left, right, 'del'), marked(right, left, 'ins')]
    : [[el('del', { class: 'gl-word', text: left }), ' → ', el('ins', { class: 'gl-word', text: right })]];
  return el('div', null, el('dt', { text: t('fact.' + name) }), el('dd', null, sides.map((side) => el('p', null, side))));
}

function reasonLine(reasons) {
  return reasons && reasons.length ? el('p', { class: 'gl-story-reasons', text: reasons.map(labelOf).join(' · ') }) : null;
}

function quote(text, by) {
  return el('figure', { class: 'gl-quote' }, el('blockquote', { text }), by && el('figcaption', { text: by }));
}

async function learnWhatWasAsked(clip) {
  askedOf.set(clip.parent.id, null);
  const parent = await api('GET', addressOf(clip.parent)).catch(() => null);
  const said = ((parent && parent.timeline) || []).filter((entry) => entry.state === 'changes_requested').pop();
  askedOf.set(clip.parent.id, said ? { reasons: said.reasons, note: said.note } : null);
  drawStory();
}

// Side by side they are not veiled, so this is a look at the clip.
function compareVersions() {
  const clip = desk.clip;
  if (!isNewVersion(clip) || !clip.media || !clip.parent.media) return;
  if (!desk.isRevealed) reveal();
  if (film) film.pause();
  compare([{ label: t('kin.older.version'), clip: clip.parent }, { label: t('kin.newer.version'), clip }]);
}
