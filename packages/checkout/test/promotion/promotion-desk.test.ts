import { Labels, type Notification } from '@tillwatch/model';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  createPromotionDesk,
  type PromotionDesk,
  readMessages,
  type TillwatchConfig,
  UnknownPromotionError,
  type WatchState,
} from '../../src/index.ts';
import { textOf } from '../support/briefing-text.ts';
import { testConfig, Watch } from '../support/watch.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 2, 3, 14, 0, 0);
const CALENDAR = `promotions:
  - { name: Spring sale, from: 2026-03-03T15:12, to: 2026-03-03T15:22, expectedFactor: 5, ramp: 2m }
  - { name: Summer sale, from: 2026-07-01, to: 2026-07-03, expectedFactor: 3 }
readiness: { before: 4m }
`;
const config = testConfig((text) => text.replace('promotions: []', CALENDAR));

const reached: WatchState = {
  receivers: config.teams.map(({ name }) => ({
    receiver: name,
    integration: 'slack[0]',
    lastDeliveredAtMs: START - 3_600_000,
  })),
  failingRules: [],
};

function deskOf(watch: Watch, state: WatchState = reached, shop: TillwatchConfig = config): PromotionDesk {
  return createPromotionDesk({
    querier: watch,
    config: () => shop,
    clock: { nowMs: () => watch.nowMs },
    pageUrl: 'http://watch.example',
    watch: () => state,
  });
}

/** The shop with texts of its own, by the file that they are in, and with teams that read `language`. */
function changed(files: Readonly<Record<string, string>>, language = 'en'): TillwatchConfig {
  const overrides = Object.entries(files).map(([file, text]) => {
    const { override, problems } = readMessages({ file, text });
    expect(problems).toEqual([]);
    return override!;
  });
  const teams = config.teams.map((team) => ({ ...team, language }));
  return { ...config, teams, messages: { dir: undefined, overrides } };
}

/** What the router would hand over about a promotion. */
function notification(watch: Watch, receiver: string, isOver: boolean): Notification {
  const labels = Labels.of({ alertname: 'CheckoutPromotion', promotion: 'Spring sale', severity: 'inform' });
  const endsAtMs = isOver ? watch.nowMs - 1 : watch.nowMs + 300_000;
  return {
    receiver,
    groupKey: 'promotions',
    groupLabels: Labels.of({ alertname: 'CheckoutPromotion' }),
    status: isOver ? 'resolved' : 'firing',
    alerts: [{ labels, annotations: Labels.empty, startsAtMs: START + 8 * MINUTE, endsAtMs, generatorUrl: '' }],
    atMs: watch.nowMs,
  };
}

