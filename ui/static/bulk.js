// bulk.js: deciding on several clips at once: the groups there are, their posters to choose from, the
// number typed by hand, and the decision. It knows nothing about what may be grouped, or how it may be
// decided: the server says so, and hands out a ticket for exactly what it showed.

const bulk = {
  groups: [],
  group: null,        // the one that is shown
  chosen: new Set(),  // ids
  isRevealed: false,
  isBusy: false,
  asked: '',          // the verdict that waits for its number
  looked: new Set(),  // ids whose poster was counted as a look
};

const bulkTool = tool('bulk', 'gl-foot-tool');
const bulkKeys = { a: () => chooseAll(), v: () => revealBulk(), j: () => stepGroup(1), k: () => stepGroup(-1),
  o: () => openFirst(), c: () => decideBulk('request_changes'), r: () => decideBulk('reject') };

const bulkGroups = el('fieldset', { class: 'gl-bulk-groups' }, el('legend', { text: t('bulk.groups') }));
const bulkSays = el('p', { class: 'gl-bulk-says' });
const bulkPattern = el('section', { class: 'gl-bulk-pattern', hidden: true, 'aria-label': t('bulk.pattern') });
const bulkAll = bulkButton('A', 'bulk.all', bulkKeys.a, 'gl-small');
const bulkReveal = bulkButton('V', 'desk.reveal', bulkKeys.v, 'gl-small');
const bulkChosen = el('span', { class: 'gl-bulk-chosen', role: 'status' });
const bulkGrid = el('ul', { class: 'gl-bulk-grid', 'aria-label': t('bulk.clips') });
const bulkMore = el('p', { class: 'gl-small-print' });
const bulkReasons = el('p', { class: 'gl-bulk-reasons' });
const bulkNote = el('textarea', { class: 'gl-field', id: 'gl-bulk-note', rows: 2, maxlength: '2000', 'aria-describedby': 'gl-bulk-note-hint' });
const bulkCount = el('input', { class: 'gl-field gl-bulk-count', id: 'gl-bulk-count', type: 'text', inputmode: 'numeric', maxlength: '3',
  autocomplete: 'off', 'aria-describedby': 'gl-bulk-trouble', on: { keydown: confirmCount } });
const bulkTrouble = el('p', { class: 'gl-trouble', id: 'gl-bulk-trouble', role: 'alert' });
const bulkChanges = bulkButton('C', 'desk.request_changes', bulkKeys.c, '');
const bulkReject = bulkButton('R', 'desk.reject', bulkKeys.r, 'gl-reject');
const bulkOpen = bulkButton('O', 'bulk.open', bulkKeys.o, 'gl-strong');
const bulkForm = el('div', { class: 'gl-bulk-form' }, bulkReasons,
  el('label', { class: 'gl-label', for: 'gl-bulk-note', text: t('desk.note') }), bulkNote,
  el('p', { class: 'gl-small-print', id: 'gl-bulk-note-hint', text: t('bulk.note_hint') }),
  el('label', { class: 'gl-label', for: 'gl-bulk-count', text: t('bulk.count') }), bulkCount, bulkTrouble,
  el('div', { class: 'gl-bulk-verdicts' }, bulkChanges, bulkReject));
const bulkNothing = el('p', { class: 'gl-empty', text: t('bulk.nothing'), hidden: true });
const bulkBody = el('div', { hidden: true }, bulkGroups, bulkSays, bulkPattern,
  el('div', { class: 'gl-bulk-tools' }, bulkAll, bulkReveal, bulkChosen), bulkGrid, bulkMore, bulkForm, bulkOpen);
const bulkSheet = makeSheet('bulk', t('bulk.title'), el('p', { class: 'gl-small-print', text: t('bulk.hint') }), bulkNothing, bulkBody);

function bulkButton(name, words, act, extra) {
  const node = button(t(words), act, { class: 'gl-button gl-tool ' + extra, 'aria-keyshortcuts': name });
  node.append(key(name));
  return node;
}

// ---- what there is ----

async function openBulk() {
  if (!desk.items.some(mayDecide)) return;
  bulk.group = null;
  try {
    await loadBulk();
  } catch (error) {
    return complain(error);
  }
  bulkSheet.showModal();
  focusGroup();
}

