import type { RuleGroup } from '@tillwatch/config';
import { type Alert, isResolved, Labels, type Logger, silentLogger } from '@tillwatch/model';
import { ManualClock } from '@tillwatch/model/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRuleEngine, type RuleEngine, type RuleEngineOptions } from '../../src/rules/rule-engine.ts';
import type { RuleStatus } from '../../src/rules/status.ts';
import { MemoryStore } from './memory-store.ts';

const SECOND = 1000;
const MINUTE = 60_000;

type Rule = RuleGroup['rules'][number];

type Alerting = Extract<Rule, { kind: 'alerting' }>;

function alerting(alert: string, expr: string, more: Partial<Alerting> = {}): Alerting {
  return { kind: 'alerting', alert, expr, forMs: 0, keepFiringForMs: 0, labels: {}, annotations: {}, ...more };
}

function recording(record: string, expr: string, labels: Record<string, string> = {}): Rule {
  return { kind: 'recording', record, expr, labels };
}

function group(rules: readonly Rule[], more: Partial<RuleGroup> = {}): RuleGroup {
  const name = 'checkout';
  return { name, intervalMs: undefined, limit: 0, queryOffsetMs: undefined, labels: Labels.empty, rules, ...more };
}

interface Handed {
  readonly alert: Alert;
  readonly atMs: number;
}

/** An engine over a store, with what it handed on and logged. */
class Bench {
  readonly clock = new ManualClock();
  readonly handed: Handed[] = [];
  readonly logged: string[] = [];
  readonly store: MemoryStore;
  engine: RuleEngine;
  onAlerts: (alerts: readonly Alert[]) => void = (alerts) => {
    for (const alert of alerts) this.handed.push({ alert, atMs: this.nowMs });
  };
  nowMs = 0;
  readonly #groups: readonly RuleGroup[];
  readonly #options: Partial<RuleEngineOptions>;

  constructor(groups: readonly RuleGroup[], options: Partial<RuleEngineOptions> = {}, store = new MemoryStore()) {
    this.#groups = groups;
    this.#options = options;
    this.store = store;
    this.engine = this.restart();
  }

