import type { CounterResetHint, Histogram } from '@tillwatch/model';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { histogramFacts } from '../src/evaluate/histogram-facts.ts';
import { HistogramSums } from '../src/evaluate/histogram-sums.ts';
import type { MixedInput } from '../src/evaluate/mixed-kernels.ts';
import { ResetLosses } from '../src/evaluate/reset-losses.ts';
import { meanOfHistograms, sumOfHistograms } from '../src/histogram/accumulate.ts';
import { add, type Combined } from '../src/histogram/arithmetic.ts';
import { SlidingHistogramSum } from '../src/histogram/sliding-sum.ts';

/** Whole numbers, so that sums are exact in whatever order; sometimes what no sum is exact with. */
const whole = fc.integer({ min: 0, max: 50 });
const odd = fc.constantFrom(
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  1e308,
  -1e308,
  1e100,
  -1e100,
  -7,
);
const number = fc.oneof({ weight: 60, arbitrary: whole }, { weight: 1, arbitrary: odd });
const hint = fc.constantFrom<CounterResetHint>('unknown', 'reset', 'not_reset', 'gauge');
const buckets = fc.uniqueArray(fc.integer({ min: -6, max: 9 }), { maxLength: 5 }).chain((indices) =>
  fc.array(number, { minLength: indices.length, maxLength: indices.length }).map((counts) => ({
    indices: indices.sort((a, b) => a - b),
    counts,
  })),
);
const numbers = { counterResetHint: hint, count: number, sum: number, zeroCount: number };
/** One layout mostly, but others too: zero buckets that end inside populated ones among them. */
const exponential = fc.record<Histogram>({
  ...numbers,
  schema: fc.oneof({ weight: 6, arbitrary: fc.constant(1) }, fc.integer({ min: -1, max: 3 })),
  zeroThreshold: fc.oneof({ weight: 6, arbitrary: fc.constant(0.001) }, fc.constantFrom(0, 0.3, 1.1, 3)),
  positive: buckets,
  negative: fc.oneof({ weight: 3, arbitrary: fc.constant({ indices: [], counts: [] }) }, buckets),
  customBounds: fc.constant([]),
});
const custom = fc
  .tuple(fc.record(numbers), fc.constantFrom([1, 2, 3], [1, 2, 3], [1, 3], [2, 4]), fc.array(number, { maxLength: 3 }))
  .map(([rest, customBounds, counts]): Histogram => {
    const positive = { indices: counts.map((_, i) => i), counts };
    const negative = { indices: [], counts: [] };
    return { ...rest, schema: -53, zeroThreshold: 0, zeroCount: 0, customBounds, positive, negative };
  });
const series = fc.oneof(
  { weight: 3, arbitrary: fc.array(exponential, { minLength: 1, maxLength: 30 }) },
  fc.array(custom, { minLength: 1, maxLength: 30 }),
  fc.array(fc.oneof({ weight: 9, arbitrary: exponential }, custom), { minLength: 1, maxLength: 30 }),
);

/** Windows as a range query has them: both ends only rise, some are left out. */
const steps = fc.array(fc.record({ width: fc.nat(12), step: fc.nat(4), isAsked: fc.boolean() }), { maxLength: 40 });

function windowsOf(length: number, moves: readonly { width: number; step: number; isAsked: boolean }[]) {
  const windows: [from: number, to: number][] = [];
  let from = 0;
  let to = 0;
  for (const { width, step, isAsked } of moves) {
    from = Math.min(from + step, length - 1);
    to = Math.max(to, Math.min(from + 1 + width, length));
    if (isAsked) windows.push([from, to]);
  }
  return windows;
}

describe('sums of windows that slide', () => {
  test('are those of the windows one by one', () => {
    fc.assert(
      fc.property(series, steps, (histograms, moves) => {
        const windows = windowsOf(histograms.length, moves);
        const starts = new Set(windows.map(([from]) => from));
        const sums = new HistogramSums(histograms, (index) => starts.has(index));
        for (const [from, to] of windows) {
          expect(sums.sum(from, to)).toEqual(sumOfHistograms(histograms.slice(from, to)));
        }
      }),
      { numRuns: 400 },
    );
  });

  test('means are too', () => {
    fc.assert(
      fc.property(series, steps, (histograms, moves) => {
        const means = new HistogramSums(histograms);
        for (const [from, to] of windowsOf(histograms.length, moves)) {
          expect(means.mean(from, to)).toEqual(meanOfHistograms(histograms.slice(from, to)));
        }
      }),
      { numRuns: 400 },
    );
  });

  test('windows may go back, at the cost of a new start', () => {
    const histograms = fc.sample(exponential, { numRuns: 9, seed: 1 }).map((one) => ({ ...one, zeroThreshold: 0.001 }));
    const sums = new HistogramSums(histograms);
    for (const [from, to] of [
      [2, 6],
      [3, 9],
      [0, 4],
      [0, 9],
      [5, 7],
    ] as const) {
      expect(sums.sum(from, to)).toEqual(sumOfHistograms(histograms.slice(from, to)));
    }
  });

  test('each histogram is taken twice at most', () => {
    let taken = 0;
    const list = fc
      .sample(exponential, { numRuns: 200, seed: 2 })
      .map((one) => ({ ...one, schema: 1, zeroThreshold: 0 }));
    const watched = new Proxy(list, {
      get: (target, key) => {
        if (typeof key === 'string' && /^\d+$/.test(key)) taken++;
        return Reflect.get(target, key);
      },
    });
    const sums = new SlidingHistogramSum(watched);
    for (let from = 0; from + 50 <= list.length; from++) sums.between(from, from + 50);
    expect(taken).toBeLessThanOrEqual(2 * list.length + list.length / 50);
  });
});

test('what counter resets lost is the same as added one by one', () => {
  fc.assert(
    fc.property(series, steps, (histograms, moves) => {
      // Numbers may be anything here but what makes the order of adding matter by itself.
      const samples = histograms.map((one) => ({ ...one, schema: Math.max(one.schema, -53) }));
      const timestampsMs = Float64Array.from(samples, (_, i) => i);
      const values = new Float64Array(samples.length);
      const facts = histogramFacts({ histograms: samples, timestampsMs, values } as unknown as MixedInput);
      const losses = new ResetLosses(samples, facts);
      for (const [first, end] of windowsOf(samples.length, moves)) {
        const last = end - 1;
        const window = samples.slice(first, end);
        if (new Set(window.map(({ schema }) => schema === -53)).size > 1) continue;
        if (JSON.stringify(window).includes('1e+') || JSON.stringify(window).includes('null')) continue;
        let expected: Combined = { histogram: samples[last]!, hasHintConflict: false, areBoundsReconciled: false };
        for (let i = first + 1; i <= last; i++) {
          if (facts.nextReset[i] !== i) continue;
          const next = add(expected.histogram, samples[i - 1]!)!;
          expected = { ...next, areBoundsReconciled: expected.areBoundsReconciled || next.areBoundsReconciled };
        }
        const { histogram, areBoundsReconciled } = losses.addTo(samples[last]!, first, first + 1, last);
        expect(histogram).toEqual({ ...expected.histogram, counterResetHint: histogram.counterResetHint });
        expect(areBoundsReconciled).toBe(expected.areBoundsReconciled);
      }
    }),
    { numRuns: 400 },
  );
});
