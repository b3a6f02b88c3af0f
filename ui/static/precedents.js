// precedents.js: the nearest past decisions, with what became of them after an appeal.
// It knows nothing about how near is measured. Words only: nobody is shown another clip unasked.

const ASK_AFTER_MS = 250;

const precedentList = el('ul', { class: 'gl-precedents' });
const precedentBox = el('section', { class: 'gl-precedents-box', hidden: true },
  el('h3', { text: t('precedent.title') }), precedentList);

function loadPrecedents() {
  const clip = desk.clip;
  show(precedentBox, false);
  if (!clip || clip.own) return;
  setTimeout(async () => {
    if (!desk.clip || desk.clip.id !== clip.id) return;
    const answer = await api('GET', addressOf(clip, 'precedents')).catch(() => ({ items: [] }));
    if (desk.clip && desk.clip.id === clip.id) drawPrecedents(answer.items);
  }, ASK_AFTER_MS);
}

function drawPrecedents(items) {
  show(precedentBox, items.length);
  precedentList.replaceChildren(...items.map(precedent));
}

function precedent(item) {
  const how = [typeof item.alike === 'number' ? percent(item.alike) : '', whyWords(item.why)].filter(Boolean).join(' ');
  return el('li', { class: 'gl-precedent gl-was-' + item.verdict },
    el('p', null, el('strong', { text: t('verdict.' + item.verdict) }),
      item.stage && item.stage !== 'first' ? ' · ' + t('desk.stage.' + item.stage) : null,
      (item.reasons || []).length ? ' · ' + item.reasons.map(labelOf).join(', ') : null),
    el('p', { class: 'gl-precedent-prompt', text: item.prompt }),
    el('p', { class: 'gl-small-print', text: [outcomeWords(item.outcome), how].filter(Boolean).join(' · ') }),
    isLead && button(t('golden.make'), () => openGolden(item.id, item.verdict, item.reasons), { class: 'gl-button gl-small' }));
}

function outcomeWords(outcome) {
  if (!outcome) return '';
  return has('outcome_after.' + outcome) ? t('outcome_after.' + outcome) : has('state.' + outcome) ? t('state.' + outcome) : String(outcome);
}

function whyWords(why) {
  if (!why) return '';
  return has('precedent.' + why) ? t('precedent.' + why) : String(why);
}
