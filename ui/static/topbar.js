// topbar.js: the name of the house, who you are here, and the way in or out.
// It knows nothing about clips or tabs; roles are only words to it. Being always on the page, it also
// carries 'gl-reuse' from the screens over to Python, as its event 'reuse'.

const brand = el('a', { class: 'gl-brand', href: '/' },
  el('span', { class: 'gl-dot', 'aria-hidden': 'true' }), el('span', { text: 'Greenlight' }));
const who = el('div', { class: 'gl-who' });
root.prepend(brand, who);

const inFrame = window.top !== window;

function drawGuest() {
  const signIn = el('a', { class: 'gl-button gl-small', href: '/login', text: t('top.signin') });
  const fullTab = inFrame && el('a', { class: 'gl-link', href: window.location.href, target: '_blank',
    rel: 'noopener', text: t('top.full_tab') });
  who.replaceChildren(...[fullTab, signIn].filter(Boolean));
}

function drawPerson(me) {
  const chip = el('span', { class: 'gl-chip', text: t('role.' + me.role), title: t('top.role') });
  const name = el('span', { class: 'gl-name', text: me.name });
  const out = el('form', { method: 'post', action: '/logout' },
    el('button', { type: 'submit', class: 'gl-link', text: t('top.signout') }));
  who.replaceChildren(chip, name, out);
}

listen(window, 'gl-reuse', (event) => trigger('reuse', { id: event.detail.id }));

let shown = null;

// Asked again now and then, because a role can change and a session can end meanwhile.
poll(async () => {
  const me = await api('GET', '/api/v1/me');
  const now = me.name + '/' + me.role;
  if (now === shown) return;
  shown = now;
  if (me.name) drawPerson(me);
  else drawGuest();
}, 60000);
