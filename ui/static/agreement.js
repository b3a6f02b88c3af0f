// agreement.js: how much those agree who judged the same clip without knowing of each other: one's own
// numbers, for leads everybody's, and what is said after a check. It knows nothing about who is asked.

const TOLD_MS = 20000;
const SIDES = ['second', 'golden'];

const twoDigits = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });

let agreement = null;  // as last heard

const agreementTool = tool('agreement', 'gl-foot-tool');
const agreementFigures = el('div', { class: 'gl-figures' });
const agreementTrouble = el('p', { class: 'gl-trouble', role: 'alert' });
const sideChoice = el('fieldset', { class: 'gl-wish', hidden: true }, el('legend', { text: t('agreement.against') }),
  el('div', { class: 'gl-choices' }, SIDES.map((side) => el('label', { class: 'gl-check' },
    el('input', { type: 'radio', name: 'gl-agreement-side', value: side, checked: side === 'second', on: { change: drawAgreement } }),
    el('span', { text: t('agreement.' + side) })))));
const agreementSheet = makeSheet('agreement', t('agreement.title'),
  el('p', { class: 'gl-small-print', text: t('agreement.what') }), sideChoice, agreementFigures,
  el('p', { class: 'gl-small-print', text: t('agreement.kappa') }), agreementTrouble, goldenBox);

async function openAgreement() {
  put(agreementTrouble, '');
  agreementSheet.showModal();
  try {
    agreement = await api('GET', '/api/v1/review/agreement');
    drawAgreement();
    await loadGolden();
  } catch (error) {
    put(agreementTrouble, sentence(error));
  }
}

function drawAgreement() {
  if (!agreement) return;
  const isAll = Boolean(agreement.overall);
  show(sideChoice, isAll);
  const table = isAll ? tableOfAll(agreement, chosenSide()) : tableOfOne(agreement.by_reviewer[0]);
  // A wide table scrolls in a box of its own, and by keyboard too.
  agreementFigures.replaceChildren(el('div', { class: 'gl-scroll', tabIndex: 0, role: 'group', 'aria-label': t('agreement.title') }, table));
}

function chosenSide() {
  return sideChoice.querySelector('input:checked').value;
}

// A row for the verdict and for each reason, beside each other colleagues and known answers.
function tableOfOne(measured) {
  return figureTable(['', ...SIDES.map((side) => t('agreement.' + side))],
    [['', t('agreement.verdict')], ...codesOf([measured], SIDES).map((code) => [code, labelOf(code)])].map(([code, label]) =>
      [label, ...SIDES.map((side) => entryOf(measured[side], code))]));
}

// A row for all together and for each reviewer, a column for the verdict and for each reason.
function tableOfAll({ overall, by_reviewer: people }, side) {
  const all = [{ ...overall, name: t('agreement.everybody') }, ...people];
  const codes = codesOf([overall], [side]);
  return figureTable([t('health.name'), t('agreement.verdict'), ...codes.map(labelOf)],
    all.map((each) => [each.name, entryOf(each[side], ''), ...codes.map((code) => entryOf(each[side], code))]));
}

// The reasons that anybody named, in the order of the policy.
function codesOf(measured, sides) {
  const named = new Set(measured.flatMap((each) => sides.flatMap((side) => each[side].reasons.map((reason) => reason.code))));
  const known = desk.policy.map((reason) => reason.code).filter((code) => named.has(code));
  return [...known, ...[...named].filter((code) => !known.includes(code))];
}

// A reason that neither of a pair ever named was agreed on by silence alone, which tells nothing.
function entryOf(measured, code) {
  const found = code ? measured.reasons.find((reason) => reason.code === code) : measured.verdict;
  return found || { pairs: measured.verdict.pairs, same: 0, kappa: null, why: 'unnamed' };
}

function figureTable(head, lines) {
  return el('table', null,
    el('thead', null, el('tr', null, head.map((text) => (text ? el('th', { scope: 'col', text }) : el('td'))))),
    el('tbody', null, lines.map(([name, ...entries]) => el('tr', null, el('th', { scope: 'row', text: name }), entries.map(figure)))));
}

function figure(entry) {
  if (!entry.pairs || entry.why === 'unnamed') return el('td', { class: 'gl-soft', text: '–' });
  const isKnown = typeof entry.kappa === 'number';
  return el('td', { class: isKnown ? '' : 'gl-soft' },
    el('span', { text: isKnown ? twoDigits.format(entry.kappa) : t('agreement.' + entry.why) }),
    el('small', { text: t('agreement.same', { n: number(entry.same), of: number(entry.pairs) }) }));
}

// ---- after a check ----

// What was a check, and what is known of it: long enough to read, and away by a press.
function tellCheck({ kind, known, same }) {
  const words = kind === 'second' ? t('check.second')
    : t(same ? 'check.same' : 'check.other', { answer: answerWords(known) });
  const node = el('div', { class: 'gl-toast gl-keep gl-check-toast' }, el('span', { text: words }));
  const close = () => {
    const hadFocus = node.contains(document.activeElement);
    node.remove();
    if (hadFocus) stagePane.focus({ preventScroll: true });
  };
  node.append(button(t('toast.close'), close, { class: 'gl-toast-close' }));
  for (const old of toasts.querySelectorAll('.gl-check-toast, .gl-toast:not(.gl-keep)')) old.remove();
  toasts.append(node);
  setTimeout(close, TOLD_MS);
}

function answerWords({ verdict, reasons }) {
  return [t('verdict.' + verdict), ...reasons.map(labelOf)].join(' · ');
}
