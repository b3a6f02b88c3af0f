// yours.js: all that is mine at once: my public page, everything in one file, everything withdrawn.
// It knows nothing about single clips.

const creditName = wordField('gl-credit-name', { maxlength: '40', 'aria-describedby': 'gl-credit-hint' });
const creditHint = wordHint('gl-credit-hint', '');
const bio = el('textarea', { id: 'gl-bio', rows: 5, maxlength: '1000' });
const links = el('textarea', { id: 'gl-links', rows: 3, 'aria-describedby': 'gl-links-hint', spellcheck: false });
const clearedNote = el('p', { class: 'gl-hint gl-warning', hidden: true });
const pageTrouble = el('p', { class: 'gl-appeal-trouble', role: 'alert' });
const pageBox = makeBox('gl-page', t('yours.page'), savePage, pageTrouble, t('words.save'), el('p', { class: 'gl-hint', text: t('yours.profile_hint') }),
  clearedNote, el('label', { for: 'gl-credit-name', text: t('yours.credit_name') }), creditName, creditHint,
  el('label', { for: 'gl-bio', text: t('yours.bio') }), bio,
  el('label', { for: 'gl-links', text: t('yours.links') }), links, wordHint('gl-links-hint', t('yours.links_hint')));

const leaving = el('p', { class: 'gl-hint' });
const typedCount = wordField('gl-count', { inputmode: 'numeric', on: { input: drawLeaving } });
const countLabel = el('label', { for: 'gl-count', text: t('yours.withdraw_count') });
const leaveTrouble = el('p', { class: 'gl-appeal-trouble', role: 'alert' });
const leaveBox = makeBox('gl-leave', t('yours.withdraw_title'), withdrawAll, leaveTrouble, t('yours.withdraw_go'), leaving, countLabel, typedCount);

let leavingCount = 0;

function makeBox(id, title, act, trouble, label, ...content) {
  const go = el('button', { type: 'submit', class: 'gl-button gl-strong', text: label });
  const box = el('dialog', { class: 'gl-appeal', 'aria-labelledby': id }, el('form', { on: { submit: act } },
    el('h2', { id, text: title }), content, trouble,
    el('div', { class: 'gl-appeal-acts' }, button(t('toast.close'), () => box.close(), { class: 'gl-button' }), go)));
  root.append(box);
  return Object.assign(box, { go });
}

function makeYours() {
  return el('section', { class: 'gl-yours', 'aria-labelledby': 'gl-yours-title' },
    el('h2', { id: 'gl-yours-title', text: t('yours.title') }),
    el('div', { class: 'gl-yours-acts' },
      button(t('yours.page'), openPage, { class: 'gl-button gl-small' }),
      el('a', { class: 'gl-button gl-small', href: '/api/v1/me/export', download: '', title: t('yours.export_hint'), text: t('yours.export') }),
      button(t('yours.withdraw'), openLeaving, { class: 'gl-link' })));
}

// ---- my page ----

async function openPage() {
  try {
    const mine = await api('GET', '/api/v1/me/profile');
    creditName.value = mine.credit_name;
    put(creditHint, t('yours.credit_hint', { name: mine.name }));
    bio.value = mine.bio;
    links.value = mine.links.join('\n');
    put(clearedNote, mine.cleared ? t('yours.cleared', { reason: mine.cleared.reason }) : '');
    show(clearedNote, mine.cleared);
    put(pageTrouble, '');
    pageBox.showModal();
    creditName.focus();
  } catch (error) {
    complain(error);
  }
}

async function savePage(event) {
  event.preventDefault();
  enable(pageBox.go, false);
  try {
    const lines = links.value.split('\n').map((line) => line.trim()).filter(Boolean);
    await api('PUT', '/api/v1/me/profile', { credit_name: creditName.value, bio: bio.value, links: lines });
    pageBox.close();
    toast(t('yours.saved'));
  } catch (error) {
    put(pageTrouble, sentence(error));
  }
  enable(pageBox.go, true);
}

// ---- withdrawing everything ----

async function openLeaving() {
  try {
    leavingCount = (await api('GET', '/api/v1/me/withdraw-all')).count;
  } catch (error) {
    return complain(error);
  }
  typedCount.value = '';
  put(leaving, leavingCount ? t('yours.withdraw_text', { n: number(leavingCount) }) : t('yours.withdraw_none'));
  for (const node of [countLabel, typedCount, leaveBox.go]) show(node, leavingCount);
  put(leaveTrouble, '');
  drawLeaving();
  leaveBox.showModal();
  if (leavingCount) typedCount.focus();
}

function drawLeaving() {
  enable(leaveBox.go, leavingCount && typedCount.value.trim() === String(leavingCount));
}

async function withdrawAll(event) {
  event.preventDefault();
  enable(leaveBox.go, false);
  try {
    const gone = await api('POST', '/api/v1/me/withdraw-all', { count: leavingCount });
    leaveBox.close();
    toast(t('yours.withdrawn', { n: number(gone.withdrawn.length) }));
  } catch (error) {
    put(leaveTrouble, sentence(error));
    drawLeaving();
  }
  updates.now();
}