describe('the check before', () => {
  let watch: Watch;
  beforeAll(() => {
    watch = new Watch({ seed: 3, attemptsPerMinute: 60, config });
    watch.run(9);
  }, 120_000);
  const stateOf = async (topic: string, state?: WatchState) =>
    (await deskOf(watch, state).readiness('Spring sale')).checks.filter((check) => check.topic === topic);

  test('all that can be known is ready, and the rest is said to be not known', async () => {
    const { isReady, checks } = await deskOf(watch).readiness('Spring sale');
    expect(isReady).toBe(true);
    expect(checks.map(({ topic, state }) => `${topic}: ${state}`)).toEqual([
      'Targets: ready',
      'Rules: ready',
      'Alerts: ready',
      'Receivers: ready',
      'Receivers: ready',
      'Receivers: ready',
      'Error budget: not-known',
      'Requests: not-known',
      'Processor: not-known',
      'Database pool: not-known',
      'Memory: not-known',
    ]);
    // A hint is owed for everything that somebody can do something about.
    expect(checks.find(({ topic }) => topic === 'Requests')).toMatchObject({
      toDo: expect.stringContaining('load test'),
    });
  });

  test('a receiver that was not reached lately, or never, is not ready', async () => {
    const state: WatchState = {
      failingRules: [],
      receivers: [
        { receiver: 'dev', integration: 'slack[0]', lastDeliveredAtMs: watch.nowMs - 8 * 86_400_000 },
        { receiver: 'dev', integration: 'email[0]', lastDeliveredAtMs: undefined },
        { receiver: 'ops', integration: 'slack[0]', lastDeliveredAtMs: watch.nowMs - 6 * 86_400_000 },
      ],
    };
    expect(await stateOf('Receivers', state)).toMatchObject([
      {
        state: 'not-ready',
        finding: expect.stringContaining('192 hours'),
        toDo: expect.stringContaining('notify test'),
      },
      { state: 'not-ready', finding: 'dev (email) never took a message' },
      { state: 'ready' },
    ]);
  });

  test('what was mended shows at once', async () => {
    let state: WatchState = { receivers: [], failingRules: [] };
    const desk = createPromotionDesk({
      querier: watch,
      config: () => config,
      clock: { nowMs: () => watch.nowMs },
      pageUrl: 'http://watch.example',
      watch: () => state,
    });
    expect((await desk.readiness('Spring sale')).isReady).toBe(false);
    state = reached;
    expect((await desk.readiness('Spring sale')).isReady).toBe(true);
  });

  test('rules that fail are named', async () => {
    const failing = { ...reached, failingRules: [{ rule: 'CheckoutSilent', error: 'too many samples' }] };
    expect(await stateOf('Rules', failing)).toMatchObject([
      { state: 'not-ready', finding: 'CheckoutSilent fails: too many samples' },
    ]);
    expect(await deskOf(watch, failing).readiness('Spring sale')).toMatchObject({ isReady: false });
  });

  test('goes to the teams before the start, in their words, and to the business side without a list', async () => {
    const desk = deskOf(watch);
    const ops = await desk.brief(notification(watch, 'ops', false));
    expect(ops).toMatchObject({
      tone: 'inform',
      title: 'Spring sale: ready for 5 times the usual traffic, as far as it is known',
      lead: 'Mar 3, 2026, 3:12 – 3:22 PM.',
    });
    expect(ops!.blocks.map(({ heading }) => heading)).toEqual(['Not known', 'Ready']);
    const business = await desk.brief(notification(watch, 'business', false));
    expect(business).toMatchObject({ blocks: [], lead: expect.stringContaining('nothing stands in the way') });
    expect(await desk.brief(notification(watch, 'somebody else', false))).toBeUndefined();
  });

  test('says it in the words of the shop where it has some', async () => {
    const desk = deskOf(
      watch,
      reached,
      changed({
        'ops.en.yml':
          'promotion_ready: { title_as_known: "Go for {promotion} (x{factor})" }\npromotion_check: { finding: { no_pages: calm } }\n',
        'business.en.yml': 'promotion_lead: { ready: "We are set. It is on {when}." }\n',
        'page.en.yml': 'promotion_check: { topic: { alerts: Sirens } }\n',
      }),
    );
    const ops = await desk.brief(notification(watch, 'ops', false));
    expect(ops?.title).toBe('Go for Spring sale (x5)');
    expect(textOf(ops!)).toContain('Alerts: calm');
    const business = await desk.brief(notification(watch, 'business', false));
    expect(business?.lead).toBe('We are set. It is on Mar 3, 2026, 3:12 – 3:22 PM.');
    const onThePage = (await desk.readiness('Spring sale')).checks.map(({ topic, finding }) => `${topic}: ${finding}`);
    expect(onThePage).toContain('Sirens: nothing is wrong now');
  });

  test('speaks German', async () => {
    const desk = deskOf(
      watch,
      { ...reached, failingRules: [{ rule: 'CheckoutSilent', error: 'x' }] },
      changed({}, 'de'),
    );
    const ops = await desk.brief(notification(watch, 'ops', false));
    expect(ops?.title).toBe('Spring sale: ein Punkt ist nicht bereit');
    expect(textOf(ops!)).toContain('Regeln: CheckoutSilent scheitert: x → Regel reparieren');
    expect((await desk.brief(notification(watch, 'business', false)))?.lead).toContain('Der Betrieb hat die Liste.');
  });

  test('names are looked up, and a wrong one is told with the right ones', async () => {
    await expect(deskOf(watch).readiness('Spring')).rejects.toThrow(
      new UnknownPromotionError('there is no promotion "Spring"; there are: "Spring sale", "Summer sale"'),
    );
  });
});

