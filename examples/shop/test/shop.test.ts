import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type FaultName, type Shop, startShop } from '../src/index.ts';
import { Browser, Network } from '../src/traffic/browser.ts';
import type { Customer } from '../src/traffic/customer.ts';
import { type VisitEnd, visit } from '../src/traffic/visit.ts';

/** A customer in a hurry who buys the house espresso. */
const CUSTOMER: Customer = {
  channel: 'web',
  region: 'eu',
  items: [['gipfel', 2]],
  method: 'invoice',
  address: { recipient: 'Mira <b>Anders', street: 'Lindenweg 4', postcode: '87561', city: 'Oberstdorf', country: 'DE' },
  bank: ['approved'],
  browses: true,
  leavesBefore: undefined,
  saysGoodbye: true,
  retries: 0,
  thinkMs: [0, 0, 0, 0, 0],
  patienceMs: 8000,
};

const IN_US = {
  region: 'us',
  address: { ...CUSTOMER.address, postcode: '80302', city: 'Boulder', country: 'US' },
} as const;

const lines: Record<string, unknown>[] = [];
const log = {
  info: (fields: object, msg: string) => void lines.push({ level: 'info', msg, ...fields }),
  warn: (fields: object, msg: string) => void lines.push({ level: 'warn', msg, ...fields }),
  error: (fields: object, msg: string) => void lines.push({ level: 'error', msg, ...fields }),
};

let shop: Shop;
let network: Network;

beforeAll(async () => {
  shop = await startShop({ traffic: false, hiccups: false, seed: 7, log });
  network = new Network();
}, 60_000);

afterAll(async () => {
  await network?.close();
  await shop?.stop();
}, 30_000);

afterEach(async () => {
  for (const { name, active } of shop.faults()) if (active) await shop.setFault(name, false);
  lines.length = 0;
});

function browser(patienceMs = 8000): Browser {
  return new Browser(network, shop.url, patienceMs);
}

function go(changes: Partial<Customer> = {}): Promise<VisitEnd> {
  return visit({ ...CUSTOMER, ...changes }, browser(changes.patienceMs), async () => {});
}

function together(count: number, changes: Partial<Customer> = {}): Promise<VisitEnd[]> {
  return Promise.all(Array.from({ length: count }, () => go(changes)));
}

/** Sums all series of a metric that have all the given labels. */
async function metric(name: string, labels: Record<string, string> = {}): Promise<number> {
  const response = await fetch(shop.metricsUrl);
  let sum = 0;
  for (const line of (await response.text()).split('\n')) {
    if (!line.startsWith(`${name}{`) && !line.startsWith(`${name} `)) continue;
    if (Object.entries(labels).every(([key, value]) => line.includes(`${key}="${value}"`))) {
      sum += Number(line.slice(line.lastIndexOf(' ')));
    }
  }
  return sum;
}

/** How much a sum grew while something happened. */
async function growth(name: string, labels: Record<string, string>, work: () => Promise<unknown>): Promise<number> {
  const before = await metric(name, labels);
  await work();
  return (await metric(name, labels)) - before;
}

const technical = (labels: Record<string, string>, work: () => Promise<unknown>) =>
  growth('checkout_outcomes_total', { outcome: 'failure', reason_class: 'technical', ...labels }, work);

async function startCheckout(): Promise<{ readonly page: Browser; readonly id: string }> {
  const page = browser();
  await page.postForm('/cart', { slug: 'gipfel', quantity: '1' });
  const started = await page.postJson('/api/checkout', {});
  return { page, id: (JSON.parse(started.text) as { id: string }).id };
}

