// why.js: what a clip's state means for its creator: the reasons and the note of a decision, who made
// it in which role, under which rules, whether a machine had advised, and what can be done now.
// It knows nothing about buttons.

const EXPLAINED = ['rejected', 'changes_requested', 'taken_down', 'failed'];
const RESTRICTED = ['rejected', 'changes_requested', 'taken_down'];  // what the DSA has a statement for
// Elsewhere the step that led there is told of, where somebody wrote or named something in it.
const LED_BY = { appealed: 'rejected', second_review: 'second_review', approved: 'approved', published: 'approved' };

function makeWhy() {
  const parts = { now: el('p', { class: 'gl-now' }), box: el('div', { class: 'gl-why', hidden: true }) };
  const node = el('div', { class: 'gl-meaning' }, parts.now, parts.box);
  node.parts = parts;
  return node;
}

// `kin`: the clip's nearest relatives (kin.js).
function drawWhy(node, clip, kin) {
  const explained = EXPLAINED.includes(clip.state);
  const entry = explainedBy(clip);
  put(node.parts.now, explained ? '' : nextWords(clip, kin));
  show(node.parts.now, !explained);
  drawBox(node.parts.box, clip, { entry, explained });
}

function nextWords(clip, kin) {
  if (isUnderWay(clip)) return underWayWords(clip);
  if (clip.state === 'withdrawn' && kin.child && kin.child.kind === 'final') return t('next.withdrawn_final');
  const words = 'next.' + clip.state;
  return has(words) ? t(words) : '';
}

// The line of time above says the step and the time; here stands what the machine is at.
function underWayWords(clip) {
  const hold = holdWords(clip);
  if (hold) return hold;
  return [phaseWords(clip) + '.', t('next.under_way')].join(' ');
}

// The step of the newest run that tells most of how the clip came to be where it is.
function explainedBy(clip) {
  const stands = lastRun(clip).filter((item) => item.statement || item.note);
  if (EXPLAINED.includes(clip.state)) return stands.pop();
  const entry = stands.filter((item) => item.statement && item.state === LED_BY[clip.state]).pop();
  return entry && (entry.note || entry.considered.length || entry.stage === 'appeal') ? entry : undefined;
}

function openingWords(clip, entry) {
  const answer = 'statement.decided.appeal.' + (entry ? entry.state : '');
  if (entry && entry.stage === 'appeal' && has(answer)) return t(answer);
  if (entry && entry.reported) return t(`statement.decided.${entry.state}.reported`);
  if (EXPLAINED.includes(clip.state)) return t('why.' + clip.state);
  return t(clip.state === 'appealed' ? 'why.appealed' : 'statement.decided.' + entry.state);
}

// Built again only when the clip has changed, so that a selection of words in it stays.
function drawBox(box, clip, { entry, explained }) {
  const sign = [clip.id, clip.version, clip.state, entry && entry.at].join('/');
  if (box.dataset.sign === sign) return;
  box.dataset.sign = sign;
  const said = [];
  if (explained || entry) said.push(el('p', { class: 'gl-why-opening', text: openingWords(clip, entry) }));
  if (clip.state === 'failed' && clip.error) said.push(el('p', { text: sentence(clip.error) }));
  if (entry) said.push(...reasons(entry));
  if (explained) said.push(el('p', { class: 'gl-why-next', text: t('next.' + clip.state) }));
  if (entry && (entry.can || []).includes('appeal')) said.push(el('p', { class: 'gl-why-next', text: t('statement.next.appeal') }));
  if (entry && entry.statement) said.push(statementOf(clip, entry));
  box.replaceChildren(...said);
  show(box, said.length);
}

function reasons(entry) {
  const lines = (entry.reasons || []).map((reason) => {
    const words = reason[language] || reason;
    return el('li', null, el('strong', { text: words.label }), words.text && el('span', { text: words.text }),
      words.next && el('span', { class: 'gl-reason-next', text: words.next }));
  });
  const labels = (entry.considered || []).map((reason) => reason[language].label).join(', ');
  const title = 'why.note.' + entry.by;
  const note = entry.note && el('figure', { class: 'gl-note' },
    el('figcaption', { text: t(has(title) ? title : 'why.note') }), el('blockquote', { text: entry.note }));
  return [lines.length && el('ul', { class: 'gl-reasons' }, lines),
    labels && el('p', { text: t('why.considered', { labels }) }), note].filter(Boolean);
}

// The rest of the statement of reasons, in small print, and as a file to keep.
function statementOf(clip, entry) {
  const role = t('statement.role.' + entry.by);
  const words = [t('statement.by', { role, pseudonym: entry.pseudonym }),
    t('statement.advice.' + (entry.advised ? 'yes' : 'no'))].join(' ');
  const path = `/api/v1/clips/${encodeURIComponent(clip.id)}/statements/${encodeURIComponent(entry.statement)}.json`;
  const file = (text, query) => el('a', { class: 'gl-link', href: path + query, download: `statement-${entry.statement}.json`, text });
  return el('div', { class: 'gl-statement' },
    el('p', null, el('span', { text: words }), ' ', rules(entry)),
    el('p', { class: 'gl-statement-files' }, file(t('why.file'), ''),
      RESTRICTED.includes(entry.state) && file(t('why.file_dsa'), '?format=dsa')));
}

function rules(entry) {
  const href = '/api/v1/policy?version=' + encodeURIComponent(entry.policy_version);
  return el('a', { class: 'gl-rule', href, target: '_blank', text: t('why.rule', { version: entry.policy_version }) + '.' });
}