describe('a promotion from its start to its report', () => {
  let watch: Watch;
  beforeAll(() => {
    watch = new Watch({ seed: 3, attemptsPerMinute: 90, config });
    watch.run(12);
    watch.run(4, { traffic: 5 });
    watch.run(3, {
      traffic: 5,
      failing: { share: 1, step: 'payment', reason: 'provider_timeout', provider: 'acme-pay' },
    });
    watch.run(3, { traffic: 5 });
    watch.run(13);
  }, 240_000);
  const minute = (ms: number) => Math.round((ms - START) / MINUTE);

  test('is announced once: from the check before it until its last orders have come', () => {
    const announced = watch.fired.filter(({ alert }) => alert === 'CheckoutPromotion');
    expect(announced.map(({ firedAtMs, endedAtMs }) => [minute(firedAtMs), minute(endedAtMs!)])).toEqual([[8, 34]]);
  });

  test('pages for its incident and for nothing else', () => {
    const pages = watch.pages().map(({ firedAtMs }) => minute(firedAtMs));
    expect(pages.length).toBeGreaterThan(0);
    expect(pages.every((at) => at >= 16 && at <= 19)).toBe(true);
  });

  test('the report has what came, what was expected, and what went wrong', async () => {
    const report = await deskOf(watch).report('Spring sale');
    expect(report).toMatchObject({ isOver: true, basis: 'time-before', expectedFactor: 5 });
    expect(report.reachedFactor).toBeCloseTo(5, 0);
    // Five times the usual, less the outage of three of ten minutes.
    const { during, usual, expected } = report.orders;
    expect(during).toBeGreaterThan(3.5 * usual!);
    expect(expected! / usual!).toBeCloseTo(1 + 4 * (1 - 1 / 10), 5);
    expect(report.money.during! / during!).toBeGreaterThan(30);
    expect(report.successRate.during).toBeLessThan(report.successRate.usual!);
    expect(report.worst).toMatchObject({ value: expect.any(Number) });
    expect(report.worst!.value).toBeLessThan(0.7);
    expect(minute(report.worst!.atMs)).toBeGreaterThanOrEqual(16);
    expect(report.timeline.values.length).toBe(11);
    const [incident, ...others] = report.incidents;
    expect(others).toEqual([]);
    expect(incident).toMatchObject({ alert: 'CheckoutSuccessRateLow' });
    expect(minute(incident!.fromMs)).toBe(16);
    expect(minute(incident!.toMs!)).toBeLessThanOrEqual(21);
    expect(incident!.lostOrders.mid).toBeGreaterThan(100);
  });

  test('the business side reads it without the name of an alert', async () => {
    const briefing = await deskOf(watch).brief(notification(watch, 'business', true));
    expect(briefing).toMatchObject({
      tone: 'inform',
      title: expect.stringMatching(/^Spring sale: \d,\d+ orders, 5(?:\.\d)? times/),
    });
    const text = textOf(briefing!);
    expect(text).toMatch(/Revenue: €1\d\d,000 · expected €1\d\d,000 · usual €\d\d,\d+/);
    expect(text).toContain('Many customers cannot complete their purchase right now; about');
    expect(text).not.toMatch(/Checkout[A-Z]/);
    expect(textOf((await deskOf(watch).brief(notification(watch, 'dev', true)))!)).toContain('CheckoutErrorRateHigh');
  });

  test('the report is told in the words of the shop, and in German', async () => {
    const shop = changed({ 'dev.de.yml': 'promotion_report: { title: "{promotion} vorbei: {orders}" }\n' }, 'de');
    const dev = await deskOf(watch, reached, shop).brief(notification(watch, 'dev', true));
    expect(dev?.title).toMatch(/^Spring sale vorbei: \d\.\d{3}$/);
    const text = textOf(dev!);
    expect(text).toMatch(/Umsatz: 1\d\d\.000\s€ · erwartet 1\d\d\.000\s€ · üblich \d\d\.\d+\s€/);
    expect(text).toMatch(/Insgesamt gingen etwa \d+ Bestellungen \(/);
    expect(text).toMatch(/Vielfaches des Üblichen: \d(?:,\d)? · erwartet 5/);
  });

  test('the list shows what is ahead first, with its check, and what is over with its report', async () => {
    const { shop, promotions: list } = await deskOf(watch).calendar();
    expect(shop).toEqual({ name: 'Nordlicht', currency: 'EUR', timezone: 'Europe/Berlin', language: 'en' });
    expect(
      list.map(({ name, phase, readiness, report }) => [name, phase, readiness !== null, report !== null]),
    ).toEqual([
      ['Summer sale', 'ahead', true, false],
      ['Spring sale', 'over', false, true],
    ]);
  });
});

test('what is measured for a message is measured once, ahead of it', async () => {
  const watch = new Watch({ seed: 3, attemptsPerMinute: 30, config, only: /^$/ });
  watch.run(9);
  let asked = 0;
  const desk = createPromotionDesk({
    querier: {
      instant: (expr, atMs) => {
        asked++;
        return watch.instant(expr, atMs);
      },
      range: (expr, startMs, endMs, stepMs) => watch.range(expr, startMs, endMs, stepMs),
    },
    config: () => config,
    clock: { nowMs: () => watch.nowMs },
    pageUrl: 'http://watch.example',
  });
  const message = notification(watch, 'ops', false);
  desk.prepare(message.alerts);
  const once = asked;
  expect(once).toBeGreaterThan(0);
  desk.prepare(message.alerts);
  await Promise.all(config.teams.map(({ name }) => desk.brief({ ...message, receiver: name })));
  expect(asked).toBe(once);
});