describe('a checkout', () => {
  test('becomes an order with a captured payment, and is counted', async () => {
    const { page, id } = await startCheckout();
    const before = shop.stats();
    await page.postJson(`/api/checkout/${id}/address`, CUSTOMER.address);
    const shipping = await page.postJson(`/api/checkout/${id}/shipping`, { rate: 'express' });
    expect(JSON.parse(shipping.text)).toMatchObject({ chosen: 'express' });
    const success = { outcome: 'success', provider: 'nordbank', method: 'invoice', region: 'eu' };
    const placed = await growth('checkout_outcomes_total', success, async () => {
      expect((await page.postJson(`/api/checkout/${id}/payment`, { method: 'invoice' })).status).toBe(200);
      const confirmed = await page.postJson(`/api/checkout/${id}/confirm`, {});
      const order = JSON.parse(confirmed.text) as { number: string; url: string };
      const thanks = await page.get(order.url);
      expect(thanks.text).toContain(order.number);
      expect(thanks.text).toContain('€24.80');
      expect(thanks.text).toContain('Mira &lt;b&gt;Anders');
    });
    expect(placed).toBe(1);
    expect(shop.stats().orders - before.orders).toBe(1);
    expect(shop.stats().orderValue - before.orderValue).toBeCloseTo(24.8);
    expect((await page.get('/cart')).text).toContain('Your cart is empty');
  });

  test('is what customers do from the first page on', async () => {
    expect(
      await growth('checkout_payments_captured_total', { provider: 'walletly' }, () => go({ method: 'wallet' })),
    ).toBe(1);
    expect(await go({ ...IN_US, channel: 'app' })).toBe('ordered');
    expect(await metric('http_requests_total', { route: '/checkout', code: '200' })).toBeGreaterThanOrEqual(2);
  });

  test('takes its steps in order, one at a time', async () => {
    const { page, id } = await startCheckout();
    const early = await page.postJson(`/api/checkout/${id}/payment`, { method: 'visa' });
    expect([early.status, JSON.parse(early.text)]).toMatchObject([409, { error: { code: 'wrong_step' } }]);
    const wrong = await page.postJson(`/api/checkout/${id}/address`, { ...CUSTOMER.address, postcode: 'x' });
    expect(wrong.status).toBe(422);
    expect(Object.keys((JSON.parse(wrong.text) as { error: { fields: object } }).error.fields)).toEqual(['postcode']);
    expect((await page.postJson(`/api/checkout/${id}/address`, CUSTOMER.address)).status).toBe(200);
    const [one, other] = await Promise.all([
      page.postJson(`/api/checkout/${id}/shipping`, {}),
      page.postJson(`/api/checkout/${id}/shipping`, {}),
    ]);
    expect([one.status, other.status].sort()).toEqual([200, 409]);
    expect((await page.postJson('/api/checkout/none/address', CUSTOMER.address)).status).toBe(404);
  });

  test.for([
    ['card_declined', 'customer', 'declined'],
    ['fraud_suspected', 'fraud', 'fraudBlocked'],
    ['authentication_required', 'action_required', 'actionRequired'],
  ] as const)('that the bank ends with %s is %s, and nothing technical', async ([answer, reasonClass, count]) => {
    const before = shop.stats();
    let technicalFailures = 0;
    const counted = await growth('checkout_outcomes_total', { reason: answer, reason_class: reasonClass }, async () => {
      technicalFailures = await technical({}, () => go({ bank: [answer] }));
    });
    expect([counted, technicalFailures]).toEqual([1, 0]);
    expect(shop.stats()[count] - before[count]).toBe(1);
    expect(lines.at(-1)).toMatchObject({ level: 'info', reason: answer, class: reasonClass, currency: 'EUR' });
  });

  test('can be paid another way after a refusal', async () => {
    expect(await go({ bank: ['card_declined', 'approved'], retries: 1 })).toBe('ordered');
  });

  test('that is left counts as abandoned where it was left', async () => {
    const left = { outcome: 'abandoned', step: 'shipping' };
    expect(await growth('checkout_outcomes_total', left, () => go({ leavesBefore: 'shipping' }))).toBe(1);
  });

  test('never shows a customer what is wrong inside, nor a log who the customer is', async () => {
    await shop.setFault('region-outage', true);
    await go(IN_US);
    expect(JSON.stringify(lines)).not.toMatch(/Anders|Boulder|80302/);
    expect(lines[0]).toMatchObject({
      level: 'warn',
      step: 'shipping',
      reason: 'carrier_unavailable',
      region: 'us',
      amount: 25.8,
    });
  });
});

