// verdict.js: the reasons, the words, and the decision itself, with what stands in its way.
// It knows nothing about which moves are allowed: the server decides, and says so in its errors.

const chips = el('div', { class: 'gl-chips' });
const chosen = el('ul', { class: 'gl-chosen', 'aria-live': 'polite' });
const noteLabel = el('label', { class: 'gl-label', for: 'gl-note' });
const note = el('textarea', { class: 'gl-field', id: 'gl-note', rows: 2, maxlength: '2000', 'aria-describedby': 'gl-note-hint' });
const internal = el('textarea', { class: 'gl-field', id: 'gl-internal', rows: 2, maxlength: '2000', 'aria-label': t('desk.internal') });
const notes = el('ul', { class: 'gl-internal-notes' });
const folded = el('details', { class: 'gl-folded' }, el('summary', { text: t('desk.internal') }), notes, internal);
const trouble = el('p', { class: 'gl-trouble', role: 'alert' });
const approve = tool('approve', 'gl-verdict gl-approve');
const reject = tool('reject', 'gl-verdict gl-reject');
const changes = tool('request_changes', 'gl-verdict gl-changes');
const skipTool = tool('skip', 'gl-aside');
const handOverTool = tool('hand_over', 'gl-aside');
const reading = el('div', { class: 'gl-reading', tabIndex: 0, role: 'group', 'aria-label': t('desk.facts_only') },
  badges, prompt, negative, storyBox, factList, markSection,
  el('h3', { text: t('desk.advice') }), adviceList, precedentBox,
  el('fieldset', { class: 'gl-fieldset' }, el('legend', { text: t('desk.reasons') }), chips, chosen),
  noteLabel, note, el('p', { class: 'gl-small-print', id: 'gl-note-hint', text: t('desk.note_hint') }), folded);
const factsPane = el('section', { class: 'gl-decide', 'aria-label': t('desk.facts') }, reading,
  el('div', { class: 'gl-verdicts' }, trouble, approve, reject, changes, el('div', { class: 'gl-asides' }, skipTool, handOverTool, goldenTool)));

for (const node of [approve, reject, changes]) node.removeAttribute('title');

// ---- reasons ----

async function loadPolicy() {
  const { reasons, version } = await api('GET', '/api/v1/policy');
  desk.policy = reasons;
  desk.policyVersion = version;
  sync(chips, reasons.map((reason, i) => ({ reason, i })), (item) => version + '/' + item.reason.code, makeChip, null);
}

function isOffered(code) {
  return desk.policy.some((reason) => reason.code === code);
}

function makeChip({ reason, i }) {
  const chip = button(reason.label, () => toggleReason(reason.code), { class: 'gl-reason', title: reason.text });
  attr(chip, 'aria-pressed', 'false');
  chip.dataset.code = reason.code;
  if (i < 10) {
    chip.append(key(String((i + 1) % 10)));
    attr(chip, 'aria-keyshortcuts', (i + 1) % 10);
  }
  return chip;
}

function toggleReason(code) {
  if (!canDecide()) return;
  if (desk.reasons.has(code)) desk.reasons.delete(code);
  else desk.reasons.add(code);
  if (desk.reasons.size) desk.trouble = '';
  drawDecision();
}

// ---- words ----

function drawNotes(clip) {
  const said = clip.internal_notes || [];
  sync(notes, said.map((text, i) => ({ text, i })), (item) => item.i, () => el('li'),
    (node, item) => put(node, typeof item.text === 'string' ? item.text : item.text.text || item.text.note));
  put(folded.firstChild, said.length ? t('desk.internal_n', { n: number(said.length) }) : t('desk.internal'));
  put(noteLabel, t(isAppeal(clip) ? 'desk.answer' : 'desk.note'));
}

function isAppeal(clip) {
  return clip.stage === 'appeal';
}

function keepDraft(clip) {
  const draft = { note: note.value, internal: internal.value, reasons: [...desk.reasons] };
  if (draft.note || draft.internal || draft.reasons.length) desk.drafts.set(clip.id, draft);
  else desk.drafts.delete(clip.id);
}

function bringDraft(clip) {
  const draft = (clip && desk.drafts.get(clip.id)) || {};
  desk.reasons = new Set((draft.reasons || []).filter(isOffered));
  note.value = draft.note || '';
  internal.value = draft.internal || '';
  folded.open = Boolean(draft.internal);
}

// ---- what stands in the way ----

function canDecide() {
  const clip = desk.clip;
  if (!clip || desk.isBusy || desk.isSettled || !mayDecide(clip) || heldBy(clip)) return false;
  return desk.isMine || Boolean(desk.claiming);
}

