import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exampleConfig } from '@tillwatch/checkout';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  counter,
  expectRuleTests,
  gauge,
  loadGeneratedRules,
  loadRules,
  type RuleScenario,
  type Rules,
  series,
  type TestSeries,
} from '../src/testing.ts';

const RULES = `
groups:
  - name: shop
    rules:
      - record: shop:error_ratio
        expr: sum by (provider) (rate(failed_total[2m])) / sum by (provider) (rate(all_total[2m]))
      - alert: ErrorsHigh
        expr: shop:error_ratio > 0.02 and sum by (provider) (increase(all_total[2m])) >= 20
        for: 1m
        labels: { severity: page }
        annotations: { summary: '{{ $labels.provider }}: {{ $value | humanizePercentage }}' }
      - alert: OutOfHours
        expr: hour() > 20
`;

let dir: string;
let rules: Rules;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tillwatch-testing-'));
  await writeFile(join(dir, 'rules.yml'), RULES);
  rules = await loadRules(join(dir, '*.yml'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** A provider of which a third fails from the tenth minute to the fifteenth. */
function failing(): RuleScenario {
  return rules.watch({
    series: [
      counter('all_total{provider="alpha"}').grows({ perMinute: 60 }),
      counter('failed_total{provider="alpha"}').stays({ for: '10m' }).grows({ perMinute: 20, for: '5m' }).stays(),
    ],
  });
}

async function messageOf(expectation: Promise<unknown>): Promise<string> {
  return expectation.then(
    () => 'met',
    (error: Error) => error.message,
  );
}

describe('samples', () => {
  const first = (one: TestSeries, count: number) => {
    const samples = one.samples(15_000);
    return Array.from({ length: count }, () => samples.next().value);
  };
  const _ = undefined;

  test.for<[string, TestSeries, unknown[]]>([
    ['a counter counts whole things', counter('x').grows({ perMinute: 6 }), [0, 1, 3, 4, 6]],
    ['a stretch starts at its time', counter('x').grows({ perSecond: 1, for: '30s' }).stays(), [0, 15, 30, 30, 30]],
    [
      'a restart begins at 0',
      counter('x').grows({ perSecond: 1, for: '30s' }).restarts().grows({ perSecond: 1 }),
      [0, 15, 0, 15],
    ],
    [
      'a failed scrape hides what is counted',
      counter('x').grows({ perSecond: 1, for: '15s' }).missing({ for: '30s' }).stays(),
      [0, _, _, 45, 45],
    ],
    ['a series that is born late', counter('x').missing({ for: '30s' }).adds(1).stays(), [_, _, 1, 1]],
    ['an end', counter('x').stays({ for: '15s' }).ends().grows({ perSecond: 1 }), [0, 'stale', _, _]],
    ['a gauge', gauge('x').is(3, { for: '30s' }).is(1), [3, 3, 1, 1]],
    ['a gauge that moves', gauge('x').is(10, { for: '15s' }).moves({ to: 40, for: '45s' }), [10, 10, 20, 30, 40, 40]],
    ['two moves', gauge('x').moves({ to: 30, for: '30s' }).moves({ to: 0, for: '30s' }), [0, 15, 30, 15, 0]],
    [
      'a gauge after a gap',
      gauge('x').is(2, { for: '15s' }).missing({ for: '15s' }).is(4, { for: '15s' }).ends(),
      [2, _, 4, 'stale'],
    ],
    ['the notation of promtool', series('x', '1 2x1 stale'), [1, 2, 2, 'stale', _]],
  ])('%s', ([, one, samples]) => {
    expect(first(one, samples.length)).toEqual(samples);
  });

  test('what makes no sense is refused', () => {
    expect(() => counter('x{')).toThrow(/"x\{" is not a series/);
    expect(() => counter('x').grows({ perMinute: -1 })).toThrow(/only goes up/);
    expect(() => counter('x').stays({ for: '5 minutes' })).toThrow(/for: "5 minutes" is not a duration/);
    expect(() => series('x', '1 2 three')).toThrow(/"three" is not a value in the values of x/);
    expect(() => rules.watch({ series: [], every: '0' })).toThrow(/longer than 0/);
  });
});

test('an alert is expected to fire, to be quiet and to end, in any order', async () => {
  const shop = failing();
  await shop.expectResolved('ErrorsHigh', { after: '15m', within: '5m' });
  const alert = await shop.expectFiring('ErrorsHigh', {
    after: '10m',
    within: '2m',
    labels: { provider: 'alpha', severity: /page/ },
    annotations: { summary: /^alpha: \d/ },
  });
  expect(alert).toMatchObject({ name: 'ErrorsHigh', state: 'firing', activeAt: '10m15s', seenAt: '11m15s' });
  await shop.expectQuiet('ErrorsHigh', { until: '10m' });
  await shop.expectQuiet('ErrorsHigh', { until: '20m', labels: { provider: 'beta' } });
  expect(await shop.alertsAt('11m')).toMatchObject([{ state: 'pending' }]);
  expect(await shop.valuesAt('sum(all_total)', '5m')).toEqual([{ labels: {}, value: 300 }]);
  expect(await shop.valuesAt('1 + 1', '5m')).toEqual([{ labels: {}, value: 2 }]);
});

describe('an expectation that is not met says why', () => {
  test('not yet: it is pending', async () => {
    expect(await messageOf(failing().expectFiring('ErrorsHigh', { after: '10m', within: '30s' }))).toBe(
      `ErrorsHigh did not fire between 10m and 10m30s
  pending since 10m15s, of which its for wants 1m: {provider="alpha", severity="page"}
  fired: nothing
  condition: shop:error_ratio > 0.02 and sum by (provider) (increase(all_total[2m])) >= 20
    9m45s  shop:error_ratio: shop:error_ratio{provider="alpha"} 0
    9m45s  sum by (provider) (increase(all_total[2m])): {provider="alpha"} 120
    10m  shop:error_ratio: shop:error_ratio{provider="alpha"} 0
    10m  sum by (provider) (increase(all_total[2m])): {provider="alpha"} 120
    10m15s  shop:error_ratio: shop:error_ratio{provider="alpha"} 0.0416666666667
    10m15s  sum by (provider) (increase(all_total[2m])): {provider="alpha"} 120
    10m30s  shop:error_ratio: shop:error_ratio{provider="alpha"} 0.0833333333333
    10m30s  sum by (provider) (increase(all_total[2m])): {provider="alpha"} 120`,
    );
  });

  test.for<[string, (shop: RuleScenario) => Promise<unknown>, string]>([
    [
      'another slice',
      (shop) => shop.expectFiring('ErrorsHigh', { within: '12m', labels: { provider: 'beta' } }),
      'ErrorsHigh did not fire between 0s and 12m\n  expected labels: {provider="beta"}\n  fired at 11m15s: ErrorsHigh {provider="alpha", severity="page"}',
    ],
    [
      'another text',
      (shop) => shop.expectFiring('ErrorsHigh', { within: '12m', annotations: { summary: 'beta', runbook: /./ } }),
      'ErrorsHigh fired between 0s and 12m, but says something else\n  annotation summary: expected "beta", got "alpha: ',
    ],
    [
      'too early',
      (shop) => shop.expectFiring('ErrorsHigh', { after: '14m', within: '1m' }),
      'ErrorsHigh fired at 11m15s, before 14m',
    ],
    [
      'loud',
      (shop) => shop.expectQuiet(undefined, { until: '12m' }),
      'ErrorsHigh fired at 11m15s, but was to be quiet from 0s until 12m',
    ],
    [
      'not ended',
      (shop) => shop.expectResolved('ErrorsHigh', { after: '13m', within: '1m' }),
      'ErrorsHigh still fires at 14m',
    ],
    [
      'never began',
      (shop) => shop.expectResolved('ErrorsHigh', { after: '5m', within: '1m' }),
      'ErrorsHigh does not fire at 5m, so it cannot end',
    ],
    ['no such alert', (shop) => shop.expectQuiet('ErorsHigh', { until: '1m' }), 'did you mean ErrorsHigh?'],
    ['no time', (shop) => shop.expectQuiet('ErrorsHigh', { until: 'noon' }), 'until: "noon" is not a duration'],
  ])('%s', async ([, expectation, message]) => {
    expect(await messageOf(expectation(failing()))).toContain(message);
  });

  test('an alert that cannot fire is no quiet one', async () => {
    const shop = rules.watch({ series: [counter('al_total').stays()] });
    expect(await messageOf(shop.expectQuiet('ErrorsHigh', { until: '5m' }))).toBe(
      'ErrorsHigh is quiet whatever it says: it reads only failed_total, all_total, and no series of the scenario is of these',
    );
  });

  test('rules that cannot be evaluated, at every expectation from then on', async () => {
    await writeFile(
      join(dir, 'broken.rules'),
      'groups: [{ name: a, rules: [{ alert: A, expr: "x / on (p) y > 0" }] }]',
    );
    const broken = await loadRules(join(dir, 'broken.rules'));
    const shop = broken.watch({
      series: [series('x{p="1",q="1"}', '1x9'), series('x{p="1",q="2"}', '1x9'), series('y{p="1"}', '1x9')],
    });
    for (const until of ['1m', '2m']) {
      expect(await messageOf(shop.expectQuiet('A', { until }))).toMatch(
        /^rules cannot be evaluated at 0s\n {2}A: .*many-to-one/s,
      );
    }
  });

  test('rules that cannot be read, with their places', async () => {
    await writeFile(join(dir, 'bad.rules'), 'groups: [{ name: a, rules: [{ alert: A, expr: "sum(" }] }]');
    expect(await messageOf(loadRules(join(dir, 'bad.rules')))).toMatch(
      /rules cannot be used\n.*bad\.rules:1:\d+: error: .*\[promql-syntax\]/s,
    );
    expect(await messageOf(loadRules(join(dir, 'none*.rules')))).toContain('no file matches');
  });
});

test('rules can look at the clock', async () => {
  const shop = rules.watch({ series: [], startsAt: '2026-01-31T20:50:00Z', every: '1m' });
  await shop.expectFiring('OutOfHours', { after: '10m', within: '0' });
});

test('the rules of a tillwatch.yaml are tried with its intervals', async () => {
  await writeFile(join(dir, 'tillwatch.yaml'), exampleConfig({}));
  const generated = await loadGeneratedRules(join(dir, 'tillwatch.yaml'));
  const shop = generated.watch({ series: [gauge('up{job="shop",instance="a"}').is(1, { for: '5m' }).is(0)] });
  await shop.expectFiring('CheckoutTargetDown', { after: '5m', within: '2m', labels: { severity: 'page' } });
});

test('test files can be run too', async () => {
  const write = (name: string, value: number) =>
    writeFile(
      join(dir, name),
      `tests: [{ name: sum, promql_expr_test: [{ expr: 1 + 1, exp_samples: [{ value: ${value} }] }] }]`,
    );
  await write('good.test.yml', 2);
  await write('bad.test.yml', 3);
  await expectRuleTests(join(dir, 'good.test.yml'));
  expect(await messageOf(expectRuleTests(join(dir, 'bad.test.yml'), join(dir, 'gone.test.yml')))).toMatch(
    /sum\n {2}.*bad\.test\.yml:1:\d+: 1 \+ 1 at 0s\n {4}- expected {2}\{\} 3\n {4}\+ got {7}\{\} 2[\s\S]*gone\.test\.yml: there is no such file/,
  );
});
