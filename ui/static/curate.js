// curate.js: programmes as curators keep them: the list, and one of them being edited: words, clips by
// link or as the fair picker proposes them, their order by buttons, open and closed.
// It knows nothing about who may; it is shown to those whom the server names, who refuses all others.

const heading = el('summary', { class: 'gl-curate-head', text: t('curate.title') });
const shelfList = el('ol', { class: 'gl-curate-shelf' });
const noneYet = el('p', { class: 'gl-hint', text: t('curate.none'), hidden: true });
const olderTool = button(t('curate.more'), loadOlder, { class: 'gl-button gl-small', hidden: true });
const newTool = button(t('curate.new'), () => edit({ curator: myName }), { class: 'gl-button gl-curate-go gl-curate-new' });
const shelf = el('div', null, el('p', { class: 'gl-hint gl-curate-lead', text: t('curate.lead') }), newTool, noneYet, shelfList, olderTool);

const titleField = wordField('title', 'curate.name', 'input');
const textField = wordField('text', 'curate.text', 'textarea');
const curatorField = wordField('curator', 'curate.curator', 'input');
const stateMark = el('span', { class: 'gl-curate-state' });
const editorTitle = el('h3', { class: 'gl-curate-title', tabIndex: -1 });
const clipList = el('ol', { class: 'gl-curate-clips', 'aria-label': t('curate.clips') });
const noClips = el('p', { class: 'gl-hint', text: t('curate.clips.none') });
const told = el('p', { class: 'gl-hint gl-curate-told', role: 'status' });
const linkField = el('input', { class: 'gl-curate-input', autocomplete: 'off', spellcheck: false, maxlength: '500' });
const linkForm = el('form', { class: 'gl-curate-link', on: { submit: addByLink } },
  el('label', null, el('span', { text: t('curate.link') }), linkField,
    el('small', { text: t('curate.link_hint', { address: location.origin + '/clip/…' }) })),
  el('button', { type: 'submit', class: 'gl-button', text: t('curate.add') }));
const wanted = { shape: '', length: '', style: '', model: '' };
const wishFields = el('div', { class: 'gl-curate-wishes' });
const proposed = el('ul', { class: 'gl-curate-proposed' });
const proposeTool = button(t('curate.suggest'), propose, { class: 'gl-button gl-curate-propose' });
const picker = el('section', { class: 'gl-curate-picker' }, el('p', { class: 'gl-hint', text: t('curate.suggest_hint') }), wishFields, proposeTool, proposed);
const saveTool = button(t('curate.save'), () => doing(save), { class: 'gl-button gl-curate-go gl-curate-save' });
const openTool = button(t('curate.open'), () => doing(openUp), { class: 'gl-button' });
const closeTool = button(t('curate.close'), () => doing(closeIt), { class: 'gl-button' });
const dropTool = button(t('curate.drop'), () => edit(stored), { class: 'gl-button' });
const deleteTool = button(t('curate.delete'), remove, { class: 'gl-link gl-curate-delete', on: { click: () => remove(), blur: () => askAgain(false) } });
const pageLink = el('a', { class: 'gl-link', text: t('curate.page') });
const playLink = el('a', { class: 'gl-link', text: t('curate.play') });
const unsaved = el('span', { class: 'gl-hint', role: 'status' });
const editor = el('div', { class: 'gl-curate-editor', hidden: true },
  button('← ' + t('curate.all'), leaveEditor, { class: 'gl-link gl-curate-all' }),
  el('div', { class: 'gl-curate-top' }, editorTitle, stateMark, pageLink, playLink),
  titleField.box, textField.box, curatorField.box,
  el('h4', { text: t('curate.clips') }), noClips, clipList, told, linkForm, picker,
  el('div', { class: 'gl-curate-bar' }, saveTool, openTool, closeTool, dropTool, deleteTool, unsaved));