  /** Another process over the same store. */
  restart(): RuleEngine {
    const log = (message: string, fields?: object) => void this.logged.push(`${message} ${JSON.stringify(fields)}`);
    const logger: Logger = { ...silentLogger, warn: log, error: log };
    this.engine = createRuleEngine({
      groups: [{ file: 'rules.yml', groups: this.#groups }],
      queryable: this.store,
      store: this.store,
      clock: this.clock,
      logger,
      externalLabels: Labels.empty,
      externalUrl: 'http://watch.example',
      evaluationIntervalMs: MINUTE,
      onAlerts: (alerts) => this.onAlerts(alerts),
      ...this.#options,
    });
    return this.engine;
  }

  async at(nowMs: number): Promise<void> {
    this.nowMs = nowMs;
    await this.clock.advance(Math.max(0, nowMs - this.clock.nowMs()));
    await this.engine.evaluate(nowMs);
  }

  rule(name: string): RuleStatus {
    const found = this.engine
      .groups()
      .flatMap((one) => one.rules)
      .find((rule) => rule.name === name);
    if (found === undefined) throw new Error(`no rule ${name}`);
    return found;
  }

  alerts(name: string): string[] {
    const rule = this.rule(name);
    if (rule.type !== 'alerting') throw new Error(`${name} is no alerting rule`);
    return rule.alerts.map((alert) => `${alert.state} ${Labels.of(alert.labels)}`);
  }

  /** What was handed on, as text. */
  messages(): string[] {
    return this.handed.map(
      ({ alert, atMs }) => `${atMs / MINUTE}m ${isResolved(alert, atMs) ? 'resolved' : 'firing'} ${alert.labels}`,
    );
  }
}

/** Samples in the notation of rule tests: `0+10x3` counts up, `5x2` repeats, `_` is none, `stale` ends the series. */
function samples(notation: string, stepMs: number): [number, number | 'stale'][] {
  const values: (number | 'stale' | undefined)[] = [];
  for (const part of notation.split(' ')) {
    const match = /^(-?[\d.]+)(?:([+-][\d.]+))?x(\d+)$/.exec(part);
    if (match === null) values.push(part === 'stale' ? part : part === '_' ? undefined : Number(part));
    else for (let i = 0; i <= Number(match[3]); i++) values.push(Number(match[1]) + i * Number(match[2] ?? 0));
  }
  return values.flatMap((value, i) => (value === undefined ? [] : [[i * stepMs, value] as [number, number | 'stale']]));
}

function load(store: MemoryStore, labels: Record<string, string>, notation: string, stepMs = MINUTE): void {
  store.load(Labels.of(labels), samples(notation, stepMs));
}

describe('recording rules', () => {
  test('write their result under their name, with their labels and those of the group', async () => {
    const rules = [recording('job:up:sum', 'sum by (job) (up)', { team: 'till', kind: 'own' })];
    const bench = new Bench([group(rules, { labels: Labels.of({ kind: 'group', region: 'eu' }) })]);
    load(bench.store, { __name__: 'up', job: 'shop', instance: 'a' }, '1x5');
    load(bench.store, { __name__: 'up', job: 'shop', instance: 'b' }, '1x5');
    await bench.at(MINUTE);
    expect(bench.store.dump('job:up:sum{job="shop", kind="own", region="eu", team="till"}')).toBe('2@60000');
    expect(bench.rule('job:up:sum')).toMatchObject({
      type: 'recording',
      health: 'ok',
      lastError: '',
      lastEvaluationMs: MINUTE,
    });
  });

  test('a rule sees what earlier rules of its group are about to write, and alerts read them too', async () => {
    const bench = new Bench([group([recording('a', 'vector(1)'), recording('b', 'a + 1'), alerting('High', 'b > 1')])]);
    await bench.at(MINUTE);
    expect(bench.store.dump('b')).toBe('2@60000');
    expect(bench.alerts('High')).toEqual(['firing {alertname="High"}']);
    expect(bench.store.commits).toBe(1);
  });

  test('a rule about many series lets other work have its turn', async () => {
    const counters = Array.from({ length: 20_000 }, (_, i) => ({
      labels: Labels.of({ __name__: 'orders_total', i: String(i) }),
      timestampsMs: Float64Array.of(0, MINUTE),
      changes: (_lo: Int32Array, _hi: Int32Array, first: Float64Array, change: Float64Array) => {
        first[0] = 0;
        change[0] = 60;
      },
    }));
    const store = Object.assign(new MemoryStore(), { selectCounters: () => counters });
    const bench = new Bench([group([recording('orders:rate', 'sum(rate(orders_total[2m]))')])], {}, store);
    let turns = 0;
    const count = () => {
      turns++;
      if (store.commits === 0) setImmediate(count);
    };
    setImmediate(count);
    await bench.engine.evaluate(MINUTE);
    expect(turns).toBeGreaterThanOrEqual(4);
    expect(bench.store.dump('orders:rate')).toBe('10000@60000');
  });

  test('series that a rule no longer gives are ended', async () => {
    const bench = new Bench([group([recording('copy', 'metric')])]);
    load(bench.store, { __name__: 'metric', shop: 'eu' }, '1x1 stale');
    for (const minute of [0, 1, 2, 3]) await bench.at(minute * MINUTE);
    expect(bench.store.dump('copy{shop="eu"}')).toBe('1@0 1@60000 stale@120000');
  });

  test.for([
    ['a string', recording('r', '"text"'), 'rule result is not a vector or scalar'],
    [
      'the same labels twice',
      recording('r', 'm', { shop: 'x' }),
      'vector contains metrics with the same labelset after applying rule labels',
    ],
    ['an expression that is none', recording('r', 'sum('), 'unclosed left parenthesis'],
  ] as const)('%s is an error of the rule, with its place', async ([, rule, message]) => {
    const at = { file: 'rules.yml', text: 'groups:\n  - record: r\n', from: 20, to: 21 };
    const bench = new Bench([group([{ ...rule, at }, recording('after', 'vector(1)')])]);
    load(bench.store, { __name__: 'm', shop: 'a' }, '1x3');
    load(bench.store, { __name__: 'm', shop: 'b' }, '1x3');
    await bench.at(MINUTE);
    expect(bench.rule('r')).toMatchObject({ health: 'err' });
    expect(bench.rule('r').lastError).toContain(message);
    expect(bench.rule('r').lastError).toMatch(/^rules\.yml:2:13: /);
    expect(bench.rule('after').health).toBe('ok');
    expect(bench.logged.join('\n')).toContain('rule failed');
  });

  test('the limit of the group holds for series', async () => {
    const bench = new Bench([group([recording('r', 'm')], { limit: 1 })]);
    load(bench.store, { __name__: 'm', shop: 'a' }, '1x3');
    load(bench.store, { __name__: 'm', shop: 'b' }, '1x3');
    await bench.at(MINUTE);
    expect(bench.rule('r').lastError).toContain('exceeded limit of 1 with 2 series');
    expect(bench.store.dump('r{shop="a"}')).toBeUndefined();
  });

  test('a query offset moves what is read and the timestamps of what is written', async () => {
    const bench = new Bench([group([recording('r', 'm'), alerting('A', 'm > 0')], { queryOffsetMs: MINUTE })]);
    load(bench.store, { __name__: 'm' }, '1 2 3');
    await bench.at(2 * MINUTE);
    expect(bench.store.dump('r')).toBe('2@60000');
    expect(bench.store.dump('ALERTS{alertname="A", alertstate="firing"}')).toBe('1@60000');
    expect(bench.handed[0]?.alert.startsAtMs).toBe(2 * MINUTE);
  });
});

describe('alerting rules', () => {
  test('write ALERTS and ALERTS_FOR_STATE, and end them as states change', async () => {
    const bench = new Bench([group([alerting('High', 'm > 1', { forMs: MINUTE, labels: { severity: 'page' } })])]);
    load(bench.store, { __name__: 'm', shop: 'eu' }, '0 2 2 2 0');
    for (const minute of [0, 1, 2, 3, 4]) await bench.at(minute * MINUTE);
    const labels = 'alertname="High"';
    const rest = 'severity="page", shop="eu"';
    expect(bench.store.dump(`ALERTS{${labels}, alertstate="pending", ${rest}}`)).toBe('1@60000 stale@120000');
    expect(bench.store.dump(`ALERTS{${labels}, alertstate="firing", ${rest}}`)).toBe('1@120000 1@180000 stale@240000');
    expect(bench.store.dump(`ALERTS_FOR_STATE{${labels}, ${rest}}`)).toBe('60@60000 60@120000 60@180000 stale@240000');
  });

  test('hand on firing and resolved alerts as Prometheus does, and again after the resend delay', async () => {
    const bench = new Bench([group([alerting('High', 'm > 1', { annotations: { summary: 'it is {{ $value }}' } })])], {
      externalLabels: Labels.of({ cluster: 'eu-1', shop: 'of the outside' }),
      externalUrl: 'http://watch.example/base/',
    });
    load(bench.store, { __name__: 'm', shop: 'eu' }, '2 3 0x20');
    for (let half = 0; half <= 6; half++) await bench.at((half * MINUTE) / 2);
    expect(
      bench.handed.map(({ atMs, alert }) => [atMs / 1000, alert.startsAtMs / 1000, alert.endsAtMs / 1000]),
    ).toEqual(
      [
        [0, 0, 240],
        [90, 0, 330],
        [120, 0, 120],
      ].map((row) => row),
    );
    const [first, , last] = bench.handed;
    expect(String(first?.alert.labels)).toBe('{alertname="High", cluster="eu-1", shop="eu"}');
    expect(first?.alert.generatorUrl).toBe('http://watch.example/base/graph?g0.expr=m+%3E+1&g0.tab=1');
    expect(first?.alert.annotations.get('summary')).toBe('it is 2');
    // The all-clear carries what was said last, as upstream.
    expect(last?.alert.annotations.get('summary')).toBe('it is 3');
  });

  test('resolved alerts are sent again for a quarter of an hour', async () => {
    const bench = new Bench([group([alerting('High', 'm > 1')])]);
    load(bench.store, { __name__: 'm' }, '2 0x40');
    for (let minute = 0; minute <= 40; minute++) await bench.at(minute * MINUTE);
    const resolved = bench.handed.filter(({ alert, atMs }) => isResolved(alert, atMs));
    expect(resolved[0]?.atMs).toBe(MINUTE);
    expect(resolved.length).toBeGreaterThan(5);
    expect(resolved.at(-1)?.atMs).toBeLessThanOrEqual(16 * MINUTE);
    expect(bench.store.get('rule-states', 'rules.yml;checkout')).toBeUndefined();
  });

  test('labels and annotations are templates over the element, with the store at hand', async () => {
    const rule = alerting('High', 'm > 1', {
      labels: { severity: '{{ if gt $value 5.0 }}page{{ else }}info{{ end }}', instance: '' },
      annotations: {
        summary: '{{ $labels.shop }} at {{ $value | humanizePercentage }} in {{ $externalLabels.cluster }}',
        others: '{{ range query "other" }}{{ .Labels.x }}={{ .Value }};{{ end }}',
        earlier: '{{ with query "fresh" }}{{ . | first | value }}{{ end }}',
        url: '{{ $externalURL }} {{ .ExternalURL }}',
      },
    });
    const bench = new Bench([group([recording('fresh', 'vector(7)'), rule])], {
      externalLabels: Labels.of({ cluster: 'eu-1' }),
    });
    load(bench.store, { __name__: 'm', shop: 'eu', instance: 'a' }, '9');
    load(bench.store, { __name__: 'other', x: '1' }, '4');
    await bench.at(0);
    const [handed] = bench.handed;
    expect(handed?.alert.labels.toRecord()).toEqual({
      alertname: 'High',
      cluster: 'eu-1',
      severity: 'page',
      shop: 'eu',
    });
    expect(handed?.alert.annotations.toRecord()).toEqual({
      earlier: '7',
      others: '1=4;',
      summary: 'eu at 900% in eu-1',
      url: 'http://watch.example http://watch.example',
    });
  });

  test('a broken template does not keep the alert from firing', async () => {
    const bench = new Bench([
      group([alerting('High', 'm > 1', { annotations: { summary: '{{ $labels.x.y }}', ok: 'fine' } })]),
    ]);
    load(bench.store, { __name__: 'm' }, '2');
    await bench.at(0);
    expect(bench.messages()).toEqual(['0m firing {alertname="High"}']);
    expect(bench.handed[0]?.alert.annotations.get('summary')).toMatch(
      /^<error expanding template: template: __alert_High:1:/,
    );
    expect(bench.rule('High')).toMatchObject({ health: 'ok' });
    expect(bench.rule('High').lastError).toContain("can't evaluate field y in type string");
    expect(bench.logged.join('\n')).toContain('alert text not expanded');
  });

  test.for([
    [
      'the same labels twice',
      { labels: { shop: 'x' } },
      0,
      'vector contains metrics with the same labelset after applying alert labels',
    ],
    ['more alerts than the limit', {}, 1, 'exceeded limit of 1 with 2 alerts'],
  ] as const)('%s is an error of the rule', async ([, more, limit, message]) => {
    const bench = new Bench([group([alerting('High', 'm', more)], { limit })]);
    load(bench.store, { __name__: 'm', shop: 'a' }, '1');
    load(bench.store, { __name__: 'm', shop: 'b' }, '1');
    await bench.at(0);
    expect(bench.rule('High')).toMatchObject({ health: 'err', state: 'inactive' });
    expect(bench.rule('High').lastError).toContain(message);
    expect(bench.handed).toEqual([]);
  });

  test('a rule that fails keeps its alerts firing: a failure is no all-clear', async () => {
    const bench = new Bench([group([alerting('High', 'm * on () group_left () n > 0')])]);
    load(bench.store, { __name__: 'm' }, '1x20');
    load(bench.store, { __name__: 'n', a: '1' }, '1x20');
    load(bench.store, { __name__: 'n', a: '2' }, '_ _ 1x20');
    for (let minute = 0; minute <= 6; minute++) await bench.at(minute * MINUTE);
    expect(bench.rule('High')).toMatchObject({ health: 'err', state: 'firing' });
    expect(bench.handed.every(({ alert, atMs }) => !isResolved(alert, atMs))).toBe(true);
    expect(bench.handed.at(-1)?.alert.endsAtMs).toBeGreaterThan(6 * MINUTE);
  });

  test('the status has what the rules API answers', async () => {
    const rule = alerting('High', 'm>1', {
      forMs: MINUTE,
      keepFiringForMs: 2 * MINUTE,
      annotations: { a: '{{ $value }}' },
    });
    const bench = new Bench([group([rule])]);
    expect(bench.rule('High')).toMatchObject({ health: 'unknown', lastEvaluationMs: undefined, state: 'inactive' });
    load(bench.store, { __name__: 'm', shop: 'eu' }, '2x2 0x3');
    for (let minute = 0; minute <= 3; minute++) await bench.at(minute * MINUTE);
    expect(bench.engine.groups()).toMatchObject([
      {
        name: 'checkout',
        file: 'rules.yml',
        intervalMs: MINUTE,
        limit: 0,
        lastEvaluationMs: 3 * MINUTE,
        evaluations: 4,
      },
    ]);
    expect(bench.rule('High')).toMatchObject({
      type: 'alerting',
      state: 'firing',
      query: 'm > 1',
      forMs: MINUTE,
      keepFiringForMs: 2 * MINUTE,
      annotations: { a: '{{ $value }}' },
      alerts: [
        {
          labels: { alertname: 'High', shop: 'eu' },
          annotations: { a: '2' },
          state: 'firing',
          activeAtMs: 0,
          keepFiringSinceMs: 3 * MINUTE,
          value: 2,
        },
      ],
    });
  });
});

describe('storing', () => {
  test('alerts are handed on only once what led to them is stored', async () => {
    const bench = new Bench([group([alerting('High', 'm > 1'), recording('r', 'm')])]);
    load(bench.store, { __name__: 'm' }, '2x5');
    bench.store.failingCommits = 1;
    await bench.at(0);
    expect(bench.messages()).toEqual([]);
    expect(bench.rule('High')).toMatchObject({ health: 'err', state: 'inactive' });
    expect(bench.rule('r').lastError).toContain('the disk is full');
    await bench.at(MINUTE);
    expect(bench.messages()).toEqual(['1m firing {alertname="High"}']);
    expect(bench.store.dump('r')).toBe('2@60000');
  });

  test('while the disk is full and the store holds in memory what it cannot write, alerts fire and are resolved', async () => {
    const bench = new Bench([group([alerting('High', 'm > 1', { forMs: 2 * MINUTE }), recording('r', 'm')])]);
    load(bench.store, { __name__: 'm' }, '2x3 0x3');
    bench.store.failingCommits = 99;
    bench.store.isHolding = true;
    for (let minute = 0; minute <= 4; minute++) await bench.at(minute * MINUTE);
    expect(bench.messages()).toEqual(['2m firing {alertname="High"}', '4m resolved {alertname="High"}']);
    expect(bench.rule('r')).toMatchObject({ health: 'ok', lastError: '' });
    expect(bench.store.dump('r')).toBe('2@0 2@60000 2@120000 2@180000 0@240000');
  });

  test('while nothing can be stored, alerts that fired before stay firing', async () => {
    const bench = new Bench([group([alerting('High', 'm > 1')])]);
    load(bench.store, { __name__: 'm' }, '2x9');
    await bench.at(0);
    bench.store.failingCommits = 9;
    for (let minute = 1; minute <= 6; minute++) await bench.at(minute * MINUTE);
    expect(bench.handed.at(-1)?.alert.endsAtMs).toBeGreaterThan(6 * MINUTE);
  });

  test('an alert that was stored but not taken is handed on by the next process', async () => {
    const bench = new Bench([group([alerting('High', 'm > 1')])]);
    load(bench.store, { __name__: 'm' }, '2 2');
    const { onAlerts } = bench;
    bench.onAlerts = () => {
      throw new Error('killed');
    };
    await bench.at(0);
    bench.onAlerts = onAlerts;
    bench.restart();
    await bench.at(SECOND);
    expect(bench.handed.map(({ alert }) => alert.startsAtMs)).toEqual([0]);
  });

  test('an alert that is active before and after a restart keeps its time, and its series are continued', async () => {
    const bench = new Bench([group([alerting('High', 'm > 1', { forMs: 5 * MINUTE })])]);
    load(bench.store, { __name__: 'm' }, '2x20');
    await bench.at(0);
    bench.restart();
    expect(bench.alerts('High')).toEqual(['pending {alertname="High"}']);
    await bench.at(5 * MINUTE);
    expect(bench.messages()).toEqual(['5m firing {alertname="High"}']);
    expect(bench.store.dump('ALERTS{alertname="High", alertstate="pending"}')).toBe('1@0 stale@300000');
  });

  test('a pending alert does not outlive a long outage, a firing one does', async () => {
    const bench = new Bench([group([alerting('Fires', 'm > 1'), alerting('Waits', 'm > 1', { forMs: 10 * MINUTE })])]);
    load(bench.store, { __name__: 'm' }, '2x5');
    await bench.at(0);
    await bench.clock.advance(2 * 60 * MINUTE);
    bench.restart();
    expect(bench.alerts('Waits')).toEqual([]);
    await bench.at(121 * MINUTE);
    expect(bench.messages().at(-1)).toBe('121m resolved {alertname="Fires"}');
  });

  test('an alert whose condition ended while nobody looked is resolved after the restart', async () => {
    const bench = new Bench([group([alerting('High', 'm > 1')])]);
    load(bench.store, { __name__: 'm' }, '2x1 0x10');
    await bench.at(0);
    bench.restart();
    await bench.at(3 * MINUTE);
    expect(bench.messages()).toEqual(['0m firing {alertname="High"}', '3m resolved {alertname="High"}']);
  });
});

/** The stretches in which a condition held: the first minute in it and the first after it. */
function runsOf(activity: readonly boolean[]): [since: number, until: number][] {
  const runs: [number, number][] = [];
  for (let minute = 0; minute < activity.length; minute++) {
    if (activity[minute] !== true) continue;
    const end = activity.indexOf(false, minute);
    const until = end === -1 ? activity.length : end;
    runs.push([minute, until]);
    minute = until;
  }
  return runs;
}

test('no alert fires before its for clause, and none is lost or late, wherever the process was restarted', async () => {
  const minutes = 30;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.boolean(), { minLength: minutes, maxLength: minutes }),
      fc.uniqueArray(fc.nat(minutes - 1), { maxLength: 6 }),
      fc.nat(4),
      fc.boolean(),
      async (activity, restarts, forMinutes, dropsWhatItHanded) => {
        const bench = new Bench([group([alerting('High', 'm > 0', { forMs: forMinutes * MINUTE })])]);
        bench.store.load(
          Labels.of({ __name__: 'm' }),
          activity.map((active, minute) => [minute * MINUTE, active ? 1 : 0] as const),
        );
        const fired: number[] = [];
        const resolved: number[] = [];
        let losesNext = false;
        bench.onAlerts = (alerts) => {
          if (losesNext) throw new Error('killed');
          for (const alert of alerts) {
            if (!fired.includes(alert.startsAtMs)) fired.push(alert.startsAtMs);
            if (isResolved(alert, bench.nowMs) && !resolved.includes(alert.endsAtMs)) resolved.push(alert.endsAtMs);
          }
        };
        for (let minute = 0; minute < minutes; minute++) {
          losesNext = dropsWhatItHanded && restarts.includes(minute);
          await bench.at(minute * MINUTE);
          if (restarts.includes(minute)) bench.restart();
        }
        losesNext = false;
        // What was handed on and lost just before a restart comes again with the first evaluation after it.
        await bench.at(minutes * MINUTE + SECOND);

        // What is lost over and over until the condition holds anew is not made up for: the same alert is active then.
        const isHeard = (from: number, to: number) => {
          const evaluations = Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
          return evaluations.some((minute) => !(dropsWhatItHanded && restarts.includes(minute)));
        };
        const expectedFired: number[] = [];
        const expectedResolved: number[] = [];
        for (const [since, until] of runsOf(activity)) {
          const firesAt = since + forMinutes;
          if (firesAt >= until) continue;
          const again = activity.indexOf(true, until);
          const overtakenAt = again === -1 ? minutes + 1 : again;
          if (isHeard(firesAt, overtakenAt)) expectedFired.push(firesAt * MINUTE);
          if (until < minutes && isHeard(until, overtakenAt)) expectedResolved.push(until * MINUTE);
        }
        const isLate = (ms: number) => ms > minutes * MINUTE;
        expect(fired.filter((ms) => !isLate(ms))).toEqual(expectedFired);
        expect(resolved.filter((ms) => !isLate(ms))).toEqual(expectedResolved);
      },
    ),
    { numRuns: 60 },
  );
});

