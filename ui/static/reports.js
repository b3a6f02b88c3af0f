// reports.js: what the public says of published clips: the cases in the server's order, the clip of one
// with the moments that were named, what was said, and how it ends.
// It knows nothing about who may end it: the server says so in `can`.

const cases = {
  items: [],
  next: null,
  item: null,         // the one that is shown
  isRevealed: false,
  isBusy: false,
  film: null,
};

const reportsTool = tool('reports', 'gl-foot-tool');
const reportsKeys = { j: () => stepCase(1), k: () => stepCase(-1), v: () => revealCase(), ' ': () => playCase(),
  d: () => endCase('dismiss'), e: () => endCase('escalate'), t: () => endCase('takedown') };

const caseRows = el('ul', { class: 'gl-case-rows', 'aria-label': t('reports.cases') });
const caseMore = button(t('more'), moreCases, { class: 'gl-button gl-small', hidden: true });
const caseNothing = el('p', { class: 'gl-empty', text: t('reports.nothing'), hidden: true });
const caseScreen = el('div', { class: 'gl-case-screen' });
const caseVeil = el('button', { type: 'button', class: 'gl-veil', on: { click: () => revealCase() } },
  el('span', { text: t('desk.veil') }), key('V'));
const caseFrame = el('div', { class: 'gl-frame' }, caseScreen, caseVeil);
const casePlay = caseButton('Space', 'desk.play', reportsKeys[' '], 'gl-small');
const caseReveal = caseButton('V', 'desk.reveal', reportsKeys.v, 'gl-small');
const caseMoments = el('div', { class: 'gl-case-moments', role: 'group', 'aria-label': t('reports.moments') });
const caseLine = el('div', { class: 'gl-case-line', 'aria-hidden': 'true' });
const caseStage = el('div', { class: 'gl-case-stage' }, el('div', { class: 'gl-case-area' }, caseFrame), caseLine,
  el('div', { class: 'gl-case-tools' }, casePlay, caseReveal, caseMoments));
const casePrompt = el('h3', { class: 'gl-case-prompt', tabIndex: -1 });
const caseFacts = el('p', { class: 'gl-small-print' });
const caseReasons = el('ul', { class: 'gl-case-reasons', 'aria-label': t('desk.reasons') });
const caseTexts = el('ul', { class: 'gl-case-texts', 'aria-label': t('reports.texts') });
const casePast = el('div', { class: 'gl-case-past' });
const caseNote = el('textarea', { class: 'gl-field', id: 'gl-case-note', rows: 2, maxlength: '2000', 'aria-describedby': 'gl-case-hint' });
const caseHint = el('p', { class: 'gl-small-print', id: 'gl-case-hint' });
const caseReason = el('select', { class: 'gl-field', id: 'gl-case-reason' });
const caseTakeDown = el('div', { class: 'gl-case-reason' },
  el('label', { class: 'gl-label', for: 'gl-case-reason', text: t('reports.reason') }), caseReason);
const caseTrouble = el('p', { class: 'gl-trouble', role: 'alert' });
const caseActs = {
  dismiss: caseButton('D', 'reports.dismiss', reportsKeys.d, ''),
  escalate: caseButton('E', 'reports.escalate', reportsKeys.e, ''),
  takedown: caseButton('T', 'reports.takedown', reportsKeys.t, 'gl-reject'),
};
const caseBox = el('div', { class: 'gl-case', hidden: true }, caseStage, casePrompt, caseFacts, caseReasons, caseTexts, casePast,
  caseTakeDown, el('label', { class: 'gl-label', for: 'gl-case-note', text: t('desk.note') }), caseNote, caseHint, caseTrouble,
  el('div', { class: 'gl-case-acts' }, Object.values(caseActs)));