function obstacle() {
  const clip = desk.clip;
  if (!clip) return '';
  if (clip.own) return t('desk.own');
  if (desk.trouble) return desk.trouble;
  if (heldBy(clip)) return t('desk.held');
  return mayDecide(clip) ? '' : t('desk.read_only');
}

function drawDecision() {
  const { clip } = desk;
  const ready = canDecide();
  drawBanner();
  put(trouble, obstacle());
  trouble.classList.toggle('gl-calm', !desk.trouble);
  show(factsPane, clip);
  root.classList.toggle('gl-nothing', desk.isKnown && !clip);
  for (const node of [approve, reject, changes]) enable(node, ready);
  show(changes, !clip || !isAppeal(clip));
  show(skipTool, may(clip, 'skip') && !desk.isSettled);
  show(handOverTool, may(clip, 'hand_over') && !heldBy(clip) && !desk.isSettled);
  show(goldenTool, may(clip, 'golden'));
  for (const chip of chips.children) {
    attr(chip, 'aria-pressed', desk.reasons.has(chip.dataset.code));
    enable(chip, ready);
  }
  const named = desk.policy.filter((reason) => desk.reasons.has(reason.code));
  sync(chosen, named, (reason) => reason.code, () => el('li'), (node, reason) => put(node, reason.text || reason.label));
  for (const field of [note, internal]) enable(field, ready || desk.isBusy);
  attr(note, 'aria-required', Boolean(clip) && isAppeal(clip));
}

// ---- the decision ----

async function decide(verdict) {
  if (!canDecide()) return;
  if (verdict === 'request_changes' && isAppeal(desk.clip)) return;
  if (verdict !== 'approve' && !desk.reasons.size) return askFor(chips.querySelector('button'), t('desk.missing.' + verdict));
  if (isAppeal(desk.clip) && !note.value.trim()) return askFor(note, t('desk.missing.answer'));
  desk.isBusy = true;
  desk.trouble = '';
  wantsUndo = false;
  drawDecision();
  if (desk.claiming) await desk.claiming;
  const clip = desk.clip;
  try {
    if (!desk.isMine) throw problem({ message: desk.trouble || t('desk.held') }, 409);
    const answer = await api('POST', addressOf(clip, 'decision'), {
      verdict, reasons: [...desk.reasons],  // with an approval they ask for a second look
      note: note.value.trim(), internal_note: internal.value.trim(), version: clip.version,
      policy_version: desk.policyVersion });
    desk.isBusy = false;
    advance(clip);
    if (answer.check) tellCheck(answer.check);
    else offerUndo(clip, verdict, answer);
  } catch (error) {
    desk.isBusy = false;
    if (desk.clip !== null && desk.clip.id !== clip.id) complain(error);
    else await refused(clip, error);
    drawDecision();
  }
  updates.now();
}

// A conflict may end the matter, or only ask for a second look: the clip itself tells.
async function refused(clip, error) {
  desk.trouble = sentence(error);
  if (error.code === 'reasons_changed') return showReasonsAgain(sentence(error));
  if (error.status !== 409) return;
  const now = await api('GET', addressOf(clip)).catch(() => null);
  if (!desk.clip || desk.clip.id !== clip.id) return;
  if (now && OPEN_STATES.includes(now.state)) hear(now);
  else settle(sentence(error), now);
}

// Somebody has published another version of the policy since this desk was opened.
async function showReasonsAgain(why) {
  await loadPolicy().catch(complain);
  desk.reasons = new Set([...desk.reasons].filter(isOffered));
  askFor(chips.querySelector('button'), why);
}

function askFor(field, words) {
  desk.trouble = words;
  drawDecision();
  if (!field) return;
  field.focus();
  const place = field === note ? note : chips;
  place.classList.remove('gl-asked');
  requestAnimationFrame(() => place.classList.add('gl-asked'));
}

// ---- leaving it to others ----

async function skip() {
  const clip = desk.clip;
  if (!may(clip, 'skip') || desk.isBusy || desk.isSettled) return;
  try {
    if (desk.claiming) await desk.claiming;
    await api('POST', addressOf(clip, 'skip'));
  } catch (error) {
    return complain(error);
  }
  desk.skipped.add(clip.id);
  passOn(clip, t('desk.did.skip'));
}

// The clip stays in the queue, and this person goes on with another.
function passOn(clip, words) {
  desk.isMine = false;
  if (desk.clip && desk.clip.id === clip.id) open(upcoming());
  toast(words);
  updates.now();
}
