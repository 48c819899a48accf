import { createRuleEngine } from '@tillwatch/alerting';
import { readRuleFile } from '@tillwatch/config';
import { Labels, silentLogger } from '@tillwatch/model';
import { ManualClock } from '@tillwatch/model/testing';
import { describe, expect, test } from 'vitest';
import { MemoryStore } from '../../packages/alerting/test/rules/memory-store.ts';
import { counter, gauge, loadRules } from '../../packages/tillwatch/src/testing.ts';
import { CASES, caseFile, hasCases, readCase } from './case-folder.ts';

/** What the rules of the cases do in the engine, beyond what their own tests say. */
describe.skipIf(!hasCases)(`rules of troubles that shops reported (${CASES})`, () => {
  test('c06: the ratio alert stays quiet when its metric is gone, and the absent one speaks', async () => {
    const shop = (await loadRules(caseFile('c06-metric-gone', 'rules.yml'))).watch({
      every: '30s',
      series: [
        counter('checkout_total{job="shop",outcome="ok"}').grows({ perMinute: 10, for: '6m' }).ends(),
        counter('checkout_total{job="shop",outcome="failed"}').stays({ for: '6m' }).ends(),
      ],
    });
    await shop.expectQuiet('SuccessBelow95', { until: '20m' });
    await shop.expectFiring('CheckoutMetricGone', {
      after: '6m',
      within: '3m',
      labels: { job: 'shop', outcome: 'ok', severity: 'page' },
      annotations: { summary: 'job shop stopped reporting (ok)' },
    });
  });

  test('c07: a rule whose every evaluation fails shows as broken, not as quiet', async () => {
    const name = 'c07-ratio-label-mismatch';
    const { groups, problems } = readRuleFile({ file: 'rules.yml', text: readCase(name, 'rules-that-fail.yml') });
    expect(problems).toEqual([]);
    const store = new MemoryStore();
    for (const [text, step] of [
      ['checkout_failed_total{provider="a",reason="timeout"}', 20],
      ['checkout_failed_total{provider="a",reason="http_500"}', 10],
      ['checkout_total{provider="a"}', 100],
    ] as const) {
      const { labels } = counter(text);
      store.load(
        labels,
        Array.from({ length: 16 }, (_, i) => [i * 60_000, i * step] as const),
      );
    }
    const warnings: string[] = [];
    const engine = createRuleEngine({
      groups: [{ file: 'rules.yml', groups }],
      queryable: store,
      store,
      clock: new ManualClock(900_000),
      logger: { ...silentLogger, warn: (message, fields) => void warnings.push(`${message}: ${fields?.err}`) },
      externalLabels: Labels.empty,
      externalUrl: '',
      evaluationIntervalMs: 60_000,
      onAlerts() {},
    });
    await engine.evaluate(900_000);
    const [group] = engine.groups();
    const message =
      /rules\.yml:4:16: .*multiple matches for labels: many-to-one matching must be explicit \(group_left\/group_right\)/;
    expect(group?.rules[0]).toMatchObject({ health: 'err', lastError: expect.stringMatching(message) });
    // What the watch exports of it makes its own alert fire.
    expect(group?.failures).toBe(1);
    expect(warnings).toEqual([expect.stringMatching(message)]);
  });

  test('c08: one missed scrape starts `for` again, unless the rule keeps firing', async () => {
    const shop = (await loadRules(caseFile('c08-scrape-gap-resets-for', 'rules.yml'))).watch({
      every: '30s',
      series: [
        gauge('checkout_error_ratio{shop="eu"}').is(0.5, { for: '3m' }).ends(),
        // The same outage on another shop, whose scrapes all succeed.
        gauge('checkout_error_ratio{shop="us"}').is(0.5),
      ],
    });
    await shop.expectFiring('ErrorRateHigh', { within: '3m', labels: { shop: 'us' } });
    await shop.expectQuiet('ErrorRateHigh', { until: '10m', labels: { shop: 'eu' } });
    await shop.expectResolved('ErrorRateHighSticky', { after: '4m30s', within: '1m', labels: { shop: 'eu' } });
  });

  test('c09: nothing at all is not a hundred percent, and x / 0 is', async () => {
    const rules = await loadRules(caseFile('c09-low-volume', 'rules.yml'));
    const nobody = rules.watch({
      every: '1m',
      series: [counter('checkout_total{outcome="ok"}').stays(), counter('checkout_total{outcome="failed"}').stays()],
    });
    await nobody.expectQuiet(undefined, { until: '2h' });
    const uncounted = rules.watch({
      every: '1m',
      series: [counter('checkout_failed_total').grows({ perMinute: 1 }), counter('checkout_started_total').stays()],
    });
    await uncounted.expectFiring('DivisionByZeroIsInf', { within: '5m' });
    expect(await uncounted.alertsAt('5m')).toMatchObject([{ value: Number.POSITIVE_INFINITY }]);
  });
});