const unreportedId = el('input', { class: 'gl-field', id: 'gl-unreported-id', type: 'text', autocomplete: 'off', spellcheck: false });
const unreportedReason = el('select', { class: 'gl-field', id: 'gl-unreported-reason' });
const unreportedNote = el('textarea', { class: 'gl-field', id: 'gl-unreported-note', rows: 2, maxlength: '2000' });
const unreportedSaid = el('p', { class: 'gl-trouble gl-calm', role: 'status' });
const unreportedBox = el('details', { class: 'gl-folded', hidden: true }, el('summary', { text: t('reports.unreported') }),
  el('label', { class: 'gl-label', for: 'gl-unreported-id', text: t('golden.clip') }), unreportedId,
  el('label', { class: 'gl-label', for: 'gl-unreported-reason', text: t('reports.reason') }), unreportedReason,
  el('label', { class: 'gl-label', for: 'gl-unreported-note', text: t('desk.note') }), unreportedNote,
  el('p', { class: 'gl-small-print', text: t('reports.note.takedown') }), unreportedSaid,
  el('div', { class: 'gl-case-acts' },
    button(t('reports.restore'), () => decideUnreported('restore'), { class: 'gl-button' }),
    button(t('reports.takedown'), () => decideUnreported('takedown'), { class: 'gl-button gl-reject' })));

const reportsSheet = makeSheet('reports', t('reports.title'), el('p', { class: 'gl-small-print', text: t('reports.what') }), caseNothing,
  el('div', { class: 'gl-case-panes' }, el('div', null, caseRows, caseMore), caseBox), unreportedBox);
reportsSheet.addEventListener('close', () => showCase(null));

function caseButton(name, words, act, extra) {
  const isSpace = name === 'Space';
  const node = button(t(words), act, { class: 'gl-button gl-tool ' + extra, 'aria-keyshortcuts': name });
  node.append(key(isSpace ? t('key.space') : name));
  return node;
}

// ---- what there is ----

async function loadCases() {
  const page = await api('GET', '/api/v1/reports');
  cases.items = page.items;
  cases.next = page.next;
  drawReportsTool();
}

// Only those who see held clips may ask; for others there is no button.
async function countCases() {
  try {
    await loadCases();
    show(reportsTool, true);
    if (reportsSheet.open) showCase(again() || cases.items[0] || null);
  } catch (error) {
    if (error.status !== 403) throw error;
    show(reportsTool, false);
  }
}

function again() {
  return cases.item && cases.items.find((item) => item.id === cases.item.id);
}

function drawReportsTool() {
  const n = cases.items.length + (cases.next ? '+' : '');
  put(reportsTool.firstChild, cases.items.length ? t('desk.reports_n', { n }) : t('desk.reports'));
  reportsTool.classList.toggle('gl-waits', cases.items.length > 0);
}

async function openReports() {
  if (reportsTool.hidden) return;
  try {
    await loadCases();
  } catch (error) {
    return complain(error);
  }
  show(unreportedBox, isLead);
  unreportedReason.replaceChildren(...reasonOptions(''));
  put(unreportedSaid, '');
  reportsSheet.showModal();
  showCase(cases.items[0] || null);
  focusCase();
}

async function moreCases() {
  try {
    const page = await api('GET', '/api/v1/reports?cursor=' + encodeURIComponent(cases.next));
    cases.items = cases.items.concat(page.items);
    cases.next = page.next;
    drawCases();
  } catch (error) {
    put(caseTrouble, sentence(error));
  }
}

// ---- one case ----

function showCase(item) {
  const isOther = !item || !cases.item || item.id !== cases.item.id;
  cases.item = item;
  if (isOther) {
    if (cases.film) cases.film.pause();
    cases.film = item ? player(item.clip, { controls: true }) : null;
    cases.isRevealed = Boolean(item) && !isFor(desk.care.blur, item.clip);
    caseScreen.replaceChildren(...(cases.film ? [cases.film] : []));
    caseNote.value = '';
    put(caseTrouble, '');
    if (item) {
      caseStage.style.setProperty('--gl-ratio', ratio(item.clip));
      caseReason.replaceChildren(...reasonOptions(item.reasons[0].code));
      noteCaseLook(item);
    }
  }
  drawCases();
}

function reasonOptions(code) {
  return desk.policy.map((reason) => el('option', { value: reason.code, selected: reason.code === code, text: reason.label }));
}

function focusCase() {
  const row = caseRows.querySelector('[aria-current]');
  if (!row) return;
  row.focus();
  row.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}

function stepCase(by) {
  const to = cases.items[cases.items.findIndex((item) => item === cases.item) + by];
  if (!to) return;
  showCase(to);
  focusCase();
}

function revealCase() {
  if (!cases.item) return;
  cases.isRevealed = !cases.isRevealed;
  noteCaseLook(cases.item);
  drawCases();
}

