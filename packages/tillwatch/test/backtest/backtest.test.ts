import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exampleConfig } from '@tillwatch/checkout';
import { Labels } from '@tillwatch/model';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareBacktests } from '../../src/backtest/compare.ts';
import { type FiredAlert, incidentsOf, pageTest, withMessages } from '../../src/backtest/incidents.ts';
import { Progress } from '../../src/backtest/progress.ts';
import type { Backtest } from '../../src/backtest/run-backtest.ts';
import { table } from '../../src/backtest/table.ts';
import { run as runCommand } from '../support/run-cli.ts';

let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tillwatch-backtest-'));
  await writeFile(join(dir, 'payments.csv'), payments());
  await writeFile(join(dir, 'rules.yml'), RULES);
  await writeFile(join(dir, 'later.yml'), RULES.replace('for: 1m', 'for: 4m').replaceAll('FewOrders', 'Never'));
  await writeFile(join(dir, 'alertmanager.yml'), ALERTMANAGER);
  await writeFile(join(dir, 'tillwatch.yaml'), exampleConfig({ currency: 'EUR', providers: ['stripe'] }));
});

afterAll(() => rm(dir, { recursive: true, force: true }));

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { code, out, err } = await runCommand('backtest', ...args);
  return { code, out: out.replaceAll(`${dir}/`, ''), err: err.replaceAll(`${dir}/`, '') };
}

const file = (name: string) => join(dir, name);

const START_S = Date.UTC(2026, 9, 1) / 1_000;

/** Nine hours of six payments a minute of 50 EUR each, all of which fail from 08:00 to 08:20. */
function payments(currency: (s: number) => string = () => 'EUR'): string {
  const rows: string[] = [];
  for (let s = 5; s < 9 * 3_600; s += 10) {
    const isBroken = s >= 8 * 3_600 && s < 8 * 3_600 + 1_200;
    rows.push(`${START_S + s},${isBroken ? 'failed,processing_error' : 'paid,'},50,${currency(s)},stripe`);
  }
  return ['created,status,failure code,amount,currency,provider', ...rows.reverse(), ''].join('\n');
}

const RULES = `
groups:
  - name: orders
    rules:
      - {record: 'orders:rate1m', expr: 'sum(increase(checkout_outcomes_total{outcome="success"}[1m]))'}
      - alert: PaymentsFail
        expr: 'sum by (provider) (increase(checkout_outcomes_total{outcome="failure"}[1m])) > 3'
        for: 1m
        labels: {severity: page}
        annotations: {summary: 'payments of {{ $labels.provider }} fail'}
      - {alert: FewOrders, expr: 'orders:rate1m < 2', labels: {severity: inform}}
      - {alert: SlowPages, expr: 'histogram_quantile(0.95, rate(page_seconds_bucket[5m])) > 1', labels: {severity: inform}}
`;

const ALERTMANAGER = `
route:
  receiver: ops
  group_by: [alertname]
  group_wait: 30s
  routes: [{receiver: oncall, matchers: [severity="page"], continue: true, group_wait: 10s}, {receiver: ops}]
receivers:
  - {name: ops, webhook_configs: [{url: 'http://127.0.0.1:9/'}]}
  - {name: oncall, pagerduty_configs: [{routing_key: x}]}
`;

const moment = (minute: number) => new Date((START_S + minute * 60) * 1_000).toISOString();

