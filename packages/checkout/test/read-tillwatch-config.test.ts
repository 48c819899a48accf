import { positionAt } from '@tillwatch/model';
import { describe, expect, test } from 'vitest';
import { exampleConfig, readTillwatchConfig } from '../src/index.ts';

const SMALL = `shop: { name: Tea }
targets: [{ urls: [http://shop:3000/metrics] }]
teams: { ops: { email: { to: a@b.example } } }
`;

function budget(fields: string): string {
  return `${SMALL}objectives: { budgets: [{ name: api, ${fields} }] }\n`;
}

function read(text: string) {
  return readTillwatchConfig({ file: 'tillwatch.yaml', text });
}

test('the example reads back without problems, whatever the answers', () => {
  const answers = [
    {},
    {
      shopName: 'Käse & "Wein": #1',
      language: 'de',
      currency: 'CHF',
      timezone: 'Europe/Zurich',
      providers: ['a b', 'yes', '1'],
    },
    { shopName: '- no: list', metricsUrl: 'https://shop.example:8443/internal/metrics' },
  ];
  for (const answer of answers) {
    const { config, problems } = read(exampleConfig(answer));
    expect(problems).toEqual([]);
    expect(config?.shop.name).toBe(answer.shopName ?? 'My shop');
    expect(config?.journey.providers).toEqual(answer.providers ?? []);
  }
});

test('defaults are filled in', () => {
  const { config } = read(SMALL);
  expect(config).toMatchObject({
    shop: { currency: 'EUR', runbookUrl: 'http://localhost:9095/docs/runbooks' },
    targets: [{ job: 'shop', scheme: 'http', addresses: ['shop:3000'], metricsPath: '/metrics' }],
    scrape: { intervalMs: 15_000, timeoutMs: 10_000, evaluationIntervalMs: 15_000 },
    objectives: { successRate: 0.95, errorRate: 0.02, stepP95Seconds: 3 },
    teams: [{ name: 'ops', audience: 'ops', receives: ['page', 'inform'] }],
    mail: { smtpUrlEnv: 'SMTP_URL' },
    limits: { seriesPerTarget: 100_000, series: 1_000_000 },
  });
});

test('limits of series can be set one by one, and be none', () => {
  expect(read(`${SMALL}limits: { seriesPerTarget: 5000 }\n`).config?.limits).toEqual({
    seriesPerTarget: 5_000,
    series: 1_000_000,
  });
  expect(read(`${SMALL}limits: { series: 0 }\n`).config?.limits.series).toBe(0);
  const { problems } = read(`${SMALL}limits: { series: -1 }\n`);
  expect(problems).toMatchObject([{ severity: 'error', at: { from: SMALL.length + 'limits: { series: '.length } }]);
});

test.for([
  ['95%', 0.95],
  ['95 %', 0.95],
  ['99.5%', 0.995],
  ['0.97', 0.97],
] as const)('the share %s is %s', ([written, share]) => {
  expect(read(`${SMALL}objectives: { success: { target: ${written} } }\n`).config?.objectives.successRate).toBe(share);
});