const panel = el('details', { class: 'gl-curate-panel', hidden: true }, heading, shelf, editor);
// The way to what is open is for everybody.
root.append(panel, el('a', { class: 'gl-curate-public', href: '/programmes', text: t('programmes.title') }));

let myName = '';
let programmes = [];
let olderCursor = null;
let stored = {};      // as the server has it
let working = null;   // as it is being edited
let isBusy = false;
let offers = [];

// ---- the list ----

async function loadShelf() {
  const page = await api('GET', '/api/v1/programmes?all=1');
  programmes = page.items;
  olderCursor = page.next;
  drawShelf();
}

async function loadOlder() {
  await doing(async () => {
    const page = await api('GET', '/api/v1/programmes?all=1&cursor=' + encodeURIComponent(olderCursor));
    programmes = programmes.concat(page.items);
    olderCursor = page.next;
    drawShelf();
  });
}

function drawShelf() {
  show(noneYet, !programmes.length);
  show(olderTool, olderCursor);
  sync(shelfList, programmes, (each) => each.slug, makeShelfRow, drawShelfRow);
}

function makeShelfRow(found) {
  const parts = { name: el('span', { class: 'gl-curate-name' }), state: el('span', { class: 'gl-curate-state' }), count: el('span', { class: 'gl-hint' }) };
  const row = el('li', null, el('button', { type: 'button', class: 'gl-curate-open', on: { click: () => doing(() => load(found.slug)) } },
    parts.name, parts.state, parts.count));
  row.parts = parts;
  return row;
}

function drawShelfRow(row, found) {
  put(row.parts.name, found.title);
  drawState(row.parts.state, found.state);
  put(row.parts.count, counted(found.clips));
}

function drawState(node, state) {
  put(node, t('curate.state.' + state));
  attr(node, 'data-state', state);
}

function counted(clips) {
  return clips === 1 ? t('programme.clips.one') : t('programme.clips', { n: number(clips) });
}

// ---- one programme ----

async function load(slug) {
  edit(await api('GET', '/api/v1/programmes/' + slug));
}

function edit(found, isSame = false) {
  stored = found;
  working = makeProgramme(found);
  offers = isSame ? offers : [];
  if (!isSame) {
    sync(clipList, [], (entry) => entry.id, null, null);
    put(told, '');
  }
  for (const field of [titleField, textField, curatorField]) field.input.value = working.words[field.name];
  askAgain(false);
  show(shelf, false);
  show(editor, true);
  draw();
  if (!isSame) (working.slug ? editorTitle : titleField.input).focus();
}

function leaveEditor() {
  if (working.isChanged()) return toast(t('curate.leave_unsaved'), { bad: true });
  working = null;
  show(editor, false);
  show(shelf, true);
  loadShelf().catch(complain);
  newTool.focus();
}

function draw() {
  const { state, slug } = working;
  const isChanged = working.isChanged();
  put(editorTitle, stored.title || t('curate.untitled'));
  drawState(stateMark, state);
  attr(pageLink, 'href', here(working.page));
  attr(playLink, 'href', here(working.play));
  show(pageLink, working.page);
  show(playLink, working.play);
  show(noClips, !working.entries().length);
  sync(clipList, working.entries(), (entry) => entry.id, makeEntry, drawEntry);
  sync(proposed, offers.filter((clip) => !working.holds(clip.id)), (clip) => clip.id, makeOffer, null);
  enable(saveTool, isChanged || !slug);
  show(openTool, state !== 'open');
  enable(openTool, working.entries().some((entry) => entry.clip));
  show(closeTool, state === 'open');
  show(dropTool, isChanged && slug);
  show(deleteTool, slug && state === 'draft');
  put(unsaved, isChanged && slug ? t('curate.unsaved') : '');
}

function wordField(name, key, tag) {
  const input = el(tag, { class: 'gl-curate-input', name, maxlength: String(CONTENT[name]), required: name !== 'text', rows: tag === 'textarea' ? '3' : null,
    autocomplete: 'off', on: { input: () => { working.words[name] = input.value; draw(); } } });
  return { name, input, box: el('label', { class: 'gl-curate-field' }, el('span', { text: t(key) }), input) };
}

