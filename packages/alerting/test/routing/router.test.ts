import { Matcher } from '@tillwatch/model';
import { ManualClock } from '@tillwatch/model/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Loopback, type Received, startLoopback } from '../notify/loopback.ts';
import { alert, configOf, routerFor } from './fakes.ts';
import { MemoryLedger } from './memory-ledger.ts';

let hook: Loopback;
beforeAll(async () => {
  hook = await startLoopback();
});
afterAll(() => hook.close());
beforeEach(() => {
  hook.received.length = 0;
  hook.reply = () => ({});
});

function config(options: { route?: string; receiver?: string; more?: string } = {}): string {
  return `
route: {receiver: hook, group_by: [alertname], group_wait: 2s, group_interval: 12s, repeat_interval: 1h${options.route ?? ''}}
receivers:
  - {name: hook, webhook_configs: [{url: '${hook.url}/hook', send_resolved: true${options.receiver ?? ''}}]}
${options.more ?? ''}`;
}

/** Moves time in small steps, so that answers over the real socket can come in between. */
async function pass(clock: ManualClock, ms: number, stepMs = 250): Promise<void> {
  for (let done = 0; done < ms; done += stepMs) {
    await clock.advance(Math.min(stepMs, ms - done));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await quiet();
}

/** Lets what is on its way over the socket arrive. */
async function quiet(): Promise<void> {
  for (let i = 0; i < 8; i++) await new Promise((resolve) => setTimeout(resolve, 1));
}

const providers = (received: Received) =>
  received.body.alerts.map((a: { labels: { provider: string }; status: string }) => `${a.labels.provider} ${a.status}`);

describe('groups', () => {
  test('alerts that come during group_wait are told together, later ones at the tick of group_interval', async () => {
    const clock = new ManualClock(1_000_000);
    const router = routerFor(config(), clock);
    router.start();
    router.accept([alert({ provider: 'a' })]);
    await pass(clock, 1_000);
    router.accept([alert({ provider: 'b' })]);
    await pass(clock, 990);
    expect(hook.received).toHaveLength(0);
    await pass(clock, 10);
    expect(hook.received.map(providers)).toEqual([['a firing', 'b firing']]);
    await pass(clock, 2_000);
    router.accept([alert({ provider: 'c' })]);
    await pass(clock, 1_000);
    router.accept([alert({ provider: 'a' }, { startsAtMs: 1_000_000, endsAtMs: clock.nowMs() })]);
    expect(router.groups()).toMatchObject([{ receiver: 'hook', nextFlushMs: 9_000 }]);
    await pass(clock, 8_900);
    expect(hook.received).toHaveLength(1);
    await pass(clock, 100);
    expect(hook.received.map(providers).slice(1)).toEqual([['a resolved', 'b firing', 'c firing']]);
    await router.stop();
  });

  test.for([
    ['5s', '5s', 5],
    ['8s', '2s', 8],
    ['4s', '10s', 12],
  ] as const)('group_interval %s with repeat_interval %s repeats every %i s', async ([group, repeat, everyS]) => {
    const clock = new ManualClock(1_000_000);
    const times: number[] = [];
    hook.reply = () => {
      times.push(clock.nowMs());
      return {};
    };
    const yaml = config().replace(
      'group_interval: 12s, repeat_interval: 1h',
      `group_interval: ${group}, repeat_interval: ${repeat}`,
    );
    const router = routerFor(yaml, clock);
    router.start();
    router.accept([alert({})]);
    await pass(clock, 40_000);
    await router.stop();
    expect(times.length).toBeGreaterThanOrEqual(Math.floor(36 / everyS));
    for (let i = 1; i < times.length; i++) expect(Math.round((times[i]! - times[i - 1]!) / 1_000)).toBe(everyS);
  });

  test('an alert that is not sent again resolves at its end', async () => {
    const clock = new ManualClock(1_000_000);
    const router = routerFor(config({ more: 'global: {resolve_timeout: 20s}' }), clock);
    router.start();
    router.accept([alert({}, { endsAtMs: 0 })]);
    await pass(clock, 40_000);
    expect(hook.received.map(({ body }) => body.status)).toEqual(['firing', 'resolved']);
    expect(router.groups()).toEqual([]);
    await router.stop();
  });

  test('what was over before anybody was told stays untold, and rules repeating it change nothing', async () => {
    const clock = new ManualClock(1_000_000);
    const router = routerFor(config(), clock);
    router.start();
    router.accept([alert({})]);
    await pass(clock, 1_000);
    for (let i = 0; i < 30; i++) {
      router.accept([alert({}, { startsAtMs: 1_000_000, endsAtMs: 1_001_000 })]);
      await pass(clock, 1_000, 1_000);
    }
    expect(hook.received).toHaveLength(0);
    expect(router.stats().alertsReceived).toEqual({ firing: 1, resolved: 30 });
    await router.stop();
  });
});

describe('keeping quiet', () => {
  test('a silence holds back, and its end tells', async () => {
    const clock = new ManualClock(1_000_000);
    const router = routerFor(config(), clock);
    router.start();
    const matchers = [new Matcher('provider', '=', 'a')];
    const id = await router.silences.create({ matchers, endsAtMs: 1_030_000, createdBy: 'me', comment: '' });
    router.accept([alert({ provider: 'a' })]);
    await pass(clock, 20_000);
    expect(hook.received).toHaveLength(0);
    expect(router.alerts()).toMatchObject([{ state: 'suppressed', silencedBy: [id], receivers: ['hook'] }]);
    await pass(clock, 20_000);
    expect(hook.received.map(providers)).toEqual([['a firing']]);
    await router.stop();
  });

  test('a firing source inhibits its targets', async () => {
    const clock = new ManualClock(1_000_000);
    const rules = `inhibit_rules: [{source_matchers: [severity="none"], target_matchers: [severity="none"]}, {source_matchers: [severity="critical"], target_matchers: [severity="warning"], equal: [shop]}]`;
    const router = routerFor(config({ more: rules }), clock);
    router.start();
    router.accept([
      alert({ severity: 'critical', shop: 'x', provider: 'a' }),
      alert({ severity: 'warning', shop: 'x', provider: 'b' }),
      alert({ severity: 'warning', shop: 'y', provider: 'c' }),
    ]);
    await pass(clock, 3_000);
    expect(hook.received.map(providers)).toEqual([['a firing', 'c firing']]);
    expect(router.stats().alerts).toEqual({ active: 2, suppressed: 1, resolved: 0 });
    await router.stop();
  });

  test('a mute time interval holds back until it is over', async () => {
    // A Thursday, 00:00 UTC.
    const clock = new ManualClock(0);
    const times = `time_intervals: [{name: night, time_intervals: [{times: [{start_time: '00:00', end_time: '00:01'}]}]}]`;
    const yaml = config({ more: times }).replace(
      'repeat_interval: 1h}',
      'repeat_interval: 1h, routes: [{matchers: [alertname=~".+"], mute_time_intervals: [night]}]}',
    );
    const router = routerFor(yaml, clock);
    router.start();
    router.accept([alert({ provider: 'a' }, { startsAtMs: 1 })]);
    await pass(clock, 50_000, 1_000);
    expect(hook.received).toHaveLength(0);
    expect(router.alerts()).toMatchObject([{ state: 'suppressed', mutedBy: ['night'] }]);
    await pass(clock, 20_000, 1_000);
    expect(hook.received.map(providers)).toEqual([['a firing']]);
    await router.stop();
  });
});

describe('delivery', () => {
  test('a receiver that asks to wait is asked again when it said, and once', async () => {
    const clock = new ManualClock(1_000_000);
    hook.reply = (n) => (n === 0 ? { status: 429, headers: { 'retry-after': '1' } } : {});
    const router = routerFor(config(), clock);
    router.start();
    router.accept([alert({ provider: 'a' })]);
    await pass(clock, 2_000);
    expect(router.deliveries(10)).toMatchObject([{ state: 'owed', attempts: 1, lastReason: 'rate-limited' }]);
    expect(router.stats().outbox).toMatchObject({ owed: 1 });
    await pass(clock, 1_250);
    expect(hook.received).toHaveLength(2);
    expect(router.deliveries(10)).toMatchObject([{ state: 'delivered', attempts: 2 }]);
    expect(router.stats().deliveries).toMatchObject([
      { receiver: 'hook', integration: 'webhook', sent: 1, failed: { 'rate-limited': 1 }, givenUp: {} },
    ]);
    await router.stop();
  });

  test('what piles up for a group is told as it is in the end, with every all-clear', async () => {
    const clock = new ManualClock(1_000_000);
    let up = false;
    hook.reply = () => (up ? {} : { status: 503 });
    const router = routerFor(config(), clock);
    router.start();
    router.accept([alert({ provider: 'a' }), alert({ provider: 'b' })]);
    await pass(clock, 5_000);
    router.accept([alert({ provider: 'a' }, { startsAtMs: 1_000_000, endsAtMs: clock.nowMs() })]);
    await pass(clock, 12_000);
    router.accept([alert({ provider: 'c' })]);
    await pass(clock, 12_000);
    up = true;
    const before = hook.received.length;
    await pass(clock, 70_000);
    expect(hook.received.slice(before).map(providers)).toEqual([['b firing', 'c firing', 'a resolved']]);
    expect(router.deliveries(10)).toMatchObject([{ state: 'delivered', merged: 2, status: 'firing' }]);
    await router.stop();
  });

  test('a refusal is final, is shown, and the next tick tries anew', async () => {
    const clock = new ManualClock(1_000_000);
    hook.reply = (n) => (n === 0 ? { status: 404, body: `no such path /hook` } : {});
    const router = routerFor(config(), clock);
    router.start();
    router.accept([alert({ provider: 'a' })]);
    await pass(clock, 3_000);
    expect(router.deliveries(10)).toMatchObject([
      {
        state: 'failed',
        attempts: 1,
        lastReason: 'client',
        lastError: 'unexpected status code 404: no such path <secret>',
      },
    ]);
    await pass(clock, 9_000);
    expect(hook.received).toHaveLength(1);
    await pass(clock, 3_000);
    expect(router.deliveries(10).map(({ state }) => state)).toEqual(['delivered', 'failed']);
    await router.stop();
  });

  test('a message is given up after its time, and not silently', async () => {
    const clock = new ManualClock(1_000_000);
    hook.reply = () => ({ drop: true });
    const yaml = config().replace('group_interval: 12s', 'group_interval: 1h');
    const router = routerFor(yaml, clock, { transport: { giveUpAfterMs: 60_000 } });
    router.start();
    router.accept([alert({ provider: 'a' })]);
    await pass(clock, 120_000);
    expect(router.deliveries(10)).toMatchObject([{ state: 'failed', lastReason: 'expired' }]);
    expect(router.stats().deliveries[0]?.givenUp).toEqual({ expired: 1 });
    expect(router.stats().deliveries[0]?.failed.connection).toBeGreaterThan(3);
    await router.stop();
  });

  test('a receiver that never answers is left after the time limit', async () => {
    const clock = new ManualClock(1_000_000);
    hook.reply = (n) => (n === 0 ? { hang: true } : {});
    const router = routerFor(config(), clock, { transport: { attemptTimeoutMs: 5_000 } });
    router.start();
    router.accept([alert({ provider: 'a' })]);
    await pass(clock, 9_000);
    expect(router.deliveries(10)).toMatchObject([{ state: 'delivered', attempts: 2 }]);
    expect(router.stats().deliveries[0]?.failed).toEqual({ timeout: 1 });
    await router.stop();
  });

  test('one group that is refused again and again does not hold up the others', async () => {
    const clock = new ManualClock(1_000_000);
    hook.reply = (_, { body }) => (body.groupLabels.alertname === 'Poison' ? { status: 500 } : {});
    const router = routerFor(config(), clock);
    router.start();
    router.accept([alert({ alertname: 'Poison', provider: 'p' }), alert({ alertname: 'Fine', provider: 'f' })]);
    await pass(clock, 3_000);
    expect(
      router
        .deliveries(10)
        .map(({ state, groupKey }) => [state, groupKey])
        .sort(),
    ).toEqual([
      ['delivered', '{}:{alertname="Fine"}'],
      ['owed', '{}:{alertname="Poison"}'],
    ]);
    await router.stop();
  });

  test('when the ledger refuses, people are told all the same', async () => {
    const clock = new ManualClock(1_000_000);
    const ledger = new MemoryLedger();
    ledger.refuse = true;
    const router = routerFor(config(), clock, { ledger });
    router.start();
    router.accept([alert({ provider: 'a' })]);
    await pass(clock, 3_000);
    expect(hook.received).toHaveLength(1);
    expect(router.stats().ledgerHealthy).toBe(false);
    ledger.refuse = false;
    await router.stop();
    expect(ledger.entries('alerting/outbox')).toMatchObject([[expect.any(String), { state: 'delivered' }]]);
  });
});

describe('restart and reload', () => {
  test('what is owed is delivered by the next process, and told once', async () => {
    const clock = new ManualClock(1_000_000);
    const ledger = new MemoryLedger();
    hook.reply = () => ({ status: 503 });
    const first = routerFor(config(), clock, { ledger });
    first.start();
    first.accept([alert({ provider: 'a' })]);
    await pass(clock, 3_000);
    await first.stop();
    hook.received.length = 0;
    hook.reply = () => ({});
    const second = routerFor(config(), clock, { ledger });
    second.start();
    await pass(clock, 1_000);
    expect(hook.received.map(providers)).toEqual([['a firing']]);
    await second.stop();

    const third = routerFor(config(), clock, { ledger });
    third.start();
    await pass(clock, 30_000);
    expect(hook.received).toHaveLength(1);
    await third.stop();
  });

  test('an end that came while nobody was there is told after the restart; a pause alone is no end', async () => {
    const clock = new ManualClock(1_000_000);
    const ledger = new MemoryLedger();
    const yaml = config({ more: 'global: {resolve_timeout: 1m}' });
    const first = routerFor(yaml, clock, { ledger });
    first.start();
    first.accept([alert({ provider: 'a' }, { endsAtMs: 1_060_000 })]);
    await pass(clock, 3_000);
    await first.stop();
    await clock.advance(600_000);
    const second = routerFor(yaml, clock, { ledger });
    second.start();
    await pass(clock, 30_000);
    expect(hook.received.map(({ body }) => body.status)).toEqual(['firing']);
    second.accept([alert({ provider: 'a' }, { startsAtMs: 1_000_000, endsAtMs: clock.nowMs() - 1 })]);
    await pass(clock, 12_000);
    expect(hook.received.map(({ body }) => body.status)).toEqual(['firing', 'resolved']);
    await second.stop();
  });

  test('a reload keeps the ticks, moves to new addresses, and fails what nobody takes any more', async () => {
    const clock = new ManualClock(1_000_000);
    const router = routerFor(config(), clock);
    router.start();
    router.accept([alert({ provider: 'a' })]);
    await pass(clock, 4_000);
    const nextFlushAtMs = router.groups()[0]?.nextFlushAtMs;
    hook.reply = () => ({ status: 503 });
    await router.apply(configOf(config().replaceAll('/hook', '/moved')), []);
    expect(router.groups()[0]?.nextFlushAtMs).toBe(nextFlushAtMs);
    router.accept([alert({ provider: 'b' })]);
    await pass(clock, 12_000);
    expect(hook.received.at(-1)?.path).toBe('/moved');
    await router.apply(configOf(config().replaceAll('hook,', 'other,').replace('name: hook', 'name: other')), []);
    expect(router.deliveries(1)).toMatchObject([{ state: 'failed', lastReason: 'configuration', receiver: 'hook' }]);
    await router.stop();
  });
});

describe('when a receiver was reached last', () => {
  const last = (router: ReturnType<typeof routerFor>) => router.receivers()[0]?.integrations[0]?.lastDeliveredAtMs;

  test('is told by messages and test messages, across restarts, and is of one target', async () => {
    const clock = new ManualClock(1_000_000);
    const ledger = new MemoryLedger();
    const router = routerFor(config(), clock, { ledger });
    expect(last(router)).toBeUndefined();
    router.start();
    router.accept([alert({})]);
    await pass(clock, 2_000);
    const deliveredAtMs = last(router);
    expect(deliveredAtMs).toBeGreaterThanOrEqual(1_002_000);
    await router.stop();

    await clock.advance(60_000);
    const next = routerFor(config(), clock, { ledger });
    expect(last(next)).toBe(deliveredAtMs);
    await next.test();
    expect(last(next)).toBe(clock.nowMs());
    hook.reply = () => ({ status: 500 });
    await clock.advance(60_000);
    await next.test();
    expect(last(next)).toBe(clock.nowMs() - 60_000);
    await next.apply(configOf(config().replace('127.0.0.1', 'localhost')), []);
    expect(last(next)).toBeUndefined();
    await next.stop();
  });
});

describe('test messages', () => {
  test('report on each integration', async () => {
    const clock = new ManualClock(1_000_000);
    hook.reply = (_, { path }) => (path === '/bad' ? { status: 403 } : {});
    const yaml = `
route: {receiver: good}
receivers:
  - {name: good, webhook_configs: [{url: '${hook.url}/good'}]}
  - {name: bad, webhook_configs: [{url: '${hook.url}/bad'}]}`;
    const router = routerFor(yaml, clock);
    expect(await router.test()).toMatchObject([
      { receiver: 'good', integration: 'webhook[0]', ok: true, title: '[FIRING:1] TillwatchTest' },
      { receiver: 'bad', ok: false, reason: 'auth', error: 'unexpected status code 403: ok' },
    ]);
    expect(hook.received.map(({ body }) => body.alerts[0].annotations.summary)).toEqual(
      Array(2).fill('This is a test message: nothing is wrong'),
    );
    expect(await router.test('good')).toHaveLength(1);
    await expect(router.test('god')).rejects.toThrow('there is no receiver "god"; did you mean "good"?');
    expect(router.deliveries(5)).toEqual([]);
  });
});