function focusGroup() {
  const shown = bulkGroups.querySelector('input:checked');
  if (shown) shown.focus();
}

// Asked again after a refusal: what was chosen and still can be stays chosen.
async function loadBulk() {
  const before = bulk.group && nameOfGroup(bulk.group);
  bulk.groups = (await api('POST', '/api/v1/review/bulk/preview')).groups;
  bulkGroups.replaceChildren(bulkGroups.firstChild, ...bulk.groups.map(groupChoice));
  show(bulkNothing, !bulk.groups.length);
  show(bulkBody, bulk.groups.length);
  const chosen = bulk.chosen;
  showGroup(bulk.groups.find((group) => nameOfGroup(group) === before) || bulk.groups[0] || null);
  if (bulk.group && nameOfGroup(bulk.group) === before) {
    bulk.chosen = new Set(bulk.group.clips.map((clip) => clip.id).filter((id) => chosen.has(id)));
  }
  drawBulk();
}

function nameOfGroup(group) {
  return [group.kind, group.check, group.pattern ? group.pattern.id : ''].join('/');
}

function groupChoice(group, i) {
  const input = el('input', { type: 'radio', name: 'gl-bulk-group', value: String(i), on: { change: () => showGroup(group) } });
  return el('label', { class: 'gl-bulk-group' }, input,
    el('span', { text: groupWords(group) }), el('span', { class: 'gl-count', text: number(group.clips.length + group.more) }));
}

function groupWords(group) {
  if (group.kind === 'fault') return t('bulk.check.' + group.check);
  if (group.kind === 'like_decided') return t('bulk.like.' + group.pattern.verdict);
  return t('bulk.like_each_other');
}

function showGroup(group) {
  bulk.group = group;
  bulk.chosen = new Set();
  bulk.isRevealed = false;
  bulkNote.value = bulkCount.value = '';
  bulk.asked = '';
  put(bulkTrouble, '');
  for (const input of bulkGroups.querySelectorAll('input')) input.checked = bulk.groups[Number(input.value)] === group;
  bulkGrid.replaceChildren(...(group ? group.clips.map(bulkCard) : []));
  drawPattern();
  drawBulk();
  noteBulkLooks();
}

function revealBulk() {
  bulk.isRevealed = !bulk.isRevealed;
  drawPattern();
  drawBulk();
  noteBulkLooks();
}

function stepGroup(by) {
  const to = bulk.groups[bulk.groups.indexOf(bulk.group) + by];
  if (!to) return;
  showGroup(to);
  focusGroup();
}

// ---- choosing ----

function choose(clip, yes) {
  if (yes) bulk.chosen.add(clip.id);
  else bulk.chosen.delete(clip.id);
  put(bulkTrouble, '');
  drawBulk();
}

function chooseAll() {
  const { group } = bulk;
  if (!group || !group.verdicts.length) return;
  const all = shownClips().map((clip) => clip.id);
  bulk.chosen = new Set(bulk.chosen.size < all.length ? all : []);
  put(bulkTrouble, '');
  drawBulk();
}

function shownClips() {
  return bulk.group.clips.filter((clip) => !isHidden(clip));
}

function drawBulk() {
  const { group, chosen } = bulk;
  if (!group) return;
  const canDecide = group.verdicts.length > 0;
  put(bulkSays, t('bulk.about.' + group.kind));
  show(bulkPattern, group.pattern);
  for (const node of [bulkAll, bulkChosen, bulkForm]) show(node, canDecide);
  show(bulkOpen, !canDecide);
  put(bulkAll.firstChild, t(chosen.size && chosen.size >= shownClips().length ? 'bulk.none' : 'bulk.all'));
  put(bulkReveal.firstChild, t(bulk.isRevealed ? 'desk.hide' : 'desk.reveal'));
  attr(bulkReveal, 'aria-pressed', bulk.isRevealed);
  put(bulkChosen, t('bulk.chosen', { n: number(chosen.size), of: number(group.clips.length) }));
  put(bulkMore, group.more ? t('bulk.more', { n: number(group.more) }) : '');
  put(bulkReasons, t('bulk.reasons', { reasons: group.reasons.map(labelOf).join(', ') }));
  show(bulkReject, group.verdicts.includes('reject'));
  for (const node of [bulkChanges, bulkReject, bulkNote, bulkCount]) enable(node, !bulk.isBusy);
  for (const card of bulkGrid.children) drawCard(card);
}