describe('tillwatch backtest', () => {
  test('says what would have fired, who would have been told when, and what it cost', async () => {
    const args = ['--rules', file('rules.yml'), '--alertmanager', file('alertmanager.yml')];
    const { code, out, err } = await run(...args, '--orders', file('payments.csv'));
    expect(code).toBe(0);
    expect(out).toMatch(
      /^rules\.yml on payments\.csv\n2026-10-01 00:00:00 to 2026-10-01 09:00:00 \(9h, times in UTC\)\n/,
    );
    expect(out).toContain('1 incident pages: 18.7 pages a week.\n');
    expect(out).toMatch(
      /About \d+ orders \(\d+ EUR\) were lost while something paged, \d+ of them before anybody was told\./,
    );
    expect(out).toMatch(
      /2026-10-01 08:00:45 {2}19m45s +1m10s +PaymentsFail \(provider stripe\) +oncall, ops \+20s +\d+ \[\d+ to \d+\] orders, \d+ EUR \(\d+\) +\d+\.\d orders, \d+ EUR\n/,
    );
    expect(out).toMatch(
      /Not in this past, so that alerts which need it keep silent:\n +page_seconds_bucket \(SlowPages\)\n$/,
    );
    expect(err).toMatch(/\n9h replayed in [\d.]+ s, \d+ times as fast as it happened\.\n$/);
  });

  test('says the same as JSON', async () => {
    const args = ['--rules', file('rules.yml'), '--alertmanager', file('alertmanager.yml'), '--json'];
    const { out } = await run(
      ...args,
      '--orders',
      file('payments.csv'),
      '--from',
      '2026-10-01T07:00:00Z',
      '--to',
      '2026-10-01T08:45:00Z',
    );
    const result = JSON.parse(out);
    expect(result).toMatchObject({
      rules: 'rules.yml',
      source: 'payments.csv',
      from: moment(420),
      to: moment(525),
      currency: 'EUR',
      failures: [],
      missing: [{ selector: 'page_seconds_bucket', alerts: ['SlowPages'] }],
    });
    expect(result.incidents).toHaveLength(1);
    const [incident] = result.incidents;
    expect(incident).toMatchObject({
      page: true,
      since: moment(480.75),
      fired: moment(481.75),
      told: [
        { receiver: 'oncall', at: moment(481.75 + 1 / 6) },
        { receiver: 'ops', at: moment(482.25) },
      ],
    });
    // Six orders a minute are expected, some of those who fail come back later.
    expect(incident.cost.ordersPerMinute).toBeGreaterThan(3);
    expect(incident.cost.ordersPerMinute).toBeLessThan(6.5);
    expect(incident.cost.moneyPerMinute).toBeCloseTo(50 * incident.cost.ordersPerMinute, -1);
    expect(incident.cost.whole.orders.high).toBeGreaterThan(60);
    expect(incident.cost.untilTold.orders.mid).toBeLessThan(incident.cost.whole.orders.mid);
    const fired = result.alerts.map((alert: { alert: string; page: boolean }) => [alert.alert, alert.page]);
    expect(fired).toEqual([
      ['FewOrders', false],
      ['PaymentsFail', true],
    ]);
    expect(result.notifications[0]).toMatchObject({
      receiver: 'ops',
      reason: 'first notification',
      integrations: ['webhook[0]'],
    });
    expect(result.notifications.map(({ receiver }: { receiver: string }) => receiver)).toContain('oncall');
  });

  test('puts two rule sets side by side', async () => {
    const args = [
      '--rules',
      file('rules.yml'),
      '--compare',
      file('later.yml'),
      '--alertmanager',
      file('alertmanager.yml'),
    ];
    const { code, out } = await run(...args, '--orders', file('payments.csv'));
    expect(code).toBe(0);
    expect(out).toContain('A: rules.yml\nB: later.yml\n');
    expect(out).toMatch(/in both +1 +1\n/);
    expect(out).toContain('Of what pages in both, B tells 3m later in the median.');
    expect(out).toMatch(/1m10s PaymentsFail \(provider stripe\) +4m10s PaymentsFail \(provider stripe\) +B 3m later\n/);
    expect(out).toMatch(/FewOrders +1 +0\n/);
    expect(out).toMatch(/Never +0 +1\n/);
    const { comparison } = JSON.parse((await run(...args, '--json', '--orders', file('payments.csv'))).out);
    expect(comparison).toMatchObject({ medianLaterSeconds: 180, pages: [{ laterSeconds: 180 }] });
  });

  test('takes rules and routing of a tillwatch.yaml, and finds what it finds', async () => {
    const { code, out } = await run('--config', file('tillwatch.yaml'), '--orders', file('payments.csv'));
    expect(code).toBe(0);
    expect(out).toContain('1 incident pages');
    // The trouble began before rules were sure of it.
    expect(out).toMatch(/2026-10-01 08:00:\d\d +\d+m\S* +\S+ +Checkout\w+.* dev, ops, business /);
  });

  test('without routing says when it would have fired', async () => {
    const { out } = await run('--rules', file('rules.yml'), '--orders', file('payments.csv'));
    expect(out).toMatch(/fired after[\s\S]* 1m +PaymentsFail/);
    expect(out).toContain('Nobody is routed to: give --alertmanager or a tillwatch.yaml');
  });

  test('measures costs of shops with other names by the rules that map them', async () => {
    const lines: string[] = [];
    let orders = 0;
    let failures = 0;
    for (let s = 0; s <= 9 * 3_600; s += 15) {
      const isBroken = s >= 8 * 3_600 && s < 8 * 3_600 + 1_200;
      if (isBroken) failures += 2;
      else orders += 2;
      lines.push(`pay_total{result="ok",job="shop"} ${orders} ${START_S + s}`);
      lines.push(`pay_total{result="err",job="shop"} ${failures} ${START_S + s}`);
    }
    await writeFile(file('other.om'), `${lines.join('\n')}\n# EOF\n`);
    await writeFile(
      file('mapped.yml'),
      `
groups:
  - name: mapping
    rules:
      - {record: checkout_outcomes_total, expr: 'sum by (job) (pay_total{result="ok"})', labels: {outcome: success, step: confirm}}
      - record: checkout_outcomes_total
        expr: 'sum by (job) (pay_total{result="err"})'
        labels: {outcome: failure, reason_class: technical, step: payment}
  - name: alerts
    rules:
      - {alert: PaymentsFail, expr: 'increase(checkout_outcomes_total{outcome="failure"}[1m]) > 3', for: 1m}
`,
    );
    const { out } = await run('--rules', file('mapped.yml'), '--openmetrics', file('other.om'), '--json');
    const { incidents, missing } = JSON.parse(out);
    expect(missing).toEqual([]);
    expect(incidents).toHaveLength(1);
    // Eight orders a minute for twenty minutes are the most that can be lost.
    expect(incidents[0].cost.whole.orders.mid).toBeGreaterThan(60);
    expect(incidents[0].cost.whole.orders.mid).toBeLessThanOrEqual(170);
  });

  test('counts in the currency of the orders, and keeps several of them apart', async () => {
    await writeFile(
      file('francs.csv'),
      payments(() => 'CHF'),
    );
    await writeFile(
      file('mixed.csv'),
      payments((s) => (s % 20 < 10 ? 'EUR' : 'CHF')),
    );
    const rules = ['--rules', file('rules.yml'), '--orders'];
    expect((await run(...rules, file('francs.csv'))).out).toMatch(/orders, \d+ CHF \(\d+\) +\d+\.\d orders, \d+ CHF\n/);
    const { out } = await run(...rules, file('mixed.csv'));
    expect(out).toMatch(/orders, \d+ EUR, \d+ CHF \(\d+\)/);
    expect(out).toContain('Amounts are in CHF, EUR.');
  });

  test('of a time in which nothing is wrong says so', async () => {
    const args = ['--rules', file('rules.yml'), '--orders', file('payments.csv')];
    expect((await run(...args, '--to', '2026-10-01 07:00')).out).toContain('Nothing would have fired.');
  });

  test.for<[string, string[], number, string]>([
    ['no past', [], 1, 'backtest needs a past: give one of --data, --prometheus, --openmetrics, --orders'],
    ['two pasts', ['--orders', 'a.csv', '--data', 'b'], 1, 'not --data and --orders'],
    ['a file that is not there', ['--orders', 'none.csv'], 1, 'none.csv: there is no such file'],
    ['a time', ['--orders', 'payments.csv', '--from', 'noon'], 1, '--from: "noon" is not a time'],
    [
      'times the wrong way round',
      ['--orders', 'payments.csv', '--from', '2026-10-02', '--to', '2026-10-01'],
      1,
      '--from must lie before --to',
    ],
    [
      'a time beyond the past',
      ['--orders', 'payments.csv', '--from', '2027-01-01'],
      1,
      'none of its 3240 orders lies between',
    ],
    [
      'a column',
      ['--orders', 'payments.csv', '--columns', 'when=created'],
      1,
      '--columns: "when=created" is not one of id, time',
    ],
    [
      'a column that is not there',
      ['--orders', 'payments.csv', '--columns', 'time=creatde'],
      1,
      'did you mean "created"?',
    ],
    ['a status', ['--orders', 'payments.csv', '--status', 'paid=good'], 1, '--status: "paid=good" is not word=outcome'],
    [
      'a zone',
      ['--orders', 'payments.csv', '--timezone', 'Mars/Base'],
      1,
      '--timezone: "Mars/Base" is not a time zone',
    ],
    ['an interval', ['--orders', 'payments.csv', '--interval', '0s'], 1, '--interval: "0s" is not a duration'],
    ['rules that are not there', ['--orders', 'payments.csv', '--rules', 'none.yml'], 1, 'cannot read'],
  ])('refuses %s', async ([, args, code, message]) => {
    const placed = args.map((arg) => (/\.(csv|yml)$/.test(arg) ? file(arg) : arg));
    const rules = args.includes('--rules') ? [] : ['--rules', file('rules.yml')];
    const result = await run(...placed, ...rules);
    expect(result.err).toContain(message);
    expect(result).toMatchObject({ code, out: '' });
  });

  test('rules with mistakes are told with their places, and nothing is replayed', async () => {
    await mkdir(join(dir, 'bad'), { recursive: true });
    await writeFile(file('bad/rules.yml'), RULES.replace('for: 1m', 'for: soon'));
    const { code, err } = await run('--rules', file('bad/rules.yml'), '--orders', file('payments.csv'));
    expect(code).toBe(1);
    expect(err).toMatch(/rules\.yml:8:14: error: [\s\S]*Nothing was replayed\.\n$/);
  });
});

