import type { RuleGroup } from '@tillwatch/config';
import { isStaleAt, Labels, type Queryable, silentLogger } from '@tillwatch/model';
import { parse } from '@tillwatch/promql';
import { MemoryQueryable } from '@tillwatch/promql/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { replayRules } from '../../src/replay/replay.ts';
import { TestStore } from '../../src/rule-tests/test-store.ts';
import { createRuleEngine, type RuleEngine } from '../../src/rules/rule-engine.ts';

const STEP_MS = 15_000;
const START_MS = 1_000_000 * STEP_MS;
const TICKS = 60;
const END_MS = START_MS + TICKS * STEP_MS;

type Rule = RuleGroup['rules'][number];

/** One series of the past. `undefined` is no sample. */
interface Past {
  readonly labels: Labels;
  readonly values: readonly (number | 'stale' | undefined)[];
}

/** What a run of rules leaves behind, in a form that can be compared. */
interface Outcome {
  readonly series: Readonly<Record<string, readonly string[]>>;
  readonly alerts: readonly string[];
}

const inputNames = ['in1', 'in2'];
const recordedNames = ['rec0', 'rec1', 'rec2', 'rec3'];
const alertNames = ['Al0', 'Al1', 'Al2'];

const instant = fc.oneof(
  { arbitrary: fc.constantFrom(...inputNames), weight: 4 },
  { arbitrary: fc.constantFrom(...inputNames.map((name) => `${name}{a="x"}`)), weight: 1 },
  { arbitrary: fc.constantFrom(...recordedNames), weight: 4 },
  { arbitrary: fc.constantFrom(...recordedNames.map((name) => `${name}{kind="k"}`)), weight: 1 },
  {
    arbitrary: fc.constantFrom(...alertNames.map((name) => `ALERTS{alertname="${name}",alertstate="firing"}`)),
    weight: 2,
  },
  { arbitrary: fc.constantFrom('ALERTS_FOR_STATE', '{__name__=~"rec.+"}', 'ALERTS{alertstate="pending"}'), weight: 1 },
);

const shift = fc.constantFrom('', '', '', ' offset 15s', ' offset 1m', ' offset -15s', ' @ 15000060');

const { expression } = fc.letrec<{ expression: string; leaf: string }>((tie) => ({
  leaf: fc.oneof(
    fc.tuple(instant, shift).map(([selector, moved]) => `${selector}${moved}`),
    fc
      .tuple(fc.constantFrom('max_over_time', 'sum_over_time', 'count_over_time', 'changes'), instant, shift)
      .map(([func, selector, moved]) => `${func}(${selector}[1m]${moved})`),
    fc.tuple(instant).map(([selector]) => `max_over_time((${selector} + 1)[1m:15s])`),
    fc.tuple(instant).map(([selector]) => `absent(${selector})`),
    fc.tuple(instant).map(([selector]) => `timestamp(${selector})`),
  ),
  expression: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('leaf'),
    fc.tuple(tie('expression'), fc.integer({ min: 0, max: 6 })).map(([e, n]) => `(${e}) > ${n}`),
    fc.tuple(fc.constantFrom('sum by (a)', 'max', 'count by (b)'), tie('expression')).map(([op, e]) => `${op} (${e})`),
    fc
      .tuple(
        fc.constantFrom('and on ()', 'unless on (a)', 'or', '+ on (a, b)', '* ignoring (kind)'),
        tie('expression'),
        tie('expression'),
      )
      .map(([op, left, right]) => `(${left}) ${op} (${right})`),
    fc.tuple(tie('expression')).map(([e]) => `(${e}) * scalar(max(${e}))`),
    fc.tuple(tie('expression')).map(([e]) => `${e} or vector(2)`),
  ),
}));

