// handover.js: giving a claimed clip to a colleague, by name.
// It knows nothing about who may take it: the server does.

const colleague = el('select', { class: 'gl-field', id: 'gl-colleague' });
const handOverGo = el('button', { type: 'submit', class: 'gl-button gl-strong', text: t('handover.go') });
const handOverTrouble = el('p', { class: 'gl-trouble', role: 'alert' });
const handOverSheet = makeSheet('handover', t('handover.title'), el('form', { on: { submit: handOver } },
  el('label', { class: 'gl-label', for: 'gl-colleague', text: t('handover.to') }), colleague,
  el('p', { class: 'gl-small-print', text: t('handover.hint') }), handOverTrouble, handOverGo));

async function openHandOver() {
  const clip = desk.clip;
  if (!may(clip, 'hand_over') || heldBy(clip) || desk.isSettled) return;
  try {
    const { items } = await api('GET', '/api/v1/review/people');
    const names = items.filter((name) => name !== clip.creator);
    colleague.replaceChildren(...names.map((name) => el('option', { value: name, text: name })));
    put(handOverTrouble, names.length ? '' : t('handover.nobody'));
    enable(handOverGo, names.length);
    handOverSheet.showModal();
    colleague.focus();
  } catch (error) {
    complain(error);
  }
}

async function handOver(event) {
  event.preventDefault();
  const clip = desk.clip;
  const to = colleague.value;
  if (!clip || !to) return;
  try {
    if (desk.claiming) await desk.claiming;
    await api('POST', addressOf(clip, 'handover'), { to });
    handOverSheet.close();
    passOn(clip, t('handover.did', { name: to }));
  } catch (error) {
    put(handOverTrouble, sentence(error));
  }
}