// ---- its clips ----

function makeEntry(entry) {
  const name = clipName(entry.clip, entry.id);
  const words = el('textarea', { class: 'gl-curate-input', rows: '1', maxlength: String(CONTENT.words), 'aria-label': t('curate.words', { title: name }),
    placeholder: t('curate.words', { title: '…' }), on: { input: () => { entryOf(entry.id).words = words.value; draw(); } } });
  words.value = entry.words;
  const parts = {
    place: el('span', { class: 'gl-curate-place', 'aria-hidden': 'true' }), words, missing: el('p', { class: 'gl-curate-missing', text: t('curate.missing') }),
    up: moveTool('curate.up', name, '↑', () => shift(entry.id, -1)), down: moveTool('curate.down', name, '↓', () => shift(entry.id, 1)),
    out: moveTool('curate.remove', name, '×', () => takeOut(entry.id)),
  };
  const row = el('li', { class: 'gl-curate-clip' }, parts.place, poster(entry.clip),
    el('div', { class: 'gl-curate-about' }, el('p', { class: 'gl-curate-clip-name', text: name }),
      entry.clip && el('p', { class: 'gl-hint', text: t('page.by', { name: entry.clip.credit }) }), parts.missing, words),
    el('div', { class: 'gl-curate-moves' }, parts.up, parts.down, parts.out));
  row.parts = parts;
  return row;
}

function drawEntry(row, entry) {
  const all = working.entries();
  const at = all.indexOf(entry);
  put(row.parts.place, number(at + 1));
  show(row.parts.missing, !entry.clip);
  if (row.parts.words.value !== entry.words) row.parts.words.value = entry.words;
  enable(row.parts.up, at > 0);
  enable(row.parts.down, at < all.length - 1);
}

function entryOf(id) {
  return working.entries().find((entry) => entry.id === id);
}

function moveTool(key, title, sign, work) {
  const node = el('button', { type: 'button', class: 'gl-curate-move', on: { click: work }, 'aria-label': t(key, { title }), title: t(key, { title }) });
  node.append(el('span', { text: sign, 'aria-hidden': 'true' }));
  return node;
}

function poster(clip) {
  const src = here(clip && clip.media && clip.media.poster);
  return el('span', { class: 'gl-curate-poster' }, src && el('img', { src, alt: '', loading: 'lazy', decoding: 'async', class: clip.width < CRISP_BELOW ? 'gl-crisp' : null }));
}

function shift(id, by) {
  const active = document.activeElement;
  const entry = entryOf(id);
  const at = working.move(entry, by);
  draw();
  put(told, t('curate.moved', { title: clipName(entry.clip, id), n: number(at + 1) }));
  if (active.disabled) clipList.glKept.get(id).parts[by < 0 ? 'down' : 'up'].focus();
}

function takeOut(id) {
  const at = working.entries().findIndex((entry) => entry.id === id);
  working.remove(working.entries()[at]);
  draw();
  const next = working.entries()[Math.min(at, working.entries().length - 1)];
  (next ? clipList.glKept.get(next.id).parts.out : linkField).focus();
}

function putIn(clip) {
  working.add(clip);
  draw();
  put(told, t('curate.added', { n: number(working.entries().length) }));
}

async function addByLink(event) {
  event.preventDefault();
  const id = clipIn(linkField.value);
  if (!id) return toast(t('curate.bad_link'), { bad: true });
  if (working.holds(id)) return toast(t('curate.twice'), { bad: true });
  await doing(async () => {
    const clip = await api('GET', '/api/v1/clips/' + id);
    if (clip.state !== 'published') return toast(t('curate.not_public'), { bad: true });
    putIn(clip);
    linkField.value = '';
  });
}

// ---- the fair picker ----