const rule: fc.Arbitrary<Rule> = fc.oneof(
  fc.record({
    kind: fc.constant('recording' as const),
    record: fc.constantFrom(...recordedNames),
    expr: expression,
    labels: fc.constantFrom<Record<string, string>>({}, { kind: 'k' }, { a: '' }),
  }),
  fc.record({
    kind: fc.constant('alerting' as const),
    alert: fc.constantFrom(...alertNames),
    expr: expression,
    forMs: fc.constantFrom(0, 30_000, 60_000),
    keepFiringForMs: fc.constantFrom(0, 45_000),
    labels: fc.constantFrom<Record<string, string>>(
      {},
      { severity: 'page' },
      { level: '{{ if gt $value 3.0 }}high{{ else }}low{{ end }}' },
      { seen: '{{ with query "count(rec1)" }}{{ . | first | value }}{{ end }}' },
    ),
    annotations: fc.constantFrom<Record<string, string>>(
      { at: '{{ $value }}' },
      {
        others:
          '{{ range query "ALERTS" }}{{ .Labels.alertname }} {{ end }}{{ with query "rec0" }}{{ . | first | value }}{{ end }}',
      },
    ),
  }),
);

/** Rules of a replay are told apart by what they write: two that write the same series would only fight over it. */
function named(groups: readonly (readonly Rule[])[]): Rule[][] {
  const seen = new Set<string>();
  return groups.map((rules) =>
    rules.filter((one) => {
      const name = one.kind === 'alerting' ? one.alert : one.record;
      const isNew = !seen.has(name);
      seen.add(name);
      return isNew;
    }),
  );
}

const groups: fc.Arbitrary<RuleGroup[]> = fc
  .array(fc.array(rule, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 })
  .chain((lists) =>
    fc
      .array(
        fc.record({
          intervalMs: fc.constantFrom(undefined, undefined, 30_000, 60_000, 20_000),
          limit: fc.constantFrom(0, 0, 0, 2),
          queryOffsetMs: fc.constantFrom(undefined, undefined, undefined, 15_000, 30_000),
        }),
        { minLength: lists.length, maxLength: lists.length },
      )
      .map((settings) =>
        named(lists).map((rules, i) => ({ name: `g${i}`, labels: Labels.empty, rules, ...settings[i]! })),
      ),
  );

const past: fc.Arbitrary<Past[]> = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...inputNames), fc.constantFrom('x', 'y'), fc.constantFrom('p', 'q')), {
    minLength: 1,
    maxLength: 5,
    selector: (parts) => parts.join(),
  })
  .chain((all) =>
    fc.tuple(
      ...all.map(([name, a, b]) =>
        fc
          .array(
            fc.tuple(
              fc.oneof(
                { arbitrary: fc.integer({ min: 0, max: 6 }), weight: 8 },
                { arbitrary: fc.constantFrom<'stale' | undefined>('stale', undefined), weight: 1 },
              ),
              fc.integer({ min: 1, max: 12 }),
            ),
            { minLength: 1, maxLength: 12 },
          )
          .map((runs) => ({
            labels: Labels.of({ __name__: name, a, b }),
            values: runs.flatMap(([value, length]) => new Array<number | 'stale' | undefined>(length).fill(value)),
          })),
      ),
    ),
  );

/** Slices that end in the middle of everything, or hold all of it. */
const slicing = fc.constantFrom(7, 16, 1000);

test('a replay gives what the engine of production gives tick by tick', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(groups, past, slicing, async (ruleGroups, series, slices) => {
      for (const { rules } of ruleGroups) for (const { expr } of rules) expect(parse(expr)).toMatchObject({ ok: true });
      expect(await replayed(ruleGroups, series, slices)).toEqual(await tickByTick(ruleGroups, series));
    }),
    { numRuns: 200 },
  );
});

async function replayed(
  ruleGroups: readonly RuleGroup[],
  series: readonly Past[],
  ticksPerSlice: number,
): Promise<Outcome> {
  const queryable = new MemoryQueryable();
  for (const { labels, values } of series) queryable.add(labels, START_MS - 5 * STEP_MS, STEP_MS, values);
  const replay = await replayRules({
    groups: ruleGroups,
    queryable,
    fromMs: START_MS,
    toMs: END_MS,
    evaluationIntervalMs: STEP_MS,
    ticksPerSlice,
  });
  const alerts = replay.alerts.map(({ labels, annotations, value, activeAtMs, firedAtMs, resolvedAtMs }) =>
    describeAlert(labels.toString(), annotations.toString(), value, activeAtMs, firedAtMs, resolvedAtMs),
  );
  return { series: written(replay.queryable), alerts: alerts.sort() };
}

