import { positionAt } from '@tillwatch/model';
import { describe, expect, test } from 'vitest';
import { exampleConfig, readTillwatchConfig } from '../src/index.ts';

const SMALL = `shop: { name: Tea }
targets: [{ urls: [http://shop:3000/metrics] }]
teams: { ops: { email: { to: a@b.example } } }
`;

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
  });
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
