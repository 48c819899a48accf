import { createRuleEngine } from '@tillwatch/alerting';
import { createEnricher } from '@tillwatch/checkout';
import { readRuleFile } from '@tillwatch/config';
import { type Alert, type Briefing, isResolved, Labels, silentLogger } from '@tillwatch/model';
import { ManualClock } from '@tillwatch/model/testing';
import { describe, expect, test } from 'vitest';
import { MemoryStore } from '../../packages/alerting/test/rules/memory-store.ts';
import { textOf } from '../../packages/checkout/test/support/briefing-text.ts';
import { testConfig, Watch } from '../../packages/checkout/test/support/watch.ts';
import { CASES, hasCases, readCase } from './case-folder.ts';

/** What messages say in the troubles of the cases. */
describe.skipIf(!hasCases)(`messages about troubles that shops reported (${CASES})`, () => {
  const outage = { failing: { share: 1, step: 'payment', reason: 'provider_timeout', provider: 'acme-pay' } };

  test('c09: a message says of how many checkouts it speaks, in whole numbers', async () => {
    for (const [language, words] of [
      ['en', /^Failed: about [1-9]\d* of [1-9]\d* checkouts$/m],
      ['de', /^Gescheitert: etwa [1-9]\d* von [1-9]\d* Bestellvorgängen$/m],
    ] as const) {
      const watch = new Watch({
        seed: 1,
        attemptsPerMinute: 90,
        config: testConfig((text) => text.replace('language: en', `language: ${language}`)),
      });
      watch.run(10);
      watch.run(3, outage);
      for (const team of ['dev', 'ops', 'business']) {
        expect(textOf(await brief(watch, team, 'firing')), team).toMatch(words);
      }
    }
  });

  test('c02: no message speaks of a fraction of an order', async () => {
    const watch = new Watch({ seed: 3, attemptsPerMinute: 60 });
    watch.run(10);
    watch.run(3, outage);
    const text = textOf(await brief(watch, 'business', 'firing'));
    expect(text).toMatch(/Orders lost \(estimate\): \d+ \(\d+ – \d+\)/);
    expect(text).not.toMatch(/\d\.\d+ (orders|checkouts)/);
  });

  test('c25: the all-clear says how long it lasted, the worst, how it is now, and what was lost', async () => {
    const watch = new Watch({ seed: 7, attemptsPerMinute: 90 });
    watch.run(8);
    watch.run(5, outage);
    watch.run(8);
    for (const team of ['dev', 'ops', 'business']) {
      const briefing = await brief(watch, team, 'resolved');
      const text = textOf(briefing);
      expect(briefing.tone).toBe('resolved');
      expect(text, team).toMatch(/^Success rate: (100|9\d(\.\d)?)%$/m);
      const worst = /^Worst success rate: (\d+)%$/m.exec(text)?.[1];
      expect(Number(worst), text).toBeLessThan(90);
      expect(text).toMatch(/^Duration: .*\d/m);
      expect(text).toMatch(/^Orders lost \(estimate\): [1-9]/m);
      // What was bad is told as what was, never as what is.
      expect(`${briefing.title} ${briefing.lead}`).not.toContain(`${worst}%`);
    }
  });

  test('c25: receivers without briefings get the annotations of the last bad evaluation, as from Prometheus', async () => {
    const name = 'c25-resolved-shows-old-value';
    const { groups } = readRuleFile({ file: 'rules.yml', text: readCase(name, 'rules.yml') });
    const store = new MemoryStore();
    const samples = [...readCase(name, 'samples.txt').matchAll(/^(\d+)-(\d*)\s+([\d.]+)$/gm)];
    store.load(
      Labels.of({ __name__: 'checkout_success_ratio' }),
      samples.flatMap(([, from = '0', to, value]) => {
        const last = to === '' || to === undefined ? Number(from) + 10 : Number(to);
        return Array.from({ length: last - Number(from) + 1 }, (_, i): [number, number] => [
          (Number(from) + i) * 1000,
          Number(value),
        ]);
      }),
    );
    const handed: { alert: Alert; atMs: number }[] = [];
    let nowMs = 0;
    const engine = createRuleEngine({
      groups: [{ file: 'rules.yml', groups }],
      queryable: store,
      store,
      clock: new ManualClock(),
      logger: silentLogger,
      externalLabels: Labels.empty,
      externalUrl: '',
      evaluationIntervalMs: 1000,
      onAlerts: (alerts) => void handed.push(...alerts.map((alert) => ({ alert, atMs: nowMs }))),
    });
    for (; nowMs <= 20_000; nowMs += 1000) await engine.evaluate(nowMs);
    const told = handed.map(({ alert, atMs }) => [isResolved(alert, atMs), alert.annotations.get('summary')]);
    expect(told).toEqual([
      [false, 'success rate now 62%'],
      [true, 'success rate now 62%'],
    ]);
  });
});

async function brief(watch: Watch, receiver: string, status: 'firing' | 'resolved'): Promise<Briefing> {
  const enricher = createEnricher({
    querier: watch,
    config: watch.config,
    clock: new ManualClock(watch.nowMs),
    pageUrl: 'http://page.example/',
  });
  const alerts = watch.firingAlerts().filter(({ labels }) => labels.get('severity') === 'page');
  const notification = { receiver, groupKey: 'g', groupLabels: Labels.empty, status, alerts, atMs: watch.nowMs };
  return (await enricher.brief(notification)) as Briefing;
}
