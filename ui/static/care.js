// care.js: each reviewer's own wishes: what is blurred, grey, silent, what they are spared; and how
// much they have looked at today. It knows nothing about the others: this is nobody else's business.

const WISHES = ['blur', 'grey', 'mute'];
const WHICH = ['all', 'flagged', 'none'];

const exposure = el('span', { class: 'gl-exposure' });
const careTool = tool('care', 'gl-foot-tool');
const helpTool = tool('help', 'gl-foot-tool gl-icon gl-help-tool');
const restHint = el('p', { class: 'gl-rest', role: 'status', hidden: true });
const careFoot = el('footer', { class: 'gl-queue-foot' }, restHint, el('div', { class: 'gl-foot-row' }, exposure,
  el('span', { class: 'gl-foot-tools' }, bulkTool, reportsTool, agreementTool, careTool, helpTool)));

const spares = el('div', { class: 'gl-spares' });
const careToday = el('p', { class: 'gl-small-print' });
const careTrouble = el('p', { class: 'gl-trouble', role: 'alert' });
const careSheet = makeSheet('care', t('care.title'),
  el('p', { class: 'gl-small-print', text: t('care.private') }),
  WISHES.map(makeWish),
  el('fieldset', { class: 'gl-wish' }, el('legend', { text: t('care.skips') }),
    el('p', { class: 'gl-small-print', text: t('care.skips_hint') }), spares),
  careToday, careTrouble);

function makeWish(name) {
  return el('fieldset', { class: 'gl-wish' }, el('legend', { text: t('care.' + name) }),
    el('div', { class: 'gl-choices' }, WHICH.map((which) => choice('radio', 'gl-care-' + name, which, t('care.' + which)))));
}

function choice(type, name, value, label) {
  const input = el('input', { type, name, value, on: { change: saveCare } });
  return el('label', { class: 'gl-check' }, input, el('span', { text: label }));
}

// The day begins when it does where the reviewer sits.
function careAddress(path) {
  const midnight = new Date();
  midnight.setHours(0, 0, 0, 0);
  return `${path}?since=${encodeURIComponent(midnight.toISOString())}`;
}

async function loadCare() {
  desk.care = await api('GET', careAddress('/api/v1/care'));
  drawCare();
}

async function countLook(clip) {
  const answer = await api('POST', careAddress(addressOf(clip, 'look'))).catch(() => null);
  if (!answer) return;
  desk.care = { ...desk.care, today: answer.today };
  drawCare();
}

function openCare() {
  spares.replaceChildren(...desk.policy.map((reason) => choice('checkbox', 'gl-care-skips', reason.code, reason.label)));
  drawCare();
  for (const name of WISHES) setChecked('gl-care-' + name, [desk.care[name]]);
  setChecked('gl-care-skips', desk.care.skips);
  put(careTrouble, '');
  careSheet.showModal();
}

function boxes(name) {
  return [...careSheet.querySelectorAll(`input[name="${name}"]`)];
}

function setChecked(name, values) {
  for (const input of boxes(name)) input.checked = values.includes(input.value);
}

function checked(name) {
  return boxes(name).filter((input) => input.checked).map((input) => input.value);
}

async function saveCare() {
  const wish = { skips: checked('gl-care-skips') };
  for (const name of WISHES) [wish[name]] = checked('gl-care-' + name);
  try {
    desk.care = await api('PUT', careAddress('/api/v1/care'), wish);
    put(careTrouble, '');
  } catch (error) {
    put(careTrouble, sentence(error));
    return;
  }
  if (desk.clip) prepareLook(desk.clip);
  drawAll();
}

function drawCare() {
  const { today } = desk.care;
  if (!today) return;
  const words = t('care.today', { n: number(today.clips), flagged: number(today.flagged) });
  put(exposure, today.flagged ? t('care.today_short', { n: number(today.clips), flagged: number(today.flagged) }) : t('care.today_plain', { n: number(today.clips) }));
  attr(exposure, 'title', words);
  const minutes = Math.round(today.sitting_s / 60);
  put(careToday, minutes ? words + ' ' + t('care.sitting', { time: t('time.min', { n: number(minutes) }) }) : words);
  put(restHint, today.rest ? t('care.rest.' + today.rest, { n: number(today.sitting_flagged), time: t('time.min', { n: number(minutes) }) }) : '');
  show(restHint, today.rest);
}
