// address.js: the form for where else to be told: an e-mail address, which is proved with a code, and a
// webhook, whose secret is shown once; what could not be delivered is shown below.
// It knows nothing about the bell that opens it; what is possible here is what the server says.

const ADDRESS = '/api/v1/notices/address';

function field(label, input, hint) {
  const id = 'gl-address-' + input.name;
  input.id = id;
  const said = el('p', { class: 'gl-hint', id: id + '-hint', text: hint });
  input.setAttribute('aria-describedby', said.id);
  return { said, node: el('div', { class: 'gl-field' }, el('label', { for: id, text: label }), input, said) };
}

// Returns its node, and `load`, which asks the server for what holds now. `leave` goes back.
function makeAddress(leave) {
  let known = {};
  const back = el('button', { type: 'button', class: 'gl-link', text: t('bell.back'), on: { click: leave } });
  const kinds = el('fieldset', null, el('legend', { text: t('address.kinds') }));
  const email = el('input', { type: 'email', name: 'email', autocomplete: 'email', spellcheck: false });
  const webhook = el('input', { type: 'url', name: 'webhook', autocomplete: 'off', spellcheck: false, placeholder: 'https://' });
  const emailField = field(t('address.email'), email, t('address.email_hint'));
  const webhookField = field(t('address.webhook'), webhook, t('address.webhook_hint'));
  const save = el('button', { type: 'submit', class: 'gl-button gl-small gl-go', text: t('address.save') });
  const test = button(t('address.test'), sendTest, { class: 'gl-button gl-small' });
  const form = el('form', { novalidate: true, on: { submit: send } }, emailField.node, webhookField.node, kinds,
    el('div', { class: 'gl-actions' }, save, test));

  const code = el('input', { type: 'text', name: 'code', inputmode: 'numeric', autocomplete: 'one-time-code', maxlength: '9' });
  const codeForm = el('form', { class: 'gl-code', hidden: true, on: { submit: confirm } },
    field(t('address.code'), code, t('address.code_hint')).node, el('div', { class: 'gl-actions' },
      el('button', { type: 'submit', class: 'gl-button gl-small gl-go', text: t('address.confirm') }),
      button(t('address.code_again'), () => act('POST', '/code', undefined, 'address.code_sent'), { class: 'gl-button gl-small' })));

  const secret = el('input', { type: 'text', name: 'secret', readonly: true, autocomplete: 'off' });
  const secretBox = el('div', { class: 'gl-secret', hidden: true },
    field(t('address.secret'), secret, t('address.secret_hint')).node,
    el('div', { class: 'gl-actions' }, button(t('address.copy'), copySecret, { class: 'gl-button gl-small' })));
  const renew = button(t('address.secret_new'), () => act('POST', '/secret'), { class: 'gl-button gl-small', hidden: true });

  const troubles = el('ul');
  const trouble = el('div', { class: 'gl-trouble', hidden: true }, el('h3', { text: t('address.trouble') }), troubles);
  const node = el('div', { class: 'gl-address' }, back, el('h2', { text: t('bell.settings') }),
    codeForm, secretBox, form, renew, trouble);

  function fill(address) {
    if (address.webhook_secret || address.webhook !== known.webhook) secret.value = address.webhook_secret || '';
    known = address;
    const { possible } = address;
    email.value = address.email || '';
    webhook.value = address.webhook || '';
    enable(email, possible.email || address.email);
    show(webhookField.node, possible.webhook || address.webhook);
    put(emailField.said, address.email && address.email_confirmed ? t('address.confirmed')
      : t(possible.email ? 'address.email_hint' : 'address.no_mail'));
    kinds.replaceChildren(kinds.firstChild, ...possible.kinds.map((kind) => el('label', { class: 'gl-kind' },
      el('input', { type: 'checkbox', name: kind, checked: address.kinds.includes(kind) }),
      el('span', { text: t('notice.' + kind) }))));
    show(codeForm, address.email && !address.email_confirmed);
    show(secretBox, secret.value);
    show(renew, address.webhook);
    show(test, address.webhook || address.email_confirmed);
    troubles.replaceChildren(...address.trouble.map((one) => el('li', null,
      el('strong', { text: t('address.channel.' + one.channel) }), el('time', { datetime: one.at, text: ago(one.at) }),
      el('span', { text: has('trouble.' + one.code) ? t('trouble.' + one.code, { detail: one.detail }) : one.code }))));
    show(trouble, address.trouble.length);
  }

  async function act(method, path, body, said) {
    try {
      fill(await api(method, ADDRESS + path, body));
      if (said) toast(t(said));
      return true;
    } catch (error) {
      complain(error);
      return false;
    }
  }

  async function send(event) {
    event.preventDefault();
    const chosen = [...kinds.querySelectorAll('input')].filter((box) => box.checked).map((box) => box.name);
    const waits = email.value.trim() && email.value.trim() !== known.email;
    const body = { email: email.value.trim() || null, webhook: webhook.value.trim() || null, kinds: chosen };
    if (!await act('PUT', '', body, waits ? 'address.code_sent' : 'address.saved')) return;
    if (waits) { code.value = ''; code.focus(); }
    else if (secret.value) secret.focus();
  }

  async function confirm(event) {
    event.preventDefault();
    if (await act('POST', '/confirm', { code: code.value }, 'address.confirmed')) save.focus();
  }

  async function sendTest() {
    try {
      const { sent_to: channels } = await api('POST', ADDRESS + '/test');
      toast(t(channels.length ? 'address.test_sent' : 'address.test_nowhere'));
    } catch (error) {
      complain(error);
    }
  }

  async function copySecret() {
    try {
      await navigator.clipboard.writeText(secret.value);
      toast(t('address.copied'));
    } catch (error) {
      secret.select();
      toast(t('address.copy_failed'));
    }
  }

  async function load() {
    secret.value = '';
    if (await act('GET', '')) (email.disabled ? webhook : email).focus({ preventScroll: true });
  }

  return { node, load };
}
