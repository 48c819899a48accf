import { Labels } from '@tillwatch/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { evaluateRange } from '../src/evaluate/evaluate.ts';
import { parse } from '../src/parse/parse.ts';
import { MemoryQueryable, type TestValue } from '../src/testing.ts';

/**
 * Every sliding function must give what looking at each window anew gives. The references below are written as plainly as
 * possible; they share nothing with the engine.
 */
type Sample = readonly [t: number, v: number];
type Reference = (window: readonly Sample[], endMs: number, rangeMs: number) => number | undefined;

const valuesOf = (window: readonly Sample[]) => window.map(([, v]) => v);
const total = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const numbers = (window: readonly Sample[]) => valuesOf(window).filter((v) => !Number.isNaN(v));

function variance(window: readonly Sample[]): number {
  const values = valuesOf(window);
  const mean = total(values) / values.length;
  return total(values.map((v) => (v - mean) ** 2)) / values.length;
}

function slope(window: readonly Sample[]): number | undefined {
  if (window.length < 2) return undefined;
  const origin = window[0]![0];
  const xs = window.map(([t]) => (t - origin) / 1000);
  const ys = valuesOf(window);
  const mx = total(xs) / xs.length;
  const my = total(ys) / ys.length;
  return total(xs.map((x, i) => (x - mx) * (ys[i]! - my))) / total(xs.map((x) => (x - mx) ** 2));
}

function change(window: readonly Sample[], endMs: number, rangeMs: number, isCounter: boolean): number | undefined {
  if (window.length < 2) return undefined;
  const [first, last] = [window[0]!, window.at(-1)!];
  let rise = last[1] - first[1];
  if (isCounter)
    for (let i = 1; i < window.length; i++) if (window[i]![1] < window[i - 1]![1]) rise += window[i - 1]![1];
  const sampled = (last[0] - first[0]) / 1000;
  const spacing = sampled / (window.length - 1);
  let before = (first[0] - (endMs - rangeMs)) / 1000;
  let after = (endMs - last[0]) / 1000;
  if (before >= spacing * 1.1) before = spacing / 2;
  if (after >= spacing * 1.1) after = spacing / 2;
  if (isCounter && rise > 0 && first[1] >= 0) before = Math.min(before, (sampled * first[1]) / rise);
  return (rise * (sampled + before + after)) / sampled;
}

const REFERENCES: Readonly<Record<string, Reference>> = {
  sum_over_time: (window) => total(valuesOf(window)),
  avg_over_time: (window) => total(valuesOf(window)) / window.length,
  count_over_time: (window) => window.length,
  present_over_time: () => 1,
  min_over_time: (window) => (numbers(window).length === 0 ? Number.NaN : Math.min(...numbers(window))),
  max_over_time: (window) => (numbers(window).length === 0 ? Number.NaN : Math.max(...numbers(window))),
  first_over_time: (window) => window[0]![1],
  last_over_time: (window) => window.at(-1)![1],
  stdvar_over_time: variance,
  stddev_over_time: (window) => Math.sqrt(variance(window)),
  changes: (window) => window.filter(([, v], i) => i > 0 && !Object.is(v + 0, window[i - 1]![1] + 0)).length,
  resets: (window) => window.filter(([, v], i) => i > 0 && v < window[i - 1]![1]).length,
  increase: (window, endMs, rangeMs) => change(window, endMs, rangeMs, true),
  delta: (window, endMs, rangeMs) => change(window, endMs, rangeMs, false),
  idelta: (window) => (window.length < 2 ? undefined : window.at(-1)![1] - window.at(-2)![1]),
  deriv: slope,
};

const value: fc.Arbitrary<TestValue> = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 0, max: 100 }) },
  { weight: 3, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) },
  { weight: 2, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constant('stale' as const) },
  { weight: 1, arbitrary: fc.constant(Number.NaN) },
);

const STEP_MS = 10_000;

test.for(Object.entries(REFERENCES))('%s equals a look at every window', ([name, reference]) => {
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 0, max: 30_000 }),
      (samples, rangeSteps, step, startMs) => {
        const rangeMs = rangeSteps * 5_000;
        const stepMs = step * 7_000;
        const series = samples.flatMap((v, i): Sample[] => (typeof v === 'number' ? [[i * STEP_MS, v]] : []));
        const expected = new Map<number, number>();
        for (let t = startMs; t <= 600_000; t += stepMs) {
          const window = series.filter(([at]) => at > t - rangeMs && at <= t);
          const result = window.length === 0 ? undefined : reference(window, t, rangeMs);
          if (result !== undefined) expected.set(t, result);
        }
        const got = run(`${name}(m[${rangeMs}ms])`, samples, startMs, stepMs);
        expect([...got.keys()]).toEqual([...expected.keys()]);
        for (const [t, v] of expected)
          expect(close(got.get(t)!, v), `${name} at ${t}: ${got.get(t)}, not ${v}`).toBe(true);
      },
    ),
    { numRuns: 120 },
  );
});

function run(expr: string, samples: readonly TestValue[], startMs: number, stepMs: number): Map<number, number> {
  const queryable = new MemoryQueryable();
  queryable.add(Labels.of({ __name__: 'm' }), 0, STEP_MS, samples);
  const parsed = parse(expr);
  if (!parsed.ok) throw new Error(expr);
  const { series } = evaluateRange(parsed.expr, { startMs, endMs: 600_000, stepMs }, { queryable });
  return new Map(series.flatMap((one) => Array.from(one.timestampsMs, (t, i) => [t, one.values[i]!] as const)));
}

function close(a: number, b: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b);
  return Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(a), Math.abs(b));
}

test('infinity and NaN leave a window without a trace', () => {
  const got = run('sum_over_time(m[20s])', [1, Number.POSITIVE_INFINITY, 2, Number.NaN, 3, 4, 1e300, 5, 6], 0, 10_000);
  expect([...got.values()].slice(0, 9)).toEqual([1, Infinity, Infinity, NaN, NaN, 7, 1e300, 1e300, 11]);
});

test('a counter that was infinite before its reset does not spoil later windows', () => {
  const got = run('increase(m[30s])', [1, Number.POSITIVE_INFINITY, 0, 10, 20, 30], 0, 10_000);
  expect(got.get(50_000)).toBeCloseTo(30);
});
