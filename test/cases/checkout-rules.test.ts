import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exampleConfig } from '@tillwatch/checkout';
import { instrumentCheckout } from '@tillwatch/instrument';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '../../packages/tillwatch/src/cli/program.ts';
import {
  type CounterSeries,
  counter,
  gauge,
  loadGeneratedRules,
  type Rules,
  type TestSeries,
} from '../../packages/tillwatch/src/testing.ts';
import { CASES, hasCases } from './case-folder.ts';

/** The generated rules in the troubles of the cases. */
describe.skipIf(!hasCases)(`the generated rules in troubles that shops reported (${CASES})`, () => {
  let dir: string;
  let rules: Rules;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'tillwatch-cases-'));
    writeFileSync(join(dir, 'tillwatch.yaml'), exampleConfig({}));
    rules = await loadGeneratedRules(join(dir, 'tillwatch.yaml'));
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  const target = { job: 'shop', instance: 'shop-0:3000' };
  const attempts = (more = {}) => counter('checkout_attempts_total', { ...target, channel: 'web', ...more });
  const succeeded = () =>
    counter('checkout_outcomes_total', { ...target, outcome: 'success', provider: 'alpha', step: 'confirm' });
  const failed = () =>
    counter('checkout_outcomes_total', {
      ...target,
      outcome: 'failure',
      reason_class: 'technical',
      reason: 'provider_error',
      provider: 'alpha',
      step: 'payment',
    });
  const answers = () => gauge('up', target).is(1);
  const started = () => gauge('process_start_time_seconds', target).is(1000);
  const shop = (...series: TestSeries[]) => rules.watch({ series: [answers(), ...series] });
  const busy = (one: CounterSeries, perMinute = 60) => one.grows({ perMinute });

  test('c01: failures of a kind that was never counted before are counted from the first', async () => {
    const born = shop(
      busy(attempts()),
      succeeded().grows({ perMinute: 60, for: '15m' }).grows({ perMinute: 20 }),
      // The series begins with its first failures: no zero was ever scraped.
      failed().missing({ for: '15m' }).grows({ perMinute: 40 }),
    );
    await born.expectQuiet('CheckoutErrorRateHigh', { until: '15m' });
    await born.expectFiring('CheckoutErrorRateHigh', { after: '15m', within: '2m' });
    const [first] = await born.valuesAt('checkout:failed:increase1m{slice="all"}', '16m');
    expect(first?.value).toBeGreaterThanOrEqual(40);
  });

  test('c01: the client exports what it knows of as 0 before it happens', async () => {
    const { registry, stop } = instrumentCheckout({
      steps: ['cart', 'payment', 'confirm'],
      providers: ['acme-pay'],
      version: '1',
      currency: 'EUR',
    });
    const text = await registry.metrics();
    stop();
    expect(text).toMatch(/^checkout_outcomes_total\{[^}]*outcome="failure"[^}]*provider="acme-pay"[^}]*\} 0$/m);
    expect(text).toMatch(/^checkout_outcomes_total\{[^}]*outcome="success"[^}]*provider="acme-pay"[^}]*\} 0$/m);
  });

  test('c03: a counter that is set back without a restart is told; a restart is not', async () => {
    const setBack = shop(
      started(),
      busy(succeeded()),
      attempts().grows({ perMinute: 60, for: '10m' }).restarts().grows({ perMinute: 60 }),
    );
    await setBack.expectFiring('CheckoutCounterFell', {
      after: '10m',
      within: '1m',
      labels: { severity: 'inform', instance: 'shop-0:3000' },
      annotations: { summary: 'A checkout counter of instance shop-0:3000 went down without a restart' },
    });
    const restart = shop(
      gauge('process_start_time_seconds', target).is(1000, { for: '10m' }).is(1600),
      succeeded().grows({ perMinute: 60, for: '10m' }).restarts().grows({ perMinute: 60 }),
      attempts().grows({ perMinute: 60, for: '10m' }).restarts().grows({ perMinute: 60 }),
    );
    await restart.expectQuiet(undefined, { until: '20m' });
  });

  test('c04: windows without traffic leave no NaN in what is recorded, and silence is told', async () => {
    const dead = shop(
      started(),
      attempts().grows({ perMinute: 60, for: '30m' }).stays(),
      succeeded().grows({ perMinute: 60, for: '30m' }).stays(),
      failed().stays(),
    );
    await dead.expectFiring('CheckoutSilent', { after: '30m', within: '5m', labels: { severity: 'page' } });
    await dead.expectQuiet('CheckoutErrorRateHigh', { until: '60m' });
    for (const at of ['32m', '45m', '60m']) {
      const recorded = await dead.valuesAt('{__name__=~"checkout:.+"}', at);
      expect(recorded.length).toBeGreaterThan(10);
      expect(recorded.filter(({ value }) => Number.isNaN(value))).toEqual([]);
    }
    const [mean] = await dead.valuesAt('avg_over_time(checkout:success_ratio:1m{slice="all"}[50m])', '60m');
    expect(mean?.value).toBe(1);
  });

  test('c05: check warns about windows that are short for the scrapes', async () => {
    writeFileSync(
      join(dir, 'prometheus.yml'),
      'global: { scrape_interval: 60s, scrape_timeout: 10s }\nrule_files: [rules.yml]\nscrape_configs: [{ job_name: shop, static_configs: [{ targets: ["shop:3000"] }] }]\n',
    );
    writeFileSync(
      join(dir, 'rules.yml'),
      'groups:\n  - name: a\n    rules:\n      - { record: a, expr: "rate(checkout_total[1m])" }\n      - { record: b, expr: "rate(checkout_total[2m])" }\n      - { record: c, expr: "rate(checkout_total[4m])" }\n',
    );
    let told = '';
    const code = await runCli(['check', join(dir, 'prometheus.yml')], {
      out() {},
      err(text) {
        told += text;
      },
    });
    expect(code).toBe(0);
    expect(told).toMatch(/rules\.yml:4:\d+: warning: the window of 1m holds fewer than two scrapes.*\[short-window\]/);
    expect(told).toMatch(/rules\.yml:5:\d+: warning: the window of 2m holds only 2 scrapes.*\[short-window\]/);
    expect(told).toContain('write at least [4m]');
    expect(told).toMatch(/2 warnings in 1 file\.\n$/);
  });

  test('c06: the checkout metrics are gone although the shop answers: somebody is paged', async () => {
    for (const [gone, kept] of [
      [attempts(), succeeded()],
      [succeeded(), attempts()],
    ] as const) {
      const blind = shop(gone.grows({ perMinute: 60, for: '15m' }).ends(), busy(kept));
      await blind.expectQuiet('CheckoutMetricsMissing', { until: '15m' });
      await blind.expectFiring('CheckoutMetricsMissing', { after: '15m', within: '3m', labels: { severity: 'page' } });
    }
  });

  test('c06: another metric that rules read is gone: that is told, with its name', async () => {
    const blind = shop(
      busy(attempts()),
      busy(succeeded()),
      gauge('db_pool_waiting', target).is(0, { for: '15m' }).ends(),
    );
    await blind.expectQuiet('CheckoutMetricGone', { until: '15m' });
    await blind.expectFiring('CheckoutMetricGone', {
      after: '15m',
      within: '7m',
      labels: { severity: 'inform', metric: 'db_pool_waiting' },
      annotations: { summary: 'The shop no longer reports db_pool_waiting' },
    });
  });

  test('c07: rules that fail are told about by the watch itself', async () => {
    const failing = shop(
      busy(attempts()),
      busy(succeeded()),
      counter('tillwatch_rule_evaluation_failures_total{rule_group="mine"}')
        .stays({ for: '10m' })
        .grows({ perMinute: 4 }),
    );
    await failing.expectFiring('TillwatchRuleFailures', { after: '10m', within: '3m', labels: { rule_group: 'mine' } });
  });

  test('c08: a missed scrape in an outage neither ends the page nor starts it again', async () => {
    const outage = shop(
      busy(attempts()),
      succeeded()
        .grows({ perMinute: 60, for: '15m' })
        .grows({ perMinute: 10, for: '3m' })
        .missing({ for: '15s' })
        .grows({ perMinute: 10 }),
      failed()
        .stays({ for: '15m' })
        .grows({ perMinute: 50, for: '3m' })
        .missing({ for: '15s' })
        .grows({ perMinute: 50 }),
    );
    await outage.expectFiring('CheckoutSuccessRateLow', { after: '15m', within: '2m' });
    for (const at of ['17m', '18m', '18m15s', '18m30s', '19m', '22m']) {
      const names = (await outage.alertsAt(at)).filter(({ state }) => state === 'firing').map(({ name }) => name);
      expect(names, at).toContain('CheckoutSuccessRateLow');
    }
  });

  test('c02: counts are told as whole numbers, whatever increase() extrapolates', async () => {
    const paid = (name: string, perMinute: number) =>
      counter(name, { ...target, provider: 'alpha' }).grows({ perMinute });
    const odd = shop(
      busy(attempts()),
      busy(succeeded()),
      paid('checkout_payments_captured_total', 7),
      paid('checkout_orders_placed_total', 6.3),
    );
    const alert = await odd.expectFiring('CheckoutPaymentWithoutOrder', { within: '15m' });
    expect(alert.annotations.summary).toMatch(/^\d+ payments were taken without an order with provider alpha$/);
  });

  test('c09: one failure in the night wakes nobody', async () => {
    const night = shop(
      counter('checkout_attempts_total', target).grows({ perHour: 4 }),
      succeeded().grows({ perHour: 4 }),
      failed().stays({ for: '30m' }).adds(1).stays(),
    );
    await night.expectQuiet(undefined, { until: '60m' });
  });
});