describe('keeping time', () => {
  test('a started engine evaluates on its grid and stops', async () => {
    const bench = new Bench([group([recording('r', 'vector(1)')], { intervalMs: 10 * SECOND })]);
    bench.engine.start();
    await bench.clock.advance(35 * SECOND);
    const [status] = bench.engine.groups();
    expect(status?.evaluations).toBeGreaterThanOrEqual(3);
    const times = bench.store
      .dump('r')
      ?.split(' ')
      .map((one) => Number(one.split('@')[1]));
    expect(new Set(times?.map((time) => time % (10 * SECOND))).size).toBe(1);
    await bench.engine.stop();
    expect(bench.clock.sleeping).toBe(0);
    await bench.clock.advance(MINUTE);
    expect(bench.engine.groups()[0]?.evaluations).toBe(status?.evaluations);
  });

  test('evaluations that took too long make others miss, which is counted', async () => {
    const bench = new Bench([group([recording('r', 'vector(1)')], { intervalMs: 10 * SECOND })]);
    const { store, clock } = bench;
    const { batch } = store;
    store.batch = () => {
      const inner = batch.call(store);
      const commit = async () => {
        await clock.sleep(25 * SECOND);
        await inner.commit();
      };
      return { ...inner, commit };
    };
    bench.engine.start();
    await clock.advance(60 * SECOND);
    const stopped = bench.engine.stop();
    await clock.advance(60 * SECOND);
    await stopped;
    expect(bench.engine.groups()[0]?.missedIterations).toBeGreaterThanOrEqual(1);
    expect(bench.logged.join('\n')).toContain('rule group evaluations missed');
  });
});