describe('every fault is real', () => {
  test('provider-outage: payments through nordbank fail, others do not', async () => {
    await shop.setFault('provider-outage', true);
    let ends: VisitEnd[] = [];
    expect(
      await technical({ provider: 'nordbank', step: 'payment' }, async () => {
        ends = await together(6);
      }),
    ).toBe(6);
    expect(ends).toEqual(new Array(6).fill('failed'));
    expect(await go({ method: 'wallet' })).toBe('ordered');
    await shop.setFault('provider-outage', false);
    expect(await go()).toBe('ordered');
  });

  test('provider-partial: some of the payments through acme-pay fail', async () => {
    await shop.setFault('provider-partial', true);
    let ends: VisitEnd[] = [];
    const failed = await technical({ provider: 'acme-pay' }, async () => {
      ends = (await Promise.all([together(20, { method: 'visa' }), together(20, { method: 'mastercard' })])).flat();
    });
    expect(failed).toBeGreaterThan(3);
    expect(ends.filter((end) => end === 'ordered').length).toBeGreaterThan(10);
  });

  test('region-outage: nobody in that region gets past shipping', async () => {
    await shop.setFault('region-outage', true);
    expect(await technical({ region: 'us', step: 'shipping' }, () => together(3, IN_US))).toBe(3);
    expect(await go()).toBe('ordered');
  });

  test('bad-release: only the new version fails', async () => {
    await shop.setFault('bad-release', true);
    expect(await metric('checkout_attempts_total', { version: '2.5.0' })).toBe(0);
    let others = 0;
    const failed = await technical({ version: '2.5.0', step: 'shipping', reason: 'internal_error' }, async () => {
      others = await technical({ version: '2.3.1' }, () => together(20));
    });
    expect(failed).toBeGreaterThan(2);
    expect(failed).toBeLessThan(16);
    expect(others).toBe(0);
    expect(lines.filter((line) => line.msg === 'checkout step crashed')[0]?.stack).toContain('TypeError');
  });

  test('slow-database: queries take long, and so do checkouts', async () => {
    const slowQueries = async () =>
      (await metric('db_query_duration_seconds_count')) -
      (await metric('db_query_duration_seconds_bucket', { le: '0.1' }));
    const before = await slowQueries();
    await shop.setFault('slow-database', true);
    const startedMs = performance.now();
    await go({ browses: false });
    expect(performance.now() - startedMs).toBeGreaterThan(800);
    expect((await slowQueries()) - before).toBeGreaterThan(0);
  }, 20_000);

  test('pool-exhausted: everything that needs the database gives up', async () => {
    await shop.setFault('pool-exhausted', true);
    const work = () => together(3, { browses: false });
    expect(await technical({ reason: 'db_pool_exhausted', step: 'cart' }, work)).toBe(3);
    expect((await browser().get('/')).status).toBe(503);
    expect(await metric('db_pool_connections', { state: 'idle' })).toBe(0);
    await shop.setFault('pool-exhausted', false);
    expect(await metric('db_pool_connections', { state: 'idle' })).toBe(10);
    expect(await go()).toBe('ordered');
  });

  test('stock-errors: the database itself refuses the promoted article', async () => {
    await shop.setFault('stock-errors', true);
    expect(await technical({ reason: 'oversold', step: 'confirm' }, () => together(3))).toBe(3);
    expect(await go({ items: [['becher', 1]] })).toBe('ordered');
    await shop.setFault('stock-errors', false);
    expect(await go()).toBe('ordered');
  });

  test('broken-page: pages are served, no checkout begins, nothing counts as an error', async () => {
    await shop.setFault('broken-page', true);
    const before = shop.stats();
    let ends: VisitEnd[] = [];
    const attempts = await growth('checkout_attempts_total', {}, async () => {
      ends = await together(4);
    });
    expect([attempts, ends]).toEqual([0, ['stuck', 'stuck', 'stuck', 'stuck']]);
    expect(shop.stats().pageViews - before.pageViews).toBe(4);
    await shop.setFault('broken-page', false);
    expect(await go()).toBe('ordered');
  });

  test('shop-down: nothing answers but the switches, and all is well afterwards', async () => {
    await shop.setFault('shop-down', true);
    expect(await go({ patienceMs: 500 })).toBe('unreachable');
    await expect(fetch(shop.metricsUrl)).rejects.toThrow();
    const switches = (await (await fetch(`${shop.adminUrl}/admin/faults`)).json()) as {
      faults: { name: FaultName; active: boolean }[];
    };
    expect(switches.faults.filter((fault) => fault.active).map((fault) => fault.name)).toEqual(['shop-down']);
    await post('/admin/faults/shop-down', { active: false });
    expect(await go()).toBe('ordered');
  });
});

function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const json = { 'content-type': 'application/json', ...headers };
  return fetch(`${shop.adminUrl}${path}`, { method: 'POST', headers: json, body: JSON.stringify(body) });
}