describe('incidents', () => {
  const fired = (alert: string, severity: string, from: number, to?: number): FiredAlert => ({
    group: 'g',
    alert,
    labels: Labels.of({ alertname: alert, severity }),
    annotations: Labels.empty,
    value: 1,
    activeAtMs: from * 60_000,
    firedAtMs: (from + 1) * 60_000,
    resolvedAtMs: to === undefined ? undefined : to * 60_000,
    isPage: severity === 'page',
    told: [],
    quiet: undefined,
  });
  const shown = (alerts: FiredAlert[]) =>
    incidentsOf(alerts).map(
      ({ sinceMs, untilMs, isPage, alerts: all }) =>
        `${sinceMs / 60_000}-${untilMs === undefined ? '' : untilMs / 60_000} ${isPage ? 'page' : 'inform'} ${all.map(({ alert }) => alert).join(' ')}`,
    );

  test.for<[string, FiredAlert[], string[]]>([
    ['pages at the same time are one', [fired('A', 'page', 0, 10), fired('B', 'page', 5, 20)], ['0-20 page A B']],
    [
      'and so are those that follow closely',
      [fired('A', 'page', 0, 10), fired('A', 'page', 14, 20)],
      ['0-20 page A A'],
    ],
    ['later ones are others', [fired('A', 'page', 0, 10), fired('A', 'page', 16, 20)], ['0-10 page A', '16-20 page A']],
    [
      'what informs belongs to the page in which it began, and makes it no longer',
      [fired('A', 'page', 0, 10), fired('I', 'inform', 5, 90)],
      ['0-10 page A I'],
    ],
    [
      'what informs for long does not make one of all pages',
      [fired('I', 'inform', 0), fired('A', 'page', 10, 20), fired('B', 'page', 60, 70)],
      ['0- inform I', '10-20 page A', '60-70 page B'],
    ],
    ['what fires on has no end', [fired('A', 'page', 0), fired('B', 'page', 5, 20)], ['0- page A B']],
  ])('%s', ([, alerts, incidents]) => {
    expect(shown(alerts)).toEqual(incidents);
  });

  test('who was told of an alert is found by its time too', () => {
    const [early, late] = [fired('A', 'page', 0, 10), fired('A', 'page', 60, 70)].map((alert) => ({
      ...alert,
      routedLabels: alert.labels.with('cluster', 'eu'),
    }));
    const message = (minute: number, receiver: string) => ({
      atMs: minute * 60_000,
      receiver,
      integrations: [],
      groupKey: '',
      groupLabels: Labels.empty,
      reason: 'first notification' as const,
      status: 'firing' as const,
      firing: [{ labels: late!.routedLabels, annotations: Labels.empty, startsAtMs: 0, endsAtMs: 0, generatorUrl: '' }],
      resolved: [],
    });
    const told = withMessages(
      [early!, late!],
      [message(62, 'ops'), message(63, 'dev'), message(66, 'ops'), message(80, 'ops')],
      [{ labels: early!.routedLabels, startsAtMs: 0, atMs: 120_000, receiver: 'ops', by: 'muted', because: ['night'] }],
      () => true,
    );
    expect(
      told.map((alert) => [
        alert.told.map(({ receiver, atMs }) => `${receiver} ${atMs / 60_000}`),
        alert.quiet?.because,
      ]),
    ).toEqual([
      [[], ['night']],
      [['ops 62', 'dev 63'], undefined],
    ]);
  });

  test('where no rule says how loud it is, everything pages', () => {
    const rule = (severity?: string) => ({
      kind: 'alerting' as const,
      alert: 'A',
      expr: 'x',
      forMs: 0,
      keepFiringForMs: 0,
      labels: severity === undefined ? {} : { severity },
      annotations: {},
    });
    const groups = (severity?: string) => [
      {
        name: 'g',
        intervalMs: undefined,
        limit: 0,
        queryOffsetMs: undefined,
        labels: Labels.empty,
        rules: [rule(severity)],
      },
    ];
    const labels = Labels.of({ severity: 'warning' });
    expect([undefined, 'warning', 'page', 'critical'].map((severity) => pageTest(groups(severity))(labels))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  test('one trouble that is two incidents for the other rules is one row', () => {
    const backtest = (alerts: FiredAlert[]): Backtest => ({
      rules: '',
      fromMs: 0,
      toMs: 1e9,
      startMs: 0,
      alerts,
      incidents: incidentsOf(alerts).map((incident) => ({ ...incident, cost: undefined })),
      notifications: [],
      pagesPerWeek: 0,
      failures: [],
      missing: [],
      currency: '',
    });
    const whole = backtest([fired('A', 'page', 0, 60), fired('A', 'page', 200, 210)]);
    const split = backtest([fired('B', 'page', 2, 20), fired('B', 'page', 40, 65), fired('C', 'page', 500, 510)]);
    const rows = (ours: Backtest, theirs: Backtest) =>
      compareBacktests(ours, theirs).pages.map(
        (row) => `${row.ours?.alerts[0]?.alert ?? '-'} ${row.theirs?.alerts[0]?.alert ?? '-'} ${row.laterMs ?? ''}`,
      );
    expect(rows(whole, split)).toEqual(['A B 120000', 'A - ', '- C ']);
    expect(rows(split, whole)).toEqual(['B A -120000', '- A ', 'C - ']);
  });
});

test('progress is a bar on a terminal, lines elsewhere, and nothing where it is quick', () => {
  let nowMs = 0;
  const shown = (isTerminal: boolean, steps: readonly number[]) => {
    let text = '';
    nowMs = 0;
    const progress = new Progress({ write: (more) => (text += more), isTerminal, columns: 60 }, () => nowMs);
    for (const ms of steps) {
      nowMs = ms;
      progress.update('reading', ms / 40_000, '5 samples');
    }
    progress.end();
    return text;
  };
  expect(shown(false, [1_000, 5_000])).toBe('');
  expect(shown(false, [1_000, 10_000, 11_000, 20_000])).toBe('reading 25 %, 5 samples\nreading 50 %, 5 samples\n');
  expect(shown(true, [50])).toBe('');
  expect(shown(true, [20_000])).toBe(
    `\r\u001b[2K[${'='.repeat(12)}${' '.repeat(12)}] reading 50 %, 5 samples\r\u001b[2K`,
  );
});

test('tables line up', () => {
  expect(
    table([
      ['a', 'bb'],
      ['cé', 'd', 'e'],
    ]),
  ).toBe('  a   bb\n  cé  d   e');
});
