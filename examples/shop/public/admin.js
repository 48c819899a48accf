// Keeps the switches and the figures of the admin page up to date, and passes clicks on.
(() => {
  const notice = document.getElementById('notice');
  const rate = document.getElementById('rate');
  const rateNow = document.getElementById('rate-now');
  const money = new Intl.NumberFormat('en-IE', { style: 'currency', currency: 'EUR', maximumFractionDigits: 0 });
  const number = new Intl.NumberFormat('en-IE');

  async function ask(path, method = 'GET', body = undefined) {
    const response = await fetch(path, {
      method,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error?.message ?? `HTTP ${response.status}`);
    return answer;
  }

  function say(message) {
    notice.textContent = message ?? '';
    notice.hidden = message === undefined;
  }

  function showFaults(faults) {
    for (const { name, active } of faults) {
      const card = document.querySelector(`[data-fault="${name}"]`);
      card.toggleAttribute('data-active', active);
      card.querySelector('.switch').setAttribute('aria-checked', String(active));
    }
  }

  function showStats({ shop, customers, ratePerMinute }) {
    const figures = { ...shop, present: customers.present };
    for (const cell of document.querySelectorAll('[data-figure]')) {
      const value = figures[cell.dataset.figure];
      cell.textContent = cell.dataset.figure === 'orderValue' ? money.format(value) : number.format(value);
    }
    if (document.activeElement !== rate) rate.value = String(ratePerMinute);
    rateNow.textContent = String(ratePerMinute);
  }

  async function refresh() {
    try {
      const [{ faults }, stats] = await Promise.all([ask('/admin/faults'), ask('/admin/stats')]);
      showFaults(faults);
      showStats(stats);
      say(undefined);
    } catch {
      say('The shop process does not answer. The figures below are old.');
    }
  }

  async function change(work) {
    try {
      await work();
    } catch (error) {
      say(error.message);
      return;
    }
    await refresh();
  }

  for (const card of document.querySelectorAll('[data-fault]')) {
    card
      .querySelector('.switch')
      .addEventListener('click', () =>
        change(() => ask(`/admin/faults/${card.dataset.fault}`, 'POST', { active: !card.hasAttribute('data-active') })),
      );
  }
  document.getElementById('heal').addEventListener('click', () => change(() => ask('/admin/heal', 'POST', {})));
  rate.addEventListener('input', () => {
    rateNow.textContent = rate.value;
  });
  rate.addEventListener('change', () => change(() => ask('/admin/rate', 'PUT', { perMinute: Number(rate.value) })));

  refresh();
  setInterval(refresh, 2000);
})();
