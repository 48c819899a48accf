import { type Alert, type Briefing, Labels, type Ledger } from '@tillwatch/model';
import { ManualClock } from '@tillwatch/model/testing';
import { describe, expect, test } from 'vitest';
import { Numbers } from '../src/briefing/numbers.ts';
import { createEnricher, overview, RecentFailures, readFailureLine } from '../src/index.ts';
import { textOf } from './support/briefing-text.ts';
import { testConfig, Watch } from './support/watch.ts';

const provider = { step: 'payment', reason: 'provider_timeout', provider: 'acme-pay' };

function broken(language: string, weather: Parameters<Watch['run']>[1], minutes = 3): Watch {
  const watch = new Watch({
    seed: 1,
    attemptsPerMinute: 90,
    config: testConfig((text) => text.replace('language: en', `language: ${language}`)),
  });
  watch.run(10);
  watch.run(minutes, weather);
  return watch;
}

async function brief(
  watch: Watch,
  receiver: string,
  status: 'firing' | 'resolved' = 'firing',
  alerts?: Alert[],
): Promise<Briefing> {
  const { config } = watch;
  const enricher = createEnricher({
    querier: watch,
    config,
    clock: new ManualClock(watch.nowMs),
    pageUrl: 'http://page.example/',
  });
  const briefing = await enricher.brief({
    receiver,
    groupKey: 'g',
    groupLabels: Labels.empty,
    status,
    alerts: alerts ?? watch.firingAlerts(),
    atMs: watch.nowMs,
  });
  return briefing as Briefing;
}

