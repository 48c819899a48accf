import type { AlertEnricher, Briefing, Notification } from '@tillwatch/model';
import { ManualClock } from '@tillwatch/model/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Loopback, startLoopback } from '../notify/loopback.ts';
import { briefing } from '../notify/send.ts';
import { alert, routerFor } from './fakes.ts';

let slack: Loopback;
beforeAll(async () => {
  slack = await startLoopback();
});
afterAll(() => slack.close());
beforeEach(() => {
  slack.received.length = 0;
  slack.reply = () => ({});
});

const config = () => `
route: {receiver: ops, group_by: [alertname], group_wait: 1s, group_interval: 1m}
receivers:
  - {name: ops, slack_configs: [{api_url: '${slack.url}/ops', channel: '#ops'}]}`;

async function run(clock: ManualClock, ms: number): Promise<void> {
  for (let done = 0; done < ms; done += 250) {
    await clock.advance(250);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  for (let i = 0; i < 8; i++) await new Promise((resolve) => setTimeout(resolve, 1));
}

function enricher(brief: (notification: Notification) => Promise<Briefing | undefined>): AlertEnricher {
  return { brief };
}

test('a briefing is what is sent, and its title is what is shown', async () => {
  const clock = new ManualClock(1_000_000);
  const asked: Notification[] = [];
  const router = routerFor(config(), clock, {
    enricher: enricher(async (notification) => {
      asked.push(notification);
      return briefing;
    }),
  });
  router.start();
  router.accept([alert({ provider: 'b' }), alert({ provider: 'a' })]);
  await run(clock, 2_000);
  expect(asked).toMatchObject([{ receiver: 'ops', status: 'firing', groupKey: '{}:{alertname="CheckoutErrors"}' }]);
  expect(asked[0]?.alerts.map(({ labels }) => labels.get('provider'))).toEqual(['a', 'b']);
  expect(slack.received[0]?.body.attachments[0].blocks[0].text.text).toBe('🔴 Checkout fails for 12 % of customers');
  expect(router.deliveries(1)).toMatchObject([{ state: 'delivered', title: briefing.title, target: '#ops' }]);
  await router.stop();
});

test.for([
  ['fails', () => Promise.reject(new Error('store is gone'))],
  [
    'fails at once',
    (): never => {
      throw new Error('bug');
    },
  ],
  ['never answers', () => new Promise<never>(() => {})],
  ['has nothing to add', async () => undefined],
] as const satisfies readonly (readonly [string, AlertEnricher['brief']])[])(
  'an enricher that %s does not keep a message',
  async ([name, brief]) => {
    const clock = new ManualClock(1_000_000);
    const router = routerFor(config(), clock, { enricher: enricher(brief), transport: { briefingTimeoutMs: 3_000 } });
    router.start();
    router.accept([alert({ provider: 'a' })]);
    await run(clock, 5_000);
    expect(slack.received[0]?.body.attachments[0].title).toBe('[FIRING:1] CheckoutErrors (a)');
    expect(router.stats().briefingFailures).toBe(name === 'has nothing to add' ? 0 : 1);
    await router.stop();
  },
);

test('one message per second and webhook, whichever receiver it is for', async () => {
  const clock = new ManualClock(1_000_000);
  const times: number[] = [];
  slack.reply = () => {
    times.push(clock.nowMs());
    return {};
  };
  const two = config().replace(
    'group_interval: 1m}',
    `group_interval: 1m, routes: [{receiver: ops, matchers: [shop="x"], continue: true}, {receiver: dev, matchers: [shop="x"]}]}`,
  );
  const yaml = `${two}\n  - {name: dev, slack_configs: [{api_url: '${slack.url}/ops', channel: '#ops'}]}`;
  const router = routerFor(yaml, clock);
  router.start();
  router.accept(['A', 'B', 'C'].map((alertname) => alert({ alertname, shop: 'x' })));
  await run(clock, 12_000);
  expect(times).toHaveLength(6);
  for (let i = 1; i < times.length; i++) expect(times[i]! - times[i - 1]!).toBeGreaterThanOrEqual(1_000);
  await router.stop();
});

test('a template with a mistake is counted, and the message comes', async () => {
  const clock = new ManualClock(1_000_000);
  const yaml = config().replace("channel: '#ops'", `channel: '#ops', text: '{{ template "nowhere" . }}'`);
  const router = routerFor(yaml, clock);
  router.start();
  router.accept([alert({ provider: 'a' })]);
  await run(clock, 2_000);
  expect(slack.received).toHaveLength(1);
  expect(slack.received[0]?.body.text).toContain('nowhere');
  expect(router.deliveries(1)).toMatchObject([{ state: 'delivered', lastReason: 'template' }]);
  expect(router.stats().deliveries).toMatchObject([{ integration: 'slack', sent: 1, failed: { template: 1 } }]);
  await router.stop();
});

test('a test message is marked, in blocks when the receiver gets briefings', async () => {
  const clock = new ManualClock(1_000_000);
  const router = routerFor(config(), clock, { enricher: enricher(async () => undefined) });
  expect(await router.test()).toMatchObject([
    {
      receiver: 'ops',
      integration: 'slack[0]',
      target: '#ops',
      ok: true,
      title: 'Test message from Tillwatch: nothing is wrong',
    },
  ]);
  expect(JSON.stringify(slack.received[0]?.body)).toContain('Test message from Tillwatch');
});

test('route labels are rendered for the group, and can build on each other', async () => {
  const clock = new ManualClock(1_000_000);
  const yaml = `
route:
  receiver: hook
  group_by: [alertname]
  group_wait: 1s
  labels: {reason: 'because {{ .GroupLabels.alertname }}', story: 'it fails {{ routeLabels "reason" }}', broken: '{{ nonsense }}'}
receivers: [{name: hook, webhook_configs: [{url: '${slack.url}/hook'}]}]`;
  const router = routerFor(yaml, clock);
  router.start();
  router.accept([alert({})]);
  await run(clock, 2_000);
  expect(slack.received[0]?.body.routeLabels).toEqual({
    reason: 'because CheckoutErrors',
    story: 'it fails because CheckoutErrors',
    broken: '{{ nonsense }}',
  });
  await router.stop();
});
