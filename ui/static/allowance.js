// allowance.js: how much one may send now, in one quiet line that opens to the arithmetic.
// It knows nothing of the rules: the numbers are the server's, and so is every refusal. What it says
// before the button is pressed is what the numbers mean for as many clips as are chosen.

const warning = el('p', { class: 'gl-allowance-warning', role: 'status' });
const line = el('summary', { class: 'gl-allowance-line' });
const sums = el('div', { class: 'gl-sums' });
const fold = el('details', { class: 'gl-allowance-fold', hidden: true }, line, sums);
root.prepend(warning, fold);

let count = 1;
let known = null;

// ---- what would happen ----

function warn({ slots, hour, gpu_day: day, backlog, waits_for: waitsFor }) {
  const free = Math.max(0, slots.limit - slots.used);
  if (day.limit_s !== null && day.used_s >= day.limit_s) return t('allowance.no_day', { limit: seconds(day.limit_s) });
  if (hour.used + count > hour.limit) {
    const left = Math.max(0, hour.limit - hour.used);
    if (left) return t('allowance.few_hour', { n: number(count), left: number(left), limit: number(hour.limit) });
    return t('allowance.no_hour', { limit: number(hour.limit), time: seconds(hour.free_in_s || 60) });
  }
  if (count > free) {
    if (free) return t('allowance.few_places', { n: number(count), left: number(free) });
    return t('allowance.no_place', { limit: number(slots.limit) });
  }
  if (waitsFor === 'own_backlog') return t('allowance.own_backlog', { n: number(backlog.own), limit: number(backlog.own_limit) });
  if (waitsFor === 'review_backlog') return t('allowance.review_backlog', { n: number(backlog.all), limit: number(backlog.all_limit) });
  return '';
}

// ---- the arithmetic ----

function sum(title, rows, note) {
  return el('section', { class: 'gl-sum' }, el('h3', { text: title }),
    el('ul', {}, rows.map(([sign, words, total]) => el('li', { class: total ? 'gl-total' : '' },
      el('span', { class: 'gl-sign', text: sign }), el('span', { text: words })))),
    note && el('p', { class: 'gl-soft', text: note }));
}

function placesSum({ base, approved, rejected, gained, lost, limit, most, used, window_s: span, ...per }) {
  const plain = base + gained - lost;
  const cut = limit > plain ? t('allowance.at_least', { n: number(limit) })
    : limit < plain ? t('allowance.at_most', { n: number(most || limit) }) : '';
  return sum(t('allowance.places_title'), [
    [number(base), t('allowance.base')],
    ['+ ' + number(gained), t('allowance.gained', { n: number(approved), per: number(per.approvals_per_slot) })],
    ['− ' + number(lost), t('allowance.lost', { n: number(rejected), per: number(per.rejections_per_slot) })],
    ['= ' + number(limit), t('allowance.total', { used: number(used) }), true],
  ], [cut, t('allowance.looks_back', { time: seconds(span) }), t('allowance.places_note')].filter(Boolean).join(' '));
}

function draw() {
  if (!known) return;
  const { slots, hour, gpu_day: day, backlog } = known;
  const counted = { hour: { used: number(hour.used), limit: number(hour.limit) },
    places: { used: number(slots.used), limit: number(slots.limit) } };
  put(warning, warn(known));
  put(line, [t('allowance.places', counted.places), t('allowance.hour', counted.hour)].join(' · '));
  const said = JSON.stringify(known);
  if (sums.glSaid === said) return;
  sums.glSaid = said;
  const rest = [[number(hour.used), t('allowance.hour_used', { limit: number(hour.limit) })]];
  if (day.limit_s !== null) rest.push([seconds(day.used_s), t('allowance.day_used', { limit: seconds(day.limit_s) })]);
  sums.replaceChildren(
    placesSum(slots),
    sum(t('allowance.time_title'), rest, t('allowance.time_note')),
    sum(t('allowance.review_title'), [
      [number(backlog.own), t('allowance.own_used', { limit: number(backlog.own_limit) })],
      [number(backlog.all), t('allowance.all_used', { limit: number(backlog.all_limit) })],
    ]));
}

const asking = poll(async () => {
  try {
    known = await api('GET', '/api/v1/allowance');
  } catch (error) {
    if (error.status !== 401 && error.status !== 403) throw error;
    known = null;
  }
  show(fold, known);
  draw();
}, 15000);

listen(window, 'gl-variants', (event) => { count = Number(event.detail) || 1; draw(); });
listen(window, 'gl-clips', () => asking.now());
