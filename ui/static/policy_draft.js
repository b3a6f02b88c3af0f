// policy_draft.js: the review policy as it is being edited: reasons in order, the retired ones last.
// It knows nothing about the page; it answers what has changed and what can be sent.

const TONGUES = ['en', 'fr'];
const WORDS = { label: 60, text: 300, next: 300 };  // the longest that the server takes
const CODE_PATTERN = '[a-z][a-z0-9_]{1,39}';

function makeDraft(policy) {
  const known = [...policy.reasons.map((reason) => copyOf(reason, false)), ...policy.retired.map((reason) => copyOf(reason, true))];
  const before = JSON.stringify(plain(known));
  let items = known;
  let fresh = 0;

  function move(item, by) {
    const offered = items.filter((each) => !each.retired);
    const from = offered.indexOf(item);
    const to = Math.min(offered.length - 1, Math.max(0, from + by));
    offered.splice(to, 0, ...offered.splice(from, 1));
    items = [...offered, ...items.filter((each) => each.retired)];
  }

  function retire(item, yes) {
    item.retired = yes;
    items = [...items.filter((each) => !each.retired), ...items.filter((each) => each.retired)];
  }

  function add() {
    fresh += 1;
    const empty = () => ({ label: '', text: '', next: '' });
    const item = { key: 'new-' + fresh, code: '', retired: false, isNew: true, wasRetired: false, en: empty(), fr: empty() };
    const offered = items.filter((each) => !each.retired);
    items = [...offered, item, ...items.filter((each) => each.retired)];
    return item;
  }

  return {
    version: policy.version,
    move,
    retire,
    add,
    remove(item) { items = items.filter((each) => each !== item); },
    offered: () => items.filter((item) => !item.retired),
    retired: () => items.filter((item) => item.retired),
    isChanged: () => JSON.stringify(plain(items)) !== before,
    firstWrong: () => items.find((item) => wrongField(item)),
    body: () => ({ version: policy.version, reasons: plain(items) }),
  };
}

// The first field of a reason that cannot be sent, as [language, name]; null when all can.
function wrongField(item) {
  if (item.isNew && !new RegExp(`^${CODE_PATTERN}$`).test(item.code)) return ['', 'code'];
  for (const tongue of TONGUES) {
    for (const name of Object.keys(WORDS)) {
      if (!item[tongue][name].trim()) return [tongue, name];
    }
  }
  return null;
}

function copyOf(reason, retired) {
  const words = Object.fromEntries(TONGUES.map((tongue) => [tongue, { ...reason[tongue] }]));
  return { key: reason.code, code: reason.code, retired, wasRetired: retired, isNew: false, ...words };
}

function plain(items) {
  return items.map(({ code, retired, en, fr }) => ({ code, retired, en, fr }));
}
