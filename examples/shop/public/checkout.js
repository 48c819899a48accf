// Leads through the checkout. The shop keeps the state; this page asks, shows the answer and moves on.
(() => {
  const root = document.getElementById('checkout');
  const notice = document.getElementById('notice');
  const panels = [...root.querySelectorAll('[data-panel]')];
  const marks = [...root.querySelectorAll('.progress li')];
  const price = new Intl.NumberFormat('en-IE', { style: 'currency', currency: 'EUR' });
  const subtotalCents = Number(root.dataset.subtotal);
  const given = { address: undefined, shipping: undefined };
  let checkoutId;
  let isOver = false;

  /** Sends one step to the shop: its answer, or an error with words for the customer. */
  async function send(path, body) {
    let response;
    try {
      response = await fetch(`/api/checkout${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    } catch {
      throw { message: 'The shop cannot be reached. Please check your connection and try again.', retry: true };
    }
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return answer;
    throw answer.error ?? { message: 'Something went wrong on our side. Please try again.', retry: true };
  }

  async function begin() {
    const answer = await send('', { channel: root.dataset.channel });
    checkoutId = answer.id;
  }

  function show(name) {
    for (const panel of panels) panel.hidden = panel.dataset.panel !== name;
    const position = panels.findIndex((panel) => panel.dataset.panel === name);
    marks.forEach((mark, i) => {
      mark.classList.toggle('done', i < position);
      if (i === position) mark.setAttribute('aria-current', 'step');
      else mark.removeAttribute('aria-current');
    });
    const first = panels[position]?.querySelector('input:checked, input, select');
    first?.focus({ preventScroll: true });
  }

  function say(message) {
    notice.textContent = message ?? '';
    notice.hidden = message === undefined;
    if (message !== undefined) notice.scrollIntoView({ block: 'nearest', behavior: 'smooth' });
  }

  function showMistakes(form, fields) {
    for (const line of form.querySelectorAll('[data-mistake]')) {
      const mistake = fields?.[line.dataset.mistake];
      line.textContent = mistake ?? '';
      line.hidden = mistake === undefined;
      form.elements[line.dataset.mistake]?.setAttribute('aria-invalid', String(mistake !== undefined));
    }
  }

  function showTotal(shippingCents) {
    document.getElementById('shipping-price').textContent = price.format(shippingCents / 100);
    document.getElementById('total-price').textContent = price.format((subtotalCents + shippingCents) / 100);
  }

  function showRates(rates) {
    const list = document.getElementById('rates');
    list.replaceChildren(
      ...rates.map((rate, i) => {
        const label = document.createElement('label');
        label.className = 'choice';
        const radio = Object.assign(document.createElement('input'), {
          type: 'radio',
          name: 'rate',
          value: rate.id,
          checked: i === 0,
        });
        radio.dataset.cents = String(rate.cents);
        const text = document.createElement('span');
        const name = document.createElement('strong');
        name.textContent = rate.name;
        const days = document.createElement('small');
        days.textContent = rate.days;
        text.append(name, days);
        const cost = document.createElement('b');
        cost.textContent = price.format(rate.cents / 100);
        label.append(radio, text, cost);
        return label;
      }),
    );
    showTotal(rates[0].cents);
  }

  /** Brings a new checkout to where the failed one was, with what the customer had typed already. */
  async function catchUp() {
    if (checkoutId !== undefined) return;
    await begin();
    if (given.address === undefined) return;
    await send(`/${checkoutId}/address`, given.address);
    if (given.shipping !== undefined) await send(`/${checkoutId}/shipping`, given.shipping);
  }

  const steps = {
    async address(form) {
      const address = Object.fromEntries(new FormData(form));
      given.address = undefined;
      given.shipping = undefined;
      await catchUp();
      await send(`/${checkoutId}/address`, address);
      given.address = address;
      const { rates } = await send(`/${checkoutId}/shipping`, {});
      showRates(rates);
      show('shipping');
    },
    async shipping(form) {
      const rate = new FormData(form).get('rate');
      await catchUp();
      await send(`/${checkoutId}/shipping`, { rate });
      given.shipping = { rate };
      show('payment');
    },
    async payment(form) {
      await catchUp();
      await send(`/${checkoutId}/payment`, Object.fromEntries(new FormData(form)));
      const order = await send(`/${checkoutId}/confirm`, {});
      isOver = true;
      location.assign(order.url);
    },
  };

  for (const form of panels) {
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      const button = form.querySelector('.button');
      button.disabled = true;
      say(undefined);
      showMistakes(form, undefined);
      try {
        await steps[form.dataset.panel](form);
      } catch (error) {
        if (error.fields === undefined) {
          // A checkout that failed is over; the next try begins a new one.
          if (error.code !== 'busy') checkoutId = undefined;
          say(error.message);
        } else {
          showMistakes(form, error.fields);
          form.querySelector('[aria-invalid="true"]')?.focus();
        }
      } finally {
        button.disabled = false;
      }
    });
  }

  root.addEventListener('change', (event) => {
    if (event.target.name === 'rate') showTotal(Number(event.target.dataset.cents));
  });
  root.addEventListener('click', (event) => {
    const back = event.target.dataset?.back;
    if (back !== undefined) show(back);
  });

  document.getElementById('sample').addEventListener('click', () => {
    const samples = {
      eu: ['Mira Anders', 'Lindenweg 4', '87561', 'Oberstdorf'],
      uk: ['Sam Oduya', '7 Harbour Row', 'EH6 6QQ', 'Edinburgh'],
      us: ['Ada Novak', '310 Juniper St', '80302', 'Boulder'],
    };
    const values = samples[root.dataset.region];
    ['recipient', 'street', 'postcode', 'city'].forEach((name, i) => {
      document.getElementById(name).value = values[i];
    });
  });

  // Who closes the page has left; the shop need not wait for them.
  addEventListener('pagehide', () => {
    if (isOver || checkoutId === undefined) return;
    navigator.sendBeacon(`/api/checkout/${checkoutId}/leave`, new Blob(['{}'], { type: 'application/json' }));
  });

  begin().catch((error) => say(error.message));
})();
