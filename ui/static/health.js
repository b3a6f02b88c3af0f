// health.js: for leads, how the queue as a whole is doing, in one band above it.
// It knows nothing about who is a lead until the server has told it.

const LEADS = ['lead', 'admin'];

const healthFigures = el('span', { class: 'gl-health-figures' });
const healthPeople = el('tbody');
const healthBand = el('details', { class: 'gl-health', hidden: true },
  el('summary', null, el('span', { class: 'gl-health-title', text: t('health.title') }), healthFigures),
  el('table', null, el('thead', null, el('tr', null, ['health.name', 'health.decided', 'health.holding']
    .map((name) => el('th', { scope: 'col', text: t(name) })))), healthPeople));

let isLead = null;

async function refreshHealth() {
  if (isLead === null) isLead = LEADS.includes((await api('GET', '/api/v1/me')).role);
  if (!isLead) return;
  drawHealth(await api('GET', '/api/v1/review/health'));
  drawHub(await api('GET', '/api/v1/hub'));
}

function drawHealth(health) {
  const figures = [
    ['waiting', number(health.waiting), ''],
    ['oldest', health.oldest_s === null ? '' : seconds(health.oldest_s), ''],
    ['due_soon', number(health.due_soon), health.due_soon ? 'warn' : ''],
    ['overdue', number(health.overdue), health.overdue ? 'bad' : ''],
    ['late', health.late ? number(health.late) : '', 'bad'],
  ].filter(([, value]) => value !== '');
  sync(healthFigures, figures, ([name]) => name, () => el('span', { class: 'gl-figure' }, el('b'), ' ', el('span')), drawFigure);
  sync(healthPeople, health.by_reviewer, (each) => each.name,
    () => el('tr', null, el('th', { scope: 'row' }), el('td'), el('td')), drawPerson);
  show(healthBand, true);
}

function drawFigure(node, [name, value, tone]) {
  put(node.firstChild, value);  // with a blank between, which is heard and not seen
  put(node.lastChild, t('health.' + name));
  attr(node, 'data-tone', tone || null);
}

function drawPerson(node, each) {
  const [name, decided, holding] = node.children;
  put(name, each.name);
  put(decided, number(each.decided_today));
  put(holding, number(each.holding));
}