/** The reference: one engine for each group, since groups have their own intervals, over one store. */
async function tickByTick(ruleGroups: readonly RuleGroup[], series: readonly Past[]): Promise<Outcome> {
  const store = new TestStore();
  const engines = ruleGroups.map((group) => ({
    intervalMs: group.intervalMs ?? STEP_MS,
    engine: createRuleEngine({
      groups: [{ file: 'rules.yml', groups: [group] }],
      queryable: store,
      store,
      clock: { nowMs: () => START_MS, sleep: () => new Promise(() => undefined) },
      logger: silentLogger,
      externalLabels: Labels.empty,
      externalUrl: '',
      evaluationIntervalMs: STEP_MS,
      onAlerts() {},
    }),
  }));
  const story = new Story();
  let loaded = START_MS - 5 * STEP_MS;
  for (let nowMs = START_MS; nowMs <= END_MS; nowMs += 5_000) {
    for (; loaded <= nowMs; loaded += STEP_MS) {
      const i = (loaded - START_MS) / STEP_MS + 5;
      for (const { labels, values } of series) {
        if (values[i] !== undefined) store.append(labels, loaded, values[i]);
      }
    }
    for (const [i, { engine, intervalMs }] of engines.entries()) {
      if (nowMs % intervalMs !== 0) continue;
      await engine.evaluate(nowMs);
      story.note(i, engine, nowMs);
    }
  }
  return { series: written(store), alerts: story.alerts().sort() };
}

interface Told {
  readonly labels: string;
  readonly annotations: string;
  readonly value: number;
  readonly activeAtMs: number;
  readonly firedAtMs: number;
  resolvedAtMs: number | undefined;
}

/** What an engine says about its alerts after each evaluation, as one entry from firing to resolved. */
class Story {
  readonly #all: Told[] = [];
  readonly #firing = new Map<string, Told>();

  note(engineNumber: number, engine: RuleEngine, nowMs: number): void {
    const now = new Set<string>();
    for (const [ruleNumber, status] of engine
      .groups()
      .flatMap((group) => group.rules)
      .entries()) {
      if (status.type !== 'alerting') continue;
      for (const { labels, annotations, value, activeAtMs, state } of status.alerts) {
        if (state !== 'firing') continue;
        const text = Labels.of(labels).toString();
        const key = `${engineNumber} ${ruleNumber} ${text}`;
        now.add(key);
        if (this.#firing.has(key)) continue;
        const told = {
          labels: text,
          annotations: Labels.of(annotations).toString(),
          value,
          activeAtMs,
          firedAtMs: nowMs,
          resolvedAtMs: undefined,
        };
        this.#all.push(told);
        this.#firing.set(key, told);
      }
    }
    for (const [key, told] of this.#firing) {
      if (!key.startsWith(`${engineNumber} `) || now.has(key)) continue;
      told.resolvedAtMs = nowMs;
      this.#firing.delete(key);
    }
  }

  alerts(): string[] {
    return this.#all.map((told) =>
      describeAlert(told.labels, told.annotations, told.value, told.activeAtMs, told.firedAtMs, told.resolvedAtMs),
    );
  }
}

function describeAlert(
  labels: string,
  annotations: string,
  value: number,
  activeAtMs: number,
  firedAtMs: number,
  resolvedAtMs: number | undefined,
): string {
  const times = [activeAtMs, firedAtMs, resolvedAtMs].map((at) => (at === undefined ? '-' : (at - START_MS) / 1000));
  return `${labels} ${annotations} ${value} ${times.join(' ')}`;
}

/** Every sample that rules wrote, staleness markers included. */
function written(queryable: Queryable): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const { labels, timestampsMs, values } of queryable.select([], START_MS - 60_000, END_MS)) {
    if (inputNames.includes(labels.metricName)) continue;
    found[labels.toString()] = Array.from(
      timestampsMs,
      (at, i) => `${(at - START_MS) / 1000}: ${isStaleAt(values, i) ? 'stale' : values[i]}`,
    );
  }
  return found;
}