describe('a reload', () => {
  const files = (...groups: RuleGroup[]) => [{ file: 'rules.yml', groups }];

  test('keeps the alerts of rules that are still there, and what they last said of themselves', async () => {
    const high = alerting('High', 'm > 1', { forMs: 2 * MINUTE });
    const bench = new Bench([group([high])]);
    load(bench.store, { __name__: 'm' }, '2x9');
    await bench.at(0);
    await bench.engine.apply(
      files(group([recording('first', 'vector(1)'), { ...high, annotations: { new: 'text' } }])),
    );
    expect(bench.alerts('High')).toEqual(['pending {alertname="High"}']);
    await bench.at(2 * MINUTE);
    expect(bench.messages()).toEqual(['2m firing {alertname="High"}']);
    expect(bench.handed[0]?.alert.annotations.get('new')).toBe('text');
  });

  test('leaves unchanged groups alone', async () => {
    const bench = new Bench([group([alerting('High', 'm > 1')])]);
    await bench.at(0);
    await bench.engine.apply(files(group([alerting('High', 'm > 1')])));
    expect(bench.engine.groups()[0]?.evaluations).toBe(1);
    expect(bench.rule('High').health).toBe('ok');
  });

  test('ends the series of rules and groups that are gone', async () => {
    const bench = new Bench([
      group([recording('stays', 'vector(1)'), recording('goes', 'vector(1)')]),
      group([recording('all_gone', 'vector(1)')], { name: 'other' }),
    ]);
    await bench.at(0);
    await bench.clock.advance(MINUTE);
    await bench.engine.apply(files(group([recording('stays', 'vector(1)')])));
    await bench.at(2 * MINUTE);
    expect(bench.store.dump('stays')).toBe('1@0 1@120000');
    expect(bench.store.dump('goes')).toBe('1@0 stale@120000');
    expect(bench.store.dump('all_gone')).toBe('1@0 stale@60000');
    expect(bench.engine.groups().map((one) => one.name)).toEqual(['checkout']);
  });

  test('of a running engine keeps it running', async () => {
    const bench = new Bench([group([recording('a', 'vector(1)')])]);
    bench.engine.start();
    await bench.engine.apply(files(group([recording('b', 'vector(1)')])));
    await bench.clock.advance(2 * MINUTE);
    expect(bench.store.dump('b')).toBeDefined();
    expect(bench.clock.sleeping).toBe(1);
    await bench.engine.stop();
  });
});