function noteCaseLook(item) {
  setTimeout(() => {
    if (cases.item === item && cases.isRevealed && reportsSheet.open) countLook(item.clip);
  }, LOOK_AFTER_MS);
}

function playCase() {
  const { film: shown } = cases;
  if (!shown || !cases.isRevealed) return;
  if (shown.paused) shown.play().catch(() => {});
  else shown.pause();
}

// A moment is looked at standing still, and unveiled only by asking.
function goToMoment(time) {
  if (!cases.film) return;
  cases.film.pause();
  cases.film.currentTime = Math.min(time, cases.item.clip.duration_s);
}

// ---- drawing ----

function drawCases() {
  const { item } = cases;
  show(caseNothing, !cases.items.length);
  show(caseMore, cases.next);
  show(caseBox, item);
  sync(caseRows, cases.items, (each) => each.id, makeCaseRow, drawCaseRow);
  if (!item) return;
  caseFrame.classList.toggle('gl-blurred', !cases.isRevealed);
  show(caseVeil, !cases.isRevealed);
  put(caseReveal.firstChild, t(cases.isRevealed ? 'desk.hide' : 'desk.reveal'));
  attr(caseReveal, 'aria-pressed', cases.isRevealed);
  enable(casePlay, cases.isRevealed);
  put(casePrompt, item.clip.prompt);
  put(caseFacts, [item.clip.creator, t('reports.count', { n: number(item.count) }), ago(item.opened_at)].join(' · '));
  sync(caseReasons, item.reasons, (each) => item.id + each.code, makeReason, drawReason);
  drawMoments(item);
  sync(caseTexts, item.reports, (each) => [item.id, each.reason, each.made_at, each.text].join('/'), makeText, null);
  casePast.replaceChildren(...pastOf(item));
  drawCaseActs(item);
}

function makeCaseRow(item) {
  return el('li', null, el('button', { type: 'button', class: 'gl-case-row', on: { click: () => showCase(cases.items.find((each) => each.id === item.id)) } },
    el('span', { class: 'gl-case-row-reason' }), el('span', { class: 'gl-case-row-prompt' }), el('span', { class: 'gl-case-row-meta' })));
}

function drawCaseRow(row, item) {
  const [reason, words, meta] = row.firstChild.children;
  put(reason, item.reasons.map(labelOf).join(', '));
  put(words, isSpared(item.clip) && item !== cases.item ? t('care.spared', { what: spare(item.clip) }) : item.clip.prompt);
  put(meta, [t('reports.count', { n: number(item.count) }), ago(item.opened_at), item.escalated_at && t('reports.with_lead')].filter(Boolean).join(' · '));
  attr(row.firstChild, 'aria-current', item === cases.item ? 'true' : null);
}

function makeReason(each) {
  return el('li', null, el('strong', { text: reasonLabel(each) }), el('span', { class: 'gl-count' }));
}

function reasonLabel(each) {
  return (each[language] && each[language].label) || each.label;
}

function drawReason(node, each) {
  put(node.firstChild, each.code === 'other' ? t('report.other') : reasonLabel(each));
  put(node.lastChild, number(each.count));
}

function momentsOf(item) {
  return [...new Set(item.reports.map((each) => each.at_s).filter((at) => at !== null))].sort((a, b) => a - b);
}

function drawMoments(item) {
  const moments = momentsOf(item).map((at) => ({ at, id: item.id + '/' + at }));
  sync(caseMoments, moments, (each) => each.id, ({ at }) => timeButton(at, () => goToMoment(at)), null);
  sync(caseLine, moments, (each) => each.id, () => el('span'), (node, { at }) => {
    node.style.left = 100 * Math.min(1, at / item.clip.duration_s) + '%';
  });
  show(caseLine, moments.length);
}

// What strangers write is text and nothing else.
function makeText(each) {
  const range = each.at_s === null ? '' : each.until_s === null ? t('time.s', { n: tenths(each.at_s) })
    : t('reports.range', { from: tenths(each.at_s), until: tenths(each.until_s) });
  const who = t(each.signed_in ? 'reports.member' : 'reports.stranger');
  const label = each.reason === 'other' ? t('report.other') : labelOf(each.reason);
  return el('li', null, each.text && el('p', { class: 'gl-case-words', text: each.text }),
    el('p', { class: 'gl-small-print', text: [label, range, who, ago(each.made_at)].filter(Boolean).join(' · ') }));
}