// ---- deciding ----

async function decideBulk(verdict) {
  const { group, chosen } = bulk;
  if (bulk.isBusy || !group || !group.verdicts.includes(verdict)) return;
  const clips = group.clips.filter((clip) => chosen.has(clip.id));
  if (!clips.length) return askBulk(bulkGrid.querySelector('input'), t('bulk.missing.choice'));
  const count = /^[0-9]+$/.test(bulkCount.value.trim()) ? Number(bulkCount.value) : -1;
  bulk.asked = verdict;
  if (count !== clips.length) return askBulk(bulkCount, t('bulk.missing.count', { n: number(clips.length) }));
  bulk.isBusy = true;
  drawBulk();
  try {
    const answer = await api('POST', '/api/v1/review/bulk', { ticket: group.ticket, verdict, count, reasons: group.reasons,
      note: bulkNote.value.trim(), clips: clips.map(({ id, version }) => ({ id, version })) });
    bulk.isBusy = false;
    bulkSheet.close();
    bulkDone(clips, verdict, answer);
  } catch (error) {
    bulk.isBusy = false;
    await refusedBulk(error);
  }
  updates.now();
}

function askBulk(field, words) {
  put(bulkTrouble, words);
  if (field) field.focus();
}

// Nothing was decided. What has changed meanwhile is shown as it is now.
async function refusedBulk(error) {
  const note = bulkNote.value;
  if (error.status === 409) await loadBulk().catch(complain);
  else drawBulk();
  bulkNote.value = note;
  put(bulkTrouble, sentence(error));
  focusGroup();
}

function bulkDone(clips, verdict, answer) {
  bulk.group = null;
  for (const clip of clips) desk.done.add(clip.id + '/' + clip.version);
  const gone = new Set(clips.map((clip) => clip.id));
  const at = Math.max(0, place());
  desk.items = desk.items.filter((item) => !gone.has(item.id));
  if (desk.clip && gone.has(desk.clip.id)) {
    desk.isMine = false;  // the decision ended the claim
    open(nextAfter(at));
  }
  drawQueue();
  stagePane.focus({ preventScroll: true });
  const words = t('bulk.did.' + verdict, { n: number(clips.length) });
  offerBack(words, spanOf(answer.decided_at, answer.undo_until), () => undoBulk(clips, answer.id));
}

async function undoBulk(clips, id) {
  try {
    const answer = await api('POST', `/api/v1/review/bulk/${encodeURIComponent(id)}/undo`);
    for (const clip of clips) desk.done.delete(clip.id + '/' + clip.version);
    if (answer.left.length) toast(t('bulk.left', { n: number(answer.left.length), back: number(answer.clips.length) }), { bad: true });
    else toast(t('bulk.did.undo', { n: number(answer.clips.length) }));
  } catch (error) {
    complain(error);
  }
  updates.now();
}

// ---- nobody has judged one of them yet ----

async function openFirst() {
  const { group } = bulk;
  if (!group || group.verdicts.length) return;
  const { id } = group.clips[0];
  bulkSheet.close();
  try {
    open(find(id) || await api('GET', addressOf({ id })));
    stagePane.focus({ preventScroll: true });
  } catch (error) {
    complain(error);
  }
}

// ---- keys, while the sheet is open ----

// R, the number, Enter: the verdict is the one that asked for the number.
function confirmCount(event) {
  if (event.key !== 'Enter' || !bulk.asked) return;
  event.preventDefault();
  decideBulk(bulk.asked);
}

bulkSheet.addEventListener('keydown', (event) => {
  if (isCommand(event)) return;
  if (isTyping(event.target)) {
    if (event.key !== 'Escape') return;
    event.preventDefault();  // the first Escape leaves the field, the next one the sheet
    focusGroup();
    return;
  }
  const act = bulkKeys[event.key.toLowerCase()];
  if (!act || event.repeat) return;
  event.preventDefault();
  act();
});