describe('problems', () => {
  test.for([
    ['a key that is misspelt', `${SMALL}objectivs: {}\n`, 'unknown-field', 4, 'objectives'],
    ['a share above one', `${SMALL}objectives: { success: { target: 95 } }\n`, 'wrong-value', 4, 'percentage'],
    ['no duration', `${SMALL}scrape: { interval: quick }\n`, 'wrong-value', 4, 'duration'],
    ['no currency', SMALL.replace('Tea', 'Tea, currency: EURO'), 'wrong-value', 1, 'EURO'],
    ['no time zone', SMALL.replace('Tea', 'Tea, timezone: Berlin'), 'wrong-value', 1, 'time zone'],
    ['words in no language', SMALL.replace('Tea', 'Tea, language: fr'), 'wrong-value', 1, 'no words'],
    [
      'a target without an address',
      SMALL.replace('urls: [http://shop:3000/metrics]', 'job: shop'),
      'target-without-address',
      2,
      'address',
    ],
    [
      'a label that the scrape sets',
      SMALL.replace('}]', ', labels: { instance: a } }]'),
      'reserved-label',
      2,
      'instance',
    ],
    ['a team that nobody reaches', SMALL.replace('{ email: { to: a@b.example } }', '{}'), 'team-unreachable', 3, 'ops'],
    ['a team without an audience', SMALL.replace('ops:', 'night:'), 'team-audience', 3, 'night'],
    [
      'a promotion that ends first',
      `${SMALL}promotions: [{ name: Sale, from: 2026-02-02, to: 2026-02-01 }]\n`,
      'promotion-order',
      4,
      'Sale',
    ],
    [
      'a day that no calendar has',
      `${SMALL}promotions: [{ name: Sale, from: 2026-02-30, to: 2026-03-01 }]\n`,
      'wrong-value',
      4,
      '2026-02-30',
    ],
    [
      'a time that the clocks leave out',
      `${SMALL.replace('Tea', 'Tea, timezone: Europe/Berlin')}promotions:\n  - { name: Sale, from: 2026-03-29T02:30, to: 2026-03-30 }\n`,
      'promotion-time',
      5,
      'Europe/Berlin',
    ],
    [
      'two promotions of one name',
      `${SMALL}promotions:\n  - { name: Sale, from: 2026-02-01, to: 2026-02-02 }\n  - { name: Sale, from: 2026-03-01, to: 2026-03-02 }\n`,
      'duplicate-name',
      6,
      'Sale',
    ],
    ['a budget without an indicator', budget('target: 99%'), 'budget-indicator', 4, 'latency'],
    ['a budget of half an indicator', budget('target: 99%, errors: a_total'), 'budget-indicator', 4, 'total'],
    [
      'a rate in place of a counter',
      budget("target: 99%, errors: 'rate(a_total[5m])', total: b_total"),
      'budget-indicator',
      4,
      'rate(',
    ],
    [
      'a budget that is no PromQL',
      budget("target: 99%, errors: 'a_total{', total: b_total"),
      'budget-indicator',
      4,
      'a_total{',
    ],
    [
      'a counter of another time',
      budget("target: 99%, errors: 'a_total offset 5m', total: b_total"),
      'budget-indicator',
      4,
      'offset',
    ],
    [
      'a part of a histogram',
      budget('target: 99%, latency: { histogram: a_seconds_bucket, below: 1s }'),
      'budget-indicator',
      4,
      'a_seconds',
    ],
    [
      'two indicators',
      budget('target: 99%, errors: a, total: b, latency: { histogram: a_seconds, below: 1s }'),
      'budget-indicator',
      4,
      'keep',
    ],
    ['a budget of an hour', budget('target: 99%, errors: a, total: b, window: 1h'), 'budget-window', 4, '7d'],
    [
      'a budget in capitals',
      budget('target: 99%, errors: a, total: b').replace('api', 'API'),
      'wrong-value',
      4,
      'lower case',
    ],
    [
      'a mapping that is no PromQL',
      `${SMALL}metrics: { attempts: [{ series: 'sum by (' }] }\n`,
      'metric-mapping',
      4,
      'sum by (',
    ],
    [
      'a mapping of unknown outcome',
      `${SMALL}metrics: { outcomes: [{ series: orders_total }] }\n`,
      'mapping-outcome',
      4,
      'orders_total',
    ],
    [
      'a timeout beyond the interval',
      `${SMALL}scrape: { interval: 10s, timeout: 20s }\n`,
      'timeout-over-interval',
      4,
      'timeout',
    ],
  ] as const)('%s', ([, text, code, line, word]) => {
    const { config, problems } = read(text);
    expect(config).toBeUndefined();
    const problem = problems.find((one) => one.code === code);
    expect(problem, JSON.stringify(problems.map((one) => [one.code, one.message]))).toBeDefined();
    expect(positionAt(text, problem!.at.from).line).toBe(line);
    expect(`${problem!.message} ${problem!.hint}`).toContain(word);
  });

  test('a secret in plain sight is a warning that does not repeat it', () => {
    const secret = 'https://hooks.slack.example/services/T0/B0/x1y2z3';
    const { config, problems } = read(SMALL.replace('email: { to: a@b.example }', `slack: { webhookUrl: ${secret} }`));
    expect(config).toBeDefined();
    expect(problems.map(({ code, severity }) => [code, severity])).toEqual([['secret-in-plain-sight', 'warning']]);
    expect(problems[0]?.message).not.toContain('x1y2z3');
    expect(JSON.stringify(config)).not.toContain('x1y2z3');
  });
});

