import { ManualClock } from '@tillwatch/model/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Loopback, startLoopback } from '../notify/loopback.ts';
import { alert, routerFor } from './fakes.ts';
import { MemoryLedger } from './memory-ledger.ts';

let hook: Loopback;
beforeAll(async () => {
  hook = await startLoopback();
});
afterAll(() => hook.close());

type Step =
  | { readonly kind: 'fire' | 'resolve'; readonly provider: string }
  | { readonly kind: 'pass'; readonly seconds: number }
  | { readonly kind: 'server'; readonly mode: 'ok' | 'error' | 'limited' }
  | { readonly kind: 'restart' };

const provider = fc.constantFrom('a', 'b', 'c');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom('fire' as const, 'resolve' as const), provider }),
  fc.record({ kind: fc.constant('pass' as const), seconds: fc.integer({ min: 1, max: 8 }) }),
  fc.record({
    kind: fc.constant('server' as const),
    mode: fc.constantFrom('ok' as const, 'error' as const, 'limited' as const),
  }),
  fc.constant({ kind: 'restart' as const }),
);

async function pass(clock: ManualClock, seconds: number): Promise<void> {
  for (let i = 0; i < seconds; i++) {
    await clock.advance(1_000);
    await new Promise((resolve) => setTimeout(resolve, 1));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/**
 * Whatever fails and however often the process is restarted: in the end the receiver knows the truth about every alert, it
 * was told nothing twice in a row, and what it was told of a group came in the order in which it happened.
 */
test('no notification is lost, doubled or out of order', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
      const clock = new ManualClock(1_000_000);
      const ledger = new MemoryLedger();
      const yaml = `
route: {receiver: hook, group_by: [alertname], group_wait: 1s, group_interval: 3s, repeat_interval: 10h}
receivers: [{name: hook, webhook_configs: [{url: '${hook.url}', send_resolved: true}]}]`;
      const open = () => {
        const router = routerFor(yaml, clock, { ledger });
        router.start();
        return router;
      };
      let mode: 'ok' | 'error' | 'limited' = 'ok';
      const taken: string[] = [];
      const known = new Map<string, string>();
      hook.reply = (_, { body }) => {
        if (mode === 'error') return { status: 502 };
        if (mode === 'limited') return { status: 429, headers: { 'retry-after': '2' } };
        taken.push(
          JSON.stringify(
            body.alerts.map((a: { labels: object; status: string; startsAt: string }) => [
              a.labels,
              a.status,
              a.startsAt,
            ]),
          ),
        );
        for (const { labels, status } of body.alerts) known.set(labels.provider, status);
        return {};
      };
      let router = open();
      const firing = new Map<string, number>();
      for (const next of steps) {
        if (next.kind === 'fire' && !firing.has(next.provider)) {
          firing.set(next.provider, clock.nowMs());
          router.accept([alert({ provider: next.provider }, { startsAtMs: clock.nowMs() })]);
        } else if (next.kind === 'resolve' && firing.has(next.provider)) {
          const startsAtMs = firing.get(next.provider)!;
          firing.delete(next.provider);
          router.accept([alert({ provider: next.provider }, { startsAtMs, endsAtMs: clock.nowMs() })]);
        } else if (next.kind === 'pass') {
          await pass(clock, next.seconds);
        } else if (next.kind === 'server') {
          mode = next.mode;
        } else if (next.kind === 'restart') {
          await router.stop();
          router = open();
        }
      }
      mode = 'ok';
      await pass(clock, 70);
      await router.stop();
      for (const name of ['a', 'b', 'c']) {
        if (firing.has(name)) expect(known.get(name)).toBe('firing');
        else expect(known.get(name) ?? 'resolved').toBe('resolved');
      }
      for (let i = 1; i < taken.length; i++) expect(taken[i]).not.toBe(taken[i - 1]);
    }),
    { numRuns: 12 },
  );
});