describe('situations of real shops', () => {
  /** Evaluates a group at every step up to a time. */
  async function replay(bench: Bench, stepMs: number, untilMs: number): Promise<void> {
    for (let ms = bench.nowMs === 0 ? 0 : bench.nowMs + stepMs; ms <= untilMs; ms += stepMs) await bench.at(ms);
  }

  test('nobody buys: the ratio is NaN and says nothing, the rule for no checkouts speaks', async () => {
    const bench = new Bench([
      group([
        recording(
          'checkout:success_ratio',
          'sum(rate(checkout_total{outcome="ok"}[5m])) / sum(rate(checkout_total[5m]))',
        ),
        alerting('SuccessBelow95', 'checkout:success_ratio < 0.95'),
        alerting('NoCheckouts', 'sum(rate(checkout_total[5m])) == 0'),
      ]),
    ]);
    load(bench.store, { __name__: 'checkout_total', outcome: 'ok' }, '0+10x10 100x20');
    load(bench.store, { __name__: 'checkout_total', outcome: 'failed' }, '0x30');
    await replay(bench, MINUTE, 20 * MINUTE);
    expect(bench.store.dump('checkout:success_ratio')).toMatch(/NaN@1200000$/);
    expect(bench.alerts('SuccessBelow95')).toEqual([]);
    expect(bench.alerts('NoCheckouts')).toEqual(['firing {alertname="NoCheckouts"}']);
  });

  test('the metric is gone: the rule for its absence fires after its for clause', async () => {
    const gone = alerting('MetricGone', 'absent(checkout_total{job="shop",outcome="ok"})', {
      forMs: 2 * MINUTE,
      annotations: { summary: 'job {{ $labels.job }} stopped reporting ({{ $labels.outcome }})' },
    });
    const bench = new Bench([group([gone])]);
    load(bench.store, { __name__: 'checkout_total', job: 'shop', outcome: 'ok' }, '0+5x12 stale', 30 * SECOND);
    await replay(bench, 30 * SECOND, 8 * MINUTE);
    expect(bench.alerts('MetricGone')).toEqual(['pending {alertname="MetricGone", job="shop", outcome="ok"}']);
    await replay(bench, 30 * SECOND, 9 * MINUTE);
    expect(bench.alerts('MetricGone')).toEqual(['firing {alertname="MetricGone", job="shop", outcome="ok"}']);
    expect(bench.handed[0]?.alert.annotations.get('summary')).toBe('job shop stopped reporting (ok)');
  });

  test('one missed scrape starts the for clause anew, unless the alert is kept firing', async () => {
    const expr = 'checkout_error_ratio > 0.02';
    const bench = new Bench([
      group([
        alerting('Plain', expr, { forMs: 3 * MINUTE }),
        alerting('Sticky', expr, { forMs: MINUTE, keepFiringForMs: 2 * MINUTE }),
      ]),
    ]);
    load(bench.store, { __name__: 'checkout_error_ratio', shop: 'eu' }, '0.5x5 stale 0.5x20', 30 * SECOND);
    const seen: string[] = [];
    for (let half = 0; half <= 14; half++) {
      await bench.at(half * 30 * SECOND);
      const stateOf = (name: string) => bench.alerts(name)[0]?.split(' ')[0] ?? '-';
      seen.push(`${half / 2} ${stateOf('Plain')} ${stateOf('Sticky')}`);
    }
    expect(seen).toContain('3 - firing');
    expect(seen).toContain('3.5 pending firing');
    expect(seen).toContain('4 pending firing');
    expect(seen).toContain('6 pending firing');
    expect(seen).toContain('7 firing firing');
  });

  test('at three in the night one failed order pages nobody who guards the volume', async () => {
    const ratio = 'sum(rate(checkout_total{outcome="failed"}[5m])) / sum(rate(checkout_total[5m])) > 0.02';
    const bench = new Bench([
      group([alerting('Naive', ratio), alerting('Guarded', `${ratio} and sum(increase(checkout_total[5m])) >= 20`)]),
    ]);
    load(bench.store, { __name__: 'checkout_total', outcome: 'ok' }, '500x60');
    load(bench.store, { __name__: 'checkout_total', outcome: 'failed' }, '3x29 4x30');
    await replay(bench, MINUTE, 32 * MINUTE);
    expect(bench.alerts('Naive')).toEqual(['firing {alertname="Naive"}']);
    expect(bench.alerts('Guarded')).toEqual([]);
  });

  test('the all-clear carries the annotations of the last bad evaluation, as upstream', async () => {
    const rule = alerting('SuccessBelow95', 'checkout_success_ratio < 0.95', {
      forMs: 2 * SECOND,
      annotations: { summary: 'success rate now {{ $value | humanizePercentage }}' },
    });
    const bench = new Bench([group([rule])]);
    load(bench.store, { __name__: 'checkout_success_ratio' }, '0.99x4 0.62x7 0.98x10', SECOND);
    await replay(bench, SECOND, 20 * SECOND);
    expect(
      bench.handed.map(({ alert, atMs }) => [atMs, isResolved(alert, atMs), alert.annotations.get('summary')]),
    ).toEqual([
      [7 * SECOND, false, 'success rate now 62%'],
      [13 * SECOND, true, 'success rate now 62%'],
    ]);
  });
});
