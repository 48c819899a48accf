// The replay against the router of production: the same alerts, handed on as rules hand them on, a clock that is
// turned by hand, and webhooks that arrive.
import { type Alert, Labels } from '@tillwatch/model';
import { ManualClock } from '@tillwatch/model/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PastAlert, replayRouting } from '../../src/routing-replay/replay-routing.ts';
import { type Loopback, startLoopback } from '../notify/loopback.ts';
import { configOf, routerFor } from '../routing/fakes.ts';

let hook: Loopback;
beforeAll(async () => {
  hook = await startLoopback();
});
afterAll(() => hook.close());

const SECOND = 1_000;
const MINUTE = 60_000;
const TICK = 15 * SECOND;
/** All that happens, happens at multiples of this. */
const STEP = 5 * SECOND;
const RESEND = 75 * SECOND;
const LENGTH = 40 * MINUTE;
const START = 20 * 86_400_000;

const routes = fc.record({
  groupWait: fc.constantFrom('0s', '20s', '45s', '2m'),
  groupInterval: fc.constantFrom('1m', '150s', '5m'),
  repeatInterval: fc.constantFrom('2m', '10m', '1h'),
  groupBy: fc.constantFrom('[alertname]', '[p]', '[]', "['...']"),
  inhibits: fc.boolean(),
  mutes: fc.boolean(),
  continues: fc.boolean(),
  sendResolved: fc.boolean(),
});

type Routes = typeof routes extends fc.Arbitrary<infer T> ? T : never;

function yamlOf(r: Routes): string {
  return `
route:
  receiver: all
  group_by: ${r.groupBy}
  group_wait: ${r.groupWait}
  group_interval: ${r.groupInterval}
  repeat_interval: ${r.repeatInterval}
  routes:
    - {receiver: page, matchers: [severity="page"], continue: ${r.continues}${r.mutes ? ', mute_time_intervals: [early]' : ''}}
receivers:
  - {name: all, webhook_configs: [{url: '${hook.url}/all', send_resolved: ${r.sendResolved}}]}
  - {name: page, webhook_configs: [{url: '${hook.url}/page'}]}
inhibit_rules: ${r.inhibits ? '[{source_matchers: [severity="page"], target_matchers: [severity="inform"], equal: [p]}]' : '[]'}
time_intervals: [{name: early, time_intervals: [{times: [{start_time: '00:00', end_time: '00:20'}]}]}]
`;
}

/** Alerts of four label sets, each firing some times one after the other, at ticks of rules. */
const firings = fc
  .array(
    fc.record({
      severity: fc.constantFrom('page', 'inform'),
      p: fc.constantFrom('a', 'b'),
      times: fc.array(fc.nat(150), { minLength: 1, maxLength: 12 }),
    }),
    { maxLength: 4 },
  )
  .map((drawn): PastAlert[] => {
    const seen = new Set<string>();
    return drawn.flatMap(({ severity, p, times }) => {
      const labels = Labels.of({ alertname: `Alert-${severity}`, severity, p });
      if (seen.has(labels.key)) return [];
      seen.add(labels.key);
      const at = [...new Set(times)].sort((a, b) => a - b).map((tick) => START + tick * TICK);
      const alerts: PastAlert[] = [];
      for (let i = 0; i < at.length; i += 2) {
        alerts.push({ labels, annotations: Labels.empty, firedAtMs: at[i]!, resolvedAtMs: at[i + 1] });
      }
      return alerts;
    });
  });

/** What rules hand on at a tick: news at once, then what more than a minute ago was said last; what is over for a quarter of an hour. */
function handedOn(alerts: readonly PastAlert[], nowMs: number): Alert[] {
  const handed = alerts.flatMap(({ labels, annotations, firedAtMs, resolvedAtMs }) => {
    const alert = { labels, annotations, startsAtMs: firedAtMs, generatorUrl: '' };
    const fires = nowMs >= firedAtMs && (resolvedAtMs === undefined || nowMs < resolvedAtMs);
    if (fires) return (nowMs - firedAtMs) % RESEND === 0 ? [{ ...alert, endsAtMs: nowMs + 4 * MINUTE }] : [];
    if (resolvedAtMs === undefined || nowMs < resolvedAtMs || nowMs > resolvedAtMs + 15 * MINUTE) return [];
    // A rule forgets that an alert was resolved as soon as it fires again.
    const again = alerts.some(
      (other) => other.labels.equals(labels) && other.firedAtMs > firedAtMs && other.firedAtMs <= nowMs,
    );
    return !again && (nowMs - resolvedAtMs) % RESEND === 0 ? [{ ...alert, endsAtMs: resolvedAtMs }] : [];
  });
  // A rule lists the alerts that it had before it lists new ones.
  return [...handed.filter(({ endsAtMs }) => endsAtMs <= nowMs), ...handed.filter(({ endsAtMs }) => endsAtMs > nowMs)];
}

const line = (atMs: number, receiver: string, alerts: readonly { readonly text: string }[]) =>
  `${(atMs - START) / SECOND} ${receiver}: ${alerts
    .map(({ text }) => text)
    .sort()
    .join(', ')}`;

async function byRouter(yaml: string, alerts: readonly PastAlert[]): Promise<string[]> {
  const clock = new ManualClock(START);
  const router = routerFor(yaml, clock);
  const lines: string[] = [];
  hook.reply = (_, { path, body }) => {
    const told = body.alerts as { labels: Record<string, string>; status: string }[];
    lines.push(
      line(
        clock.nowMs(),
        path.slice(1),
        told.map(({ labels, status }) => ({ text: `${labels.alertname} ${labels.p} ${status}` })),
      ),
    );
    return {};
  };
  // Whoever sleeps first wakes first: at equal times alerts come in before groups are looked at, as in the replay.
  for (let ms = 0; ms <= LENGTH; ms += TICK) {
    void clock.sleep(ms).then(() => router.accept(handedOn(alerts, START + ms)));
  }
  router.start();
  for (let ms = 0; ms <= LENGTH; ms += STEP) {
    await clock.advance(ms === 0 ? 0 : STEP);
    // What was decided now is delivered now.
    while (router.stats().outbox.owed > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await router.stop();
  return lines;
}

async function byReplay(yaml: string, alerts: readonly PastAlert[]): Promise<string[]> {
  const { notifications } = await replayRouting({ config: configOf(yaml), alerts, untilMs: START + LENGTH });
  return notifications.map(({ atMs, receiver, firing, resolved }) =>
    line(atMs, receiver, [
      ...firing.map(({ labels }) => ({ text: `${labels.get('alertname')} ${labels.get('p')} firing` })),
      ...resolved.map(({ labels }) => ({ text: `${labels.get('alertname')} ${labels.get('p')} resolved` })),
    ]),
  );
}

test('tells the same people the same at the same times as the router', async () => {
  await fc.assert(
    fc.asyncProperty(routes, firings, async (drawn, alerts) => {
      const yaml = yamlOf(drawn);
      const expected = (await byRouter(yaml, alerts)).sort();
      expect((await byReplay(yaml, alerts)).sort()).toEqual(expected);
    }),
    { numRuns: 30 },
  );
}, 120_000);