describe('promotions', () => {
  const CALENDAR = `${SMALL.replace('Tea', 'Tea, timezone: Europe/Berlin')}promotions:
  - { name: Second, from: 2026-11-27T00:00, to: 2026-11-28T00:00, expectedFactor: 5 }
  - { name: First, from: 2026-11-26T20:00:00Z, to: 2026-11-26T20:20:00Z }
`;

  test('are of the shop’s zone unless they say otherwise, the earliest first, with a ramp that fits', () => {
    expect(read(CALENDAR).config?.promotions).toEqual([
      {
        name: 'First',
        fromMs: Date.UTC(2026, 10, 26, 20),
        toMs: Date.UTC(2026, 10, 26, 20, 20),
        expectedFactor: 2,
        rampMs: 600_000,
      },
      {
        name: 'Second',
        fromMs: Date.UTC(2026, 10, 26, 23),
        toMs: Date.UTC(2026, 10, 27, 23),
        expectedFactor: 5,
        rampMs: 900_000,
      },
    ]);
  });

  test('that overlap are warned about, and those that are long over where the time is known', () => {
    const overlapping = CALENDAR.replace('2026-11-26T20:20:00Z', '2026-11-27T00:00:00Z');
    expect(read(overlapping).problems.map(({ code, severity }) => [code, severity])).toEqual([
      ['promotion-overlap', 'warning'],
    ]);
    const source = { file: 'tillwatch.yaml', text: CALENDAR };
    const codes = (nowMs: number) => readTillwatchConfig(source, { nowMs }).problems.map(({ code }) => code);
    expect(codes(Date.UTC(2026, 11, 20))).toEqual([]);
    expect(codes(Date.UTC(2027, 1, 1))).toEqual(['promotion-past', 'promotion-past']);
  });
});

describe('error budgets', () => {
  test('there is one of the checkout, by its own objective, that pages nobody', () => {
    const { config } = read(`${SMALL}objectives: { success: { target: 97% } }\nretention: 14d\n`);
    expect(config?.objectives.budgets).toMatchObject([
      { name: 'checkout', target: 0.97, windowMs: 14 * 86_400_000, burn: 'inform' },
    ]);
  });

  test('of one’s own come after it, or take its place by its name', () => {
    const names = (text: string) => read(text).config?.objectives.budgets.map(({ name }) => name);
    const own = budget('target: 99%, errors: a, total: b');
    expect(names(own)).toEqual(['checkout', 'api']);
    expect(names(own.replace('api', 'checkout'))).toEqual(['checkout']);
    expect(
      read(budget('target: 99.5%, latency: { histogram: a_seconds, below: 300ms }')).config?.objectives.budgets[1],
    ).toEqual({
      name: 'api',
      description: 'api',
      target: 0.995,
      windowMs: 30 * 86_400_000,
      sli: { kind: 'latency', histogram: 'a_seconds', belowSeconds: 0.3 },
      burn: 'page',
      minimumErrors: 5,
    });
  });

  test.for([
    ['a window longer than samples are kept', 'target: 99%, errors: a, total: b, window: 60d', 'budget-window'],
    ['a target that cannot be missed fast', 'target: 60%, errors: a, total: b', 'budget-unreachable'],
  ] as const)('%s is warned about', ([, fields, code]) => {
    expect(read(budget(fields)).problems.map((one) => [one.code, one.severity])).toEqual([[code, 'warning']]);
  });
});
