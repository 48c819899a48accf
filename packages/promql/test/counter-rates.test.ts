import { type CounterSeries, isStaleAt, Labels, type Queryable, type Series } from '@tillwatch/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { evaluateInstant, evaluateRange, prepareInstant } from '../src/index.ts';
import { parse } from '../src/parse/index.ts';
import { MemoryQueryable } from '../src/testing.ts';

const STEP_MS = 15_000;

/** A store that tells counters where it can, by going through their samples. */
function tellingCounters(storage: MemoryQueryable): Queryable {
  return {
    select: (matchers, fromMs, toMs) => storage.select(matchers, fromMs, toMs),
    selectLabels: (...asked) => storage.selectLabels(...asked),
    labelNames: (...asked) => storage.labelNames(...asked),
    labelValues: (...asked) => storage.labelValues(...asked),
    *selectCounters(matchers, fromMs, toMs) {
      for (const series of storage.select(matchers, fromMs, toMs)) yield isCounter(series) ? counterOf(series) : series;
    },
  };
}

function isCounter({ values }: Series): boolean {
  return values.every((value, i) => Number.isFinite(value) && !isStaleAt(values, i));
}

function counterOf({ labels, timestampsMs, values }: Series): CounterSeries {
  return {
    labels,
    timestampsMs,
    changes(lo, hi, first, change) {
      for (let k = 0; k < lo.length; k++) {
        const [from, to] = [lo[k]!, hi[k]! - 1];
        if (to <= from) continue;
        first[k] = values[from]!;
        change[k] = values[to]! - values[from]!;
        for (let i = from + 1; i <= to; i++) if (values[i]! < values[i - 1]!) change[k]! += values[i - 1]!;
      }
    },
  };
}

const sample = fc.oneof(
  { weight: 20, arbitrary: fc.integer({ min: 0, max: 50 }) },
  { weight: 1, arbitrary: fc.constantFrom(undefined, -3, 0.25) },
);
const odd = fc.constantFrom(undefined, undefined, undefined, Number.NaN, Number.POSITIVE_INFINITY, 'stale' as const);
const history = fc.record({
  rises: fc.array(sample, { minLength: 2, maxLength: 60 }),
  odd,
  resetAt: fc.nat(80),
  firstMs: fc.constantFrom(0, 0, 4_000),
});

const EXPRESSIONS = [
  'rate(x_total[1m])',
  'increase(x_total[17s])',
  'sum by (job) (rate(x_total[5m]))',
  'sum(rate(x_total{job="a"}[2m] offset 1m)) / sum(rate(x_total[2m]))',
  'rate(x_total[3m] @ 300)',
  'avg_over_time(rate(x_total[1m])[4m:20s]) + rate(x_total[1m])',
  'rate((x_total[1m]))',
  'rate(nothing[5m])',
  'rate({job=~".+"}[1m])',
];

test('rates are the same whether a store tells counters or gives samples', () => {
  fc.assert(
    fc.property(
      fc.array(history, { minLength: 1, maxLength: 4 }),
      fc.constantFrom(...EXPRESSIONS),
      fc.integer({ min: 1, max: 90 }),
      (histories, text, stepSeconds) => {
        const storage = new MemoryQueryable();
        for (const [i, { rises, odd: special, resetAt, firstMs }] of histories.entries()) {
          let value = 0;
          const times: number[] = [];
          const values: (number | 'stale')[] = [];
          for (const [k, rise] of rises.entries()) {
            if (rise === undefined) continue;
            value = k === resetAt ? 0 : value + rise;
            times.push(firstMs + k * STEP_MS);
            values.push(k === 9 && special !== undefined ? special : value);
          }
          const job = i % 2 === 0 ? 'a' : 'b';
          storage.addSamples(Labels.of({ __name__: i < 3 ? 'x_total' : 'gauge', job, i: String(i) }), times, values);
        }
        const parsed = parse(text);
        if (!parsed.ok) throw new Error('the expression is wrong');
        const range = { startMs: 0, endMs: 900_000, stepMs: stepSeconds * 1_000 };
        const plain = evaluateRange(parsed.expr, range, { queryable: storage });
        const told = evaluateRange(parsed.expr, range, { queryable: tellingCounters(storage) });
        expect(rounded(told)).toEqual(rounded(plain));
        const at = 300_000;
        expect(rounded(evaluateInstant(parsed.expr, at, { queryable: tellingCounters(storage) }))).toEqual(
          rounded(evaluateInstant(parsed.expr, at, { queryable: storage })),
        );
        const context = { queryable: tellingCounters(storage) };
        const prepared = finished(prepareInstant(parsed.expr, at, context));
        expect(evaluateInstant(parsed.expr, at, { ...context, prepared })).toEqual(
          evaluateInstant(parsed.expr, at, context),
        );
      },
    ),
    { numRuns: 300 },
  );
});

/** What a generator returns in the end. */
function finished<T>(slices: Generator<void, T>): T {
  for (;;) {
    const next = slices.next();
    if (next.done === true) return next.value;
  }
}

test('an evaluation is prepared in slices, and stays what it was when later samples come in between', () => {
  const storage = new MemoryQueryable();
  const names = Array.from({ length: 10_000 }, (_, i) => Labels.of({ __name__: 'x_total', job: 'a', i: String(i) }));
  for (const labels of names) storage.addSamples(labels, [0, 15_000, 30_000, 45_000, 60_000], [0, 15, 30, 45, 60]);
  const parsed = parse('1 - sum by (job) (rate(x_total[1m]))');
  if (!parsed.ok) throw new Error('the expression is wrong');
  const context = { queryable: tellingCounters(storage) };
  const before = evaluateInstant(parsed.expr, 60_000, context);
  const slices = prepareInstant(parsed.expr, 60_000, context);
  let pauses = 0;
  let next = slices.next();
  for (; next.done !== true; next = slices.next()) {
    pauses++;
    for (const labels of names) storage.addSamples(labels, [60_000 + pauses * 15_000], [1e6]);
  }
  expect(pauses).toBe(2);
  expect(evaluateInstant(parsed.expr, 60_000, { ...context, prepared: next.value })).toEqual(before);
  // It is of no use at another time.
  const later = evaluateInstant(parsed.expr, 90_000, { ...context, prepared: next.value });
  expect(later).toEqual(evaluateInstant(parsed.expr, 90_000, context));
});

/** What was found, with numbers to twelve places: sums are added up in another order. */
function rounded(result: unknown): unknown {
  return JSON.parse(
    JSON.stringify(result, (_, value: unknown) => {
      if (value instanceof Float64Array) return Array.from(value, (number) => String(Number(number.toPrecision(12))));
      return typeof value === 'number' ? String(Number(value.toPrecision(12))) : value;
    }),
  );
}