describe('the switches', () => {
  test('work over HTTP and say what is wrong', async () => {
    expect((await post('/admin/faults/promotion', { active: true })).status).toBe(200);
    expect(shop.faults().find((fault) => fault.name === 'promotion')?.active).toBe(true);
    expect((await post('/admin/heal', {})).status).toBe(200);
    expect(shop.faults().some((fault) => fault.active)).toBe(false);
    expect((await post('/admin/faults/earthquake', { active: true })).status).toBe(404);
    expect((await post('/admin/faults/promotion', { active: 'yes' })).status).toBe(400);
  });

  test('are not for pages of other sites', async () => {
    const foreign = await post('/admin/faults/shop-down', { active: true }, { origin: 'http://evil.example' });
    expect(foreign.status).toBe(403);
    expect(shop.faults().some((fault) => fault.active)).toBe(false);
  });

  test('of a provider can be turned by hand', async () => {
    const { url } = shop.providers.find((provider) => provider.name === 'walletly')!;
    const change = (body: unknown) =>
      fetch(`${url}/behaviour`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    expect((await change({ declineRate: 1 })).status).toBe(200);
    expect(await go({ method: 'wallet' })).toBe('declined');
    expect((await change({ declineRate: 2 })).status).toBe(400);
    expect((await change({ colour: 'red' })).status).toBe(400);
    await change({ declineRate: 0 });
    expect(await go({ method: 'wallet' })).toBe('ordered');
  });
});

describe('the pages', () => {
  test('allow nothing but our own files', async () => {
    const response = await fetch(`${shop.url}/`);
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await response.text()).not.toMatch(/<script>| on\w+="| style="|https:\/\//);
  });

  test.for([
    ['an unknown page', '/nothing', 404],
    ['an unknown article', '/products/tea', 404],
    ['an unknown order', '/orders/1', 404],
    ['a path with markup', '/products/%3Cscript%3E', 404],
  ] as const)('%s', async ([, path, status]) => {
    const answer = await browser().get(path);
    expect(answer.status).toBe(status);
    expect(answer.text).not.toContain('<script>');
  });

  test('send nobody to another host', async () => {
    for (const back of ['//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:1']) {
      expect((await browser().postForm('/region', { region: 'uk', back })).location).toBe('/');
    }
    expect((await browser().postForm('/region', { region: 'uk', back: '/cart' })).location).toBe('/cart');
  });

  test('refuse what is too large, what comes from elsewhere and what is no JSON', async () => {
    const send = (headers: Record<string, string>, body: string) =>
      fetch(`${shop.url}/api/checkout`, { method: 'POST', headers, body }).then((response) => response.status);
    const json = { 'content-type': 'application/json' };
    expect(await send(json, JSON.stringify({ channel: 'x'.repeat(10_000) }))).toBe(413);
    expect(await send(json, '{')).toBe(400);
    expect(await send({ 'content-type': 'text/plain' }, '{}')).toBe(415);
    expect(await send({ ...json, origin: 'http://evil.example' }, '{}')).toBe(403);
  });

  test('ask for a cart before a checkout', async () => {
    expect((await browser().get('/checkout')).location).toBe('/cart');
    expect((await browser().postJson('/api/checkout', {})).status).toBe(422);
  });
});

describe('traffic', () => {
  test('comes by itself, and bots change nothing for the others', async () => {
    const busy = await startShop({ seed: 3, ratePerMinute: 600, rhythm: false, speed: 50, hiccups: false });
    try {
      await until(() => busy.stats().orders >= 10);
      expect(busy.traffic().failed + busy.traffic().unreachable).toBe(0);
      const { pageViews, attempts } = busy.stats();
      expect(attempts).toBeGreaterThan(pageViews * 0.8);
      await busy.setFault('card-testing', true);
      await until(() => busy.stats().declined >= 20);
      expect(busy.stats().failed).toBe(0);
      expect(busy.traffic().bots).toBeGreaterThan(10);
    } finally {
      await busy.stop();
    }
    await expect(fetch(busy.adminUrl)).rejects.toThrow();
  }, 60_000);
});

/** Waits for something that takes a few hundred milliseconds, at most as long as the test may take. */
async function until(is: () => boolean): Promise<void> {
  while (!is()) await new Promise((resolve) => setTimeout(resolve, 20));
}