describe('a provider outage', () => {
  const english = broken('en', { failing: { share: 1, ...provider } });
  const german = broken('de', { failing: { share: 1, ...provider } });

  test('is told to developers with step, reason and query', async () => {
    const briefing = await brief(english, 'dev');
    expect(briefing).toMatchObject({ tone: 'page', language: 'en' });
    expect(briefing.title).toMatch(
      /^Checkout is failing: \d\d% succeed, before 99\.\d% \(provider acme-pay, step payment\)$/,
    );
    const text = textOf(briefing);
    expect(text).toMatch(/provider_timeout \(\d+\)/);
    expect(text).toContain('provider="acme-pay"');
    expect(briefing.links.map(({ url }) => url)).toContain('http://page.example/docs/runbooks/CheckoutSuccessRateLow');
  });

  test('gives developers a query to open on the page, and the others none', async () => {
    const isQuery = ({ url }: { url: string }) => url.startsWith('http://page.example/query?');
    const [link, ...others] = (await brief(english, 'dev')).links.filter(isQuery);
    expect(others).toEqual([]);
    const asked = new URL(link!.url).searchParams;
    expect(asked.get('tab')).toBe('graph');
    expect(asked.get('expr')).toMatch(/^sum by \(step, provider, reason\) \(rate\(.*provider="acme-pay".*\* 60$/);
    expect((await brief(english, 'ops')).links.some(isQuery)).toBe(false);
  });

  test('is told to operations with targets, providers and first steps', async () => {
    const text = textOf(await brief(english, 'ops'));
    expect(text).toContain('Instances that answer: 1 / 1');
    expect(text).toMatch(/acme-pay: (9\d|100)(\.\d)?% fail/);
    expect(text).toContain('roll back');
  });

  test('is told to the business side in plain words with orders and money', async () => {
    const briefing = await brief(english, 'business');
    const text = textOf(briefing);
    expect(briefing.lead).toMatch(
      /^Since 15:1\d \(\d minutes\)\. Customers who pay with acme-pay run into an error when they try to buy\. About \d+ orders \(\d+ – \d+\) worth about €[\d,]+ \(€[\d,]+ – €[\d,]+\) are lost so far\. While this lasts it costs about €[\d,]+ per hour\.$/,
    );
    expect(text).not.toMatch(/step|p95|provider_timeout|CheckoutSuccessRateLow/);
    expect(text).toContain('Told about it: dev and ops.');
    expect(briefing.footer).toContain('estimates');
  });

  test('is told in German', async () => {
    const business = await brief(german, 'business');
    expect(business.language).toBe('de');
    expect(business.title).toMatch(/^Käufe lassen sich nicht abschließen: \d\d\s% der Versuche scheitern$/);
    expect(business.lead).toMatch(
      /^Seit 15:1\d Uhr \(\d Minuten\)\. Kundinnen und Kunden mit Zahlung über acme-pay stoßen .* [\d.]+\s€ je Stunde\.$/,
    );
    expect((await brief(german, 'dev')).title).toMatch(
      /^Bestellvorgang gestört: .*\(Anbieter acme-pay, Schritt payment\)$/,
    );
  });

  test('is told to each team in its language, time zone and words, and to developers with the last failures', async () => {
    const failures = new RecentFailures();
    const line = '{"msg":"checkout failed","reason":"provider_timeout","class":"technical","step":"payment"';
    const at = `"amount":59.9,"currency":"EUR","attempt_id":"a1","time":${english.nowMs - 1_000}`;
    failures.add(readFailureLine(`${line},"provider":"acme-pay","trace_id":"${'4bf9'.repeat(8)}",${at}}`, 0)!);
    failures.add(readFailureLine(`${line},"provider":"nordbank",${at}}`, 0)!);
    const { config } = english;
    const told = (receiver: string) =>
      createEnricher({
        querier: english,
        config: {
          ...config,
          teams: config.teams.map((team) => ({ ...team, language: 'de-AT', timezone: 'America/New_York' })),
          messages: {
            dir: 'messages',
            overrides: [
              { readers: 'business', language: 'de', texts: { headline: { failures: 'Es klemmt[: {failing}]' } } },
            ],
          },
        },
        clock: new ManualClock(english.nowMs),
        pageUrl: '',
        failures,
      }).brief({
        receiver,
        groupKey: 'g',
        groupLabels: Labels.empty,
        status: 'firing',
        alerts: english.firingAlerts(),
        atMs: english.nowMs,
      });
    const business = await told('business');
    expect(business?.title).toMatch(/^Es klemmt: \d\d\s%$/);
    expect(business?.lead).toMatch(/^Seit 09:1\d Uhr .* etwa €\s[\d.\s]+ \(/);
    const examples = (await told('dev'))?.blocks.flatMap((block) =>
      block.kind === 'list' && block.heading === 'Letzte Fehler' ? block.items : [],
    );
    expect(examples).toEqual([
      expect.stringMatching(
        /^09:1\d:\d\d payment · acme-pay · provider_timeout · €\s59,90 · Vorgang a1 · Trace (4bf9){8}$/,
      ),
    ]);
  });

  test('begins when it began, not when the alert fired', async () => {
    const view = await overview({ querier: english, config: english.config, nowMs: english.nowMs });
    expect(Math.abs((view.impact?.sinceMs ?? 0) - (english.nowMs - 180_000))).toBeLessThanOrEqual(30_000);
  });

  test('loses about as many orders as failed', async () => {
    const view = await overview({ querier: english, config: english.config, nowMs: english.nowMs });
    const { low, mid, high } = view.impact!.lostOrders;
    // 45 attempts a minute go to that provider, three quarters of them would have been orders.
    expect(low).toBeLessThan(95);
    expect(mid).toBeGreaterThan(50);
    expect(high).toBeGreaterThan(95);
    expect(view.impact!.lostMoney.mid / mid).toBeCloseTo(60, 0);
  });
});

test('the all-clear says how long, how bad, how much, and what is now', async () => {
  const watch = broken('en', { failing: { share: 1, ...provider } }, 4);
  watch.run(10);
  const pages = watch.firingAlerts().filter(({ labels }) => labels.get('severity') === 'page');
  const briefing = await brief(watch, 'business', 'resolved', pages);
  expect(briefing.tone).toBe('resolved');
  expect(briefing.title).toMatch(/^All clear: Checkout works again, (9\d\.\d|9\d|100)% succeed$/);
  expect(briefing.lead).toMatch(
    /It lasted [345] minutes, from 15:1\d to 15:1\d\. About \d+ orders .* were lost in total\.$/,
  );
  const facts = briefing.blocks.flatMap((block) => (block.kind === 'facts' ? block.facts : []));
  expect(Number.parseInt(facts.find(({ name }) => name === 'Worst success rate')?.value ?? '', 10)).toBeLessThan(70);
});

test('of a shop that does not answer no old figures are told, and the all-clear counts the whole time', async () => {
  const watch = broken('en', { isDown: true });
  const firing = textOf(await brief(watch, 'dev'));
  expect(firing).toMatch(/^Orders: no data \(before \d+ a minute\)$/m);
  expect(firing).not.toMatch(/Success rate|Slowest step/);
  const pages = watch.firingAlerts().filter(({ labels }) => labels.get('severity') === 'page');
  watch.run(4);
  const over = await brief(watch, 'business', 'resolved', pages);
  expect(over.title).toBe('All clear: The shop answers again');
  expect(over.lead).toMatch(/^The shop answers again\. It lasted 3 minutes, from 15:10 to 15:1[23]\./);
  expect(textOf(over)).not.toContain('Worst success rate');
});

test('first steps follow from the part and the reasons', async () => {
  const steps = async (failing: { step: string; reason: string; provider?: string }) => {
    const { blocks } = await brief(broken('en', { failing: { share: 0.5, ...failing } }), 'ops');
    return blocks.flatMap((block) => (block.kind === 'list' && block.heading === 'First steps' ? block.items : []));
  };
  expect((await steps(provider))[0]).toMatch(/status page of acme-pay/);
  expect((await steps({ step: 'cart', reason: 'db_pool_exhausted' }))[0]).toMatch(/^Look at the database/);
});

test('figures before are those of whole minutes', async () => {
  const watch = new Watch({ seed: 1, attemptsPerMinute: 90 });
  watch.run(4);
  watch.run(3, { failing: { share: 1, ...provider } });
  const facts = (await brief(watch, 'dev')).blocks.flatMap((block) => (block.kind === 'facts' ? block.facts : []));
  const before = Number(/before (\d+)/.exec(facts.find(({ name }) => name === 'Checkouts started')?.value ?? '')?.[1]);
  expect(before).toBeGreaterThan(80);
});

test.for([
  [0.0058, '6 ms'],
  [0.23, '230 ms'],
  [0.9999, '1 sec'],
  [4.27, '4.3 sec'],
] as const)('%d s is written %s', ([value, text]) => {
  expect(new Numbers('en', 'EUR', 'UTC').seconds(value)).toBe(text);
});

test.for([
  [
    'a broken page',
    { attempts: { web: 0.02, app: 0.02 } },
    /^Checkouts are hardly started any more/,
    /^Customers visit the shop but cannot start a purchase$/,
  ],
  [
    'a silent channel',
    { attempts: { app: 0 } },
    /^Checkouts are hardly started any more.*\(channel app\)$/,
    /^Customers visit the shop/,
  ],
  [
    'a shop that is down',
    { isDown: true },
    /^The shop does not answer: no instance of shop can be reached$/,
    /^The shop does not answer$/,
  ],
  ['slow steps', { stepSeconds: 6 }, /^Checkout is slow: .*step payment takes/, /^The checkout is very slow$/],
] as const)('%s has its own words', async ([, weather, technical, plain]) => {
  const watch = broken('en', weather);
  expect((await brief(watch, 'dev')).title).toMatch(technical);
  const business = await brief(watch, 'business');
  expect(business.title).toMatch(plain);
  expect(textOf(business)).toMatch(/About [\d,]+ orders|No lost orders/);
});

test('card testing is a notice without lost orders', async () => {
  const watch = broken('en', { cardTesting: 2 }, 4);
  const briefing = await brief(watch, 'ops');
  expect(briefing.tone).toBe('inform');
  expect(briefing.title).toMatch(/^Notice: Many payments are declined: \d\d%$/);
  expect(textOf(briefing)).not.toContain('lost');
});

test('others are left to their own templates', async () => {
  const watch = broken('en', { failing: { share: 1, ...provider } }, 1);
  expect(await brief(watch, 'somebody')).toBeUndefined();
  const foreign: Alert = {
    labels: Labels.of({ alertname: 'DiskFull' }),
    annotations: Labels.empty,
    startsAtMs: watch.nowMs,
    endsAtMs: watch.nowMs + 60_000,
    generatorUrl: '',
  };
  expect(await brief(watch, 'dev', 'firing', [foreign])).toBeUndefined();
});

test('later messages say the same since, and a ledger that fails does not matter', async () => {
  const watch = broken('en', { failing: { share: 1, ...provider } });
  const kept = new Map<string, unknown>();
  let isBroken = false;
  const ledger: Ledger = {
    batch: () => ({
      append: () => true,
      appendStale: () => {},
      put: (_shelf, key, document) => void kept.set(key, document),
      remove: (_shelf, key) => void kept.delete(key),
      commit: () => (isBroken ? Promise.reject(new Error('full')) : Promise.resolve()),
    }),
    get: (_shelf, key) => kept.get(key),
    entries: () => [...kept],
  };
  const read = async () => {
    const enricher = createEnricher({
      querier: watch,
      config: watch.config,
      clock: new ManualClock(watch.nowMs),
      pageUrl: '',
      ledger,
    });
    const alerts = watch.firingAlerts();
    return (
      await enricher.brief({
        receiver: 'ops',
        groupKey: '',
        groupLabels: Labels.empty,
        status: 'firing',
        alerts,
        atMs: watch.nowMs,
      })
    )?.lead;
  };
  const since = (lead: string | undefined) => lead?.slice(0, 11);
  const first = await read();
  expect(kept.size).toBe(1);
  watch.run(3, { failing: { share: 1, ...provider } });
  expect(since(await read())).toBe(since(first));
  kept.clear();
  isBroken = true;
  expect(since(await read())).toBe(since(first));
});
