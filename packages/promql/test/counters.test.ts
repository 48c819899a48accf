import { type CounterSeries, Labels, type Matcher, type Queryable, type Series } from '@tillwatch/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { evaluateInstant, evaluateRange } from '../src/evaluate/evaluate.ts';
import { EvaluationPlans } from '../src/evaluate/plans.ts';
import { parse } from '../src/parse/parse.ts';
import { MemoryQueryable, type TestValue } from '../src/testing.ts';

/** A store that tells counters: each select yields one object over and over, as the real one does. */
class CounterStore implements Queryable {
  readonly data: MemoryQueryable;
  /** How many series were told as counters. */
  told = 0;

  constructor(data: MemoryQueryable) {
    this.data = data;
  }

  *selectCounters(matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<CounterSeries | Series> {
    const shared = new SharedCounter();
    for (const series of this.data.select(matchers, fromMs, toMs)) {
      const isCounter = series.histograms === undefined && series.values.every(Number.isFinite);
      shared.series = series;
      if (isCounter) this.told++;
      yield isCounter ? shared : series;
    }
  }

  select(matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<Series> {
    return this.data.select(matchers, fromMs, toMs);
  }

  selectLabels(matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<Labels> {
    return this.data.selectLabels(matchers, fromMs, toMs);
  }

  labelNames(fromMs: number, toMs: number): string[] {
    return this.data.labelNames(fromMs, toMs);
  }

  labelValues(name: string, fromMs: number, toMs: number): string[] {
    return this.data.labelValues(name, fromMs, toMs);
  }
}

class SharedCounter implements CounterSeries {
  series!: Series;

  get labels(): Labels {
    return this.series.labels;
  }

  get timestampsMs(): Float64Array {
    return this.series.timestampsMs;
  }

  changes(lo: Int32Array, hi: Int32Array, first: Float64Array, change: Float64Array): void {
    const { values } = this.series;
    for (let k = 0; k < lo.length; k++) {
      const [from, to] = [lo[k]!, hi[k]! - 1];
      if (to <= from) continue;
      let lost = 0;
      for (let i = from + 1; i <= to; i++) if (values[i]! < values[i - 1]!) lost += values[i - 1]!;
      first[k] = values[from]!;
      change[k] = values[to]! - values[from]! + lost;
    }
  }
}

const NAMES = ['orders_total', 'visits_total', 'latency'];
const KEYS = NAMES.flatMap((name) =>
  ['a', 'b', 'c'].flatMap((job) => ['1', '2'].map((i) => Labels.of({ __name__: name, job, i }))),
);
/** Series from which some come, go, fall, end or are no numbers for a while. */
const history = fc.array(
  fc.array(
    fc.oneof(
      { weight: 30, arbitrary: fc.nat(9) },
      { weight: 2, arbitrary: fc.constantFrom<TestValue>(undefined, 'stale', 0, Number.NaN, 1000) },
    ),
    { minLength: 20, maxLength: 40 },
  ),
  { minLength: 1, maxLength: KEYS.length },
);

const aggregation = fc
  .tuple(
    fc.constantFrom('sum', 'count', 'group', 'min', 'max', 'avg'),
    fc.constantFrom('', 'by (job)', 'by (i, job)', 'without (i)', 'by (__name__)', 'without (job, i)'),
    fc.constantFrom('rate', 'increase'),
    fc.constantFrom('orders_total', '{__name__=~"orders_total|visits_total", job="a"}', 'latency{job!="b"}', '{i="1"}'),
    fc.constantFrom('[1m]', '[3m]', '[10m] offset 1m'),
  )
  .map(([op, by, func, selector, range]) => {
    const [window, ...shift] = range.split(' ');
    return `${op} ${by} (${func}(${selector}${window} ${shift.join(' ')}))`;
  });

function store(histories: readonly (readonly TestValue[])[]): MemoryQueryable {
  const data = new MemoryQueryable();
  for (const [k, steps] of histories.entries()) {
    let value = 0;
    const values = steps.map((step) => {
      if (typeof step !== 'number' || step === 0 || !(step < 10)) value = step === 1000 ? 1000 : 0;
      else value += step;
      return typeof step === 'number' && step === step ? value : step;
    });
    data.add(KEYS[(k * 7) % KEYS.length]!, 15_000 * (k % 3), 15_000, values);
  }
  return data;
}

function exprOf(text: string) {
  const parsed = parse(text);
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
  return parsed.expr;
}

/** What an evaluation comes to, in words; errors too. */
function said(evaluate: () => unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(evaluate()));
  } catch (error) {
    return String(error);
  }
}

test('sums of rates are the same whether the store tells counters or not, also when they are evaluated again and again', () => {
  let told = 0;
  fc.assert(
    fc.property(history, aggregation, (histories, text) => {
      const data = store(histories);
      const counters = new CounterStore(data);
      const expr = exprOf(text);
      const plans = new EvaluationPlans();
      for (let timeMs = 60_000; timeMs < 900_000; timeMs += 30_000) {
        const wanted = said(() => evaluateInstant(expr, timeMs, { queryable: data }));
        expect(said(() => evaluateInstant(expr, timeMs, { queryable: counters, plans }))).toEqual(wanted);
      }
      const range = { startMs: 0, endMs: 900_000, stepMs: 45_000 };
      const wanted = said(() => evaluateRange(expr, range, { queryable: data }));
      expect(said(() => evaluateRange(expr, range, { queryable: counters, plans }))).toEqual(wanted);
      told += counters.told;
    }),
    { numRuns: 200 },
  );
  expect(told).toBeGreaterThan(1_000);
});

test('series that only their names tell apart are refused, and counted apart where they never meet', () => {
  const data = new MemoryQueryable();
  const counting = Array.from({ length: 20 }, (_, i) => i);
  data.add(Labels.of({ __name__: 'a_total' }), 0, 15_000, counting);
  data.add(Labels.of({ __name__: 'b_total' }), 600_000, 15_000, counting);
  const expr = exprOf('sum(rate({__name__=~".+"}[1m]))');
  const queryable = new CounterStore(data);
  const range = (endMs: number) =>
    said(() => evaluateRange(expr, { startMs: 60_000, endMs, stepMs: 60_000 }, { queryable }));
  expect(range(900_000)).toMatchObject({ series: [{ labels: {} }] });
  data.add(Labels.of({ __name__: 'c_total' }), 600_000, 15_000, counting);
  expect(range(900_000)).toContain('vector cannot contain metrics with the same labelset');
});