function pastOf(item) {
  const decided = item.decisions.map((each) => el('section', null,
    el('h3', { text: t('reports.decided', { role: t('statement.role.' + each.role), pseudonym: each.pseudonym, ago: ago(each.decided_at) }) }),
    ...verdictStory({ verdict: each.verdict, reasons: each.reasons.map((code) => ({ code })), note: each.note }),
    each.internal_note && quote(each.internal_note)));
  const earlier = item.earlier.map((each) => el('section', null,
    el('h3', { text: t('reports.before.' + each.outcome, { ago: ago(each.closed_at), n: number(each.count) }) }), each.note && quote(each.note)));
  const passed = item.escalation_note && el('section', null, el('h3', { text: t('reports.passed') }), quote(item.escalation_note));
  return [passed, ...decided, ...earlier].filter(Boolean);
}

function drawCaseActs(item) {
  const can = new Set(item.can);
  for (const [name, node] of Object.entries(caseActs)) {
    show(node, can.has(name) || (name === 'dismiss' && item.why_not));
    enable(node, can.has(name) && !cases.isBusy);
  }
  show(caseTakeDown, can.has('takedown'));
  put(caseHint, t(can.has('takedown') ? 'reports.note.both' : 'reports.note.dismiss'));
  if (!caseTrouble.textContent && item.why_not) put(caseTrouble, sentence(item.why_not));
  caseTrouble.classList.toggle('gl-calm', Boolean(item.why_not) && caseTrouble.textContent === sentence(item.why_not));
}

// ---- how it ends ----

async function endCase(verb) {
  const { item } = cases;
  if (!item || cases.isBusy || !item.can.includes(verb)) return;
  const note = caseNote.value.trim();
  if (verb === 'dismiss' && !note) return askCase(caseNote, t('reports.missing.note'));
  cases.isBusy = true;
  drawCases();
  try {
    if (verb === 'takedown') await api('POST', addressOf(item.clip, 'takedown'), { reason: caseReason.value, note });
    else await api('POST', `/api/v1/reports/${encodeURIComponent(item.clip_id)}/${verb}`,
      verb === 'escalate' ? { note } : { note, case_id: item.id, reasons: item.reasons.map((each) => each.code) });
    cases.isBusy = false;
    await afterCase(item);
  } catch (error) {
    cases.isBusy = false;
    await loadCases().catch(() => {});
    const fresh = again();
    if (fresh) cases.item = fresh;
    drawCases();
    askCase(null, sentence(error));
  }
}

function askCase(node, words) {
  put(caseTrouble, words);
  caseTrouble.classList.remove('gl-calm');
  if (node) node.focus();
}

// The next case; when it was the last one, the sheet says so.
async function afterCase(item) {
  const at = cases.items.findIndex((each) => each.id === item.id);
  await loadCases();
  cases.item = null;
  showCase(cases.items[Math.min(at, cases.items.length - 1)] || null);
  if (cases.item) focusCase();
  else reportsSheet.querySelector('.gl-sheet-head button').focus();
}

async function decideUnreported(verb) {
  const id = idOf(unreportedId.value);
  if (!id) return unreportedId.focus();
  const said = { reason: unreportedReason.value, note: unreportedNote.value.trim() };
  try {
    await api('POST', addressOf({ id }, verb), said);
    put(unreportedSaid, t('reports.did.' + verb));
    unreportedNote.value = '';
  } catch (error) {
    put(unreportedSaid, sentence(error));
  }
  return countCases().catch(complain);
}

// ---- keys, while the sheet is open ----

reportsSheet.addEventListener('keydown', (event) => {
  if (isCommand(event)) return;
  if (isTyping(event.target)) {
    if (event.key !== 'Escape') return;
    event.preventDefault();  // the first Escape leaves the field, the next one the sheet
    focusCase();
    return;
  }
  if (event.key === ' ' && !event.target.classList.contains('gl-case-row') && isPressable(event.target)) return;
  const act = reportsKeys[event.key.toLowerCase()];
  if (!act || event.repeat || event.target.tagName === 'VIDEO') return;
  event.preventDefault();
  act();
});