async function propose() {
  if (working.state !== 'open' && (working.isChanged() || !working.slug) && !(await doing(save))) return;
  await doing(async () => {
    const asked = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value));
    const found = await api('GET', `/api/v1/programmes/${working.slug}/suggestions?` + asked);
    offers = found.items;
    draw();
    if (!proposed.firstChild) put(told, t('curate.suggest_none'));
  });
}

function makeOffer(clip) {
  const name = clipName(clip, clip.id);
  const add = button(t('curate.add'), () => {
    const row = add.closest('li');
    const next = (row.nextSibling || row.previousSibling || picker).querySelector('button');
    putIn(clip);
    (next && next.isConnected ? next : proposeTool).focus();
  }, { class: 'gl-button gl-small', 'aria-label': t('curate.add_this', { title: name }) });
  return el('li', { class: 'gl-curate-offer' }, poster(clip),
    el('div', { class: 'gl-curate-about' }, el('p', { class: 'gl-curate-clip-name', text: name }),
      el('p', { class: 'gl-hint', text: t('page.by', { name: clip.credit }) })), add);
}

async function loadWishes() {
  const choices = await api('GET', '/api/v1/gallery/choices');
  const names = Object.keys(wanted).filter((name) => (choices[name] || []).length > 1);
  sync(wishFields, names, (name) => name, (name) => {
    const select = el('select', { class: 'gl-curate-input', on: { change: () => { wanted[name] = select.value; } } },
      el('option', { value: '', text: t('gallery.any') }),
      choices[name].map((value) => el('option', { value, text: wishName(name, value) })));
    return el('label', { class: 'gl-curate-field' }, el('span', { text: t('gallery.filter.' + name) }), select);
  }, null);
}

function wishName(name, value) {
  if (name === 'model') return value;
  if (name === 'style') return has('style.' + value) ? t('style.' + value) : value;
  return t(`gallery.${name}.${value}`);
}

// ---- acts ----

async function doing(work) {
  if (isBusy) return false;
  isBusy = true;
  try {
    return (await work()) !== false;
  } catch (error) {
    complain(error);
    return false;
  } finally {
    isBusy = false;
  }
}

async function save() {
  for (const { input } of [titleField, curatorField]) {
    if (!input.value.trim()) {
      input.focus();
      input.reportValidity();
      return false;
    }
  }
  const path = '/api/v1/programmes' + (working.slug ? '/' + working.slug : '');
  edit(await api(working.slug ? 'PUT' : 'POST', path, working.body()), true);
  toast(t('curate.saved'));
}

async function openUp() {
  if ((working.isChanged() || !working.slug) && (await save()) === false) return false;
  edit(await api('POST', `/api/v1/programmes/${working.slug}/open`, { version: working.version }), true);
  pageLink.focus();
  toast(t('curate.opened'));
}

async function closeIt() {
  if (working.isChanged()) return toast(t('curate.leave_unsaved'), { bad: true });
  edit(await api('POST', `/api/v1/programmes/${working.slug}/close`), true);
  openTool.focus();
  toast(t('curate.closed'));
}

let isSure = false;

function askAgain(yes) {
  isSure = yes;
  put(deleteTool.firstChild, t(yes ? 'curate.delete_sure' : 'curate.delete'));
}

function remove() {
  if (!isSure) return askAgain(true);
  return doing(async () => {
    await api('DELETE', `/api/v1/programmes/${working.slug}?version=${working.version}`);
    working = makeProgramme({});
    leaveEditor();
    toast(t('curate.deleted'));
  });
}

// Only for those who may; the words of a draft under way are left alone.
poll(async () => {
  const me = await api('GET', '/api/v1/me');
  const isCurator = me.can.includes('curate');
  myName = me.name;
  show(panel, isCurator);
  if (!isCurator || !panel.open) return;
  await loadWishes();
  if (!working) await loadShelf();
}, 30000);

panel.addEventListener('toggle', () => {
  if (!panel.open) return;
  loadWishes().catch(complain);
  if (!working) loadShelf().catch(complain);
});
