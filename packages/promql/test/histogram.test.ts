import type { Histogram } from '@tillwatch/model';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { meanOfHistograms, sumOfHistograms } from '../src/histogram/accumulate.ts';
import { add, divide, scale, subtract } from '../src/histogram/arithmetic.ts';
import { bucketsOf, upperBound } from '../src/histogram/bounds.ts';
import { isEqualHistogram, isHistogramReset } from '../src/histogram/compare.ts';
import { fromClassic } from '../src/histogram/from-classic.ts';
import { align, compact, withSchema, withZeroThreshold } from '../src/histogram/layout.ts';
import { readHistogram } from '../src/histogram/notation.ts';
import { ResetHints } from '../src/histogram/reset-hints.ts';
import { fractionOfHistogram, quantileOfHistogram } from '../src/histogram/statistics.ts';
import { formatHistogram } from '../src/histogram/text.ts';
import { trimLower, trimUpper } from '../src/histogram/trim.ts';

const read = (text: string): Histogram => readHistogram(`{{${text}}}`).histogram;

/** Consistent histograms: whole counts that add up, so that sums are exact. */
const counts = fc.array(fc.nat(20), { maxLength: 6 });

const exponential = fc
  .record({
    schema: fc.integer({ min: -4, max: 8 }),
    zero: fc.nat(5),
    threshold: fc.constantFrom(0.001, 0.01, 0.5, 1, 3),
    offset: fc.integer({ min: 12, max: 30 }),
    positive: counts,
    negative: counts,
    sum: fc.integer({ min: -1000, max: 1000 }),
  })
  .map(({ schema, zero, threshold, offset, positive, negative, sum }) => {
    // Buckets lie above the zero bucket.
    const first = Math.ceil(Math.log2(threshold) * 2 ** schema) + offset;
    const count = [zero, ...positive, ...negative].reduce((total, one) => total + one, 0);
    return read(
      `schema:${schema} count:${count} sum:${sum} z_bucket:${zero} z_bucket_w:${threshold} offset:${first} ` +
        `buckets:[${positive.join(' ')}] n_offset:${first} n_buckets:[${negative.join(' ')}]`,
    );
  });

const custom = fc
  .record({
    bounds: fc.uniqueArray(fc.integer({ min: -10, max: 40 }), { minLength: 1, maxLength: 6 }),
    counts: fc.array(fc.nat(20), { minLength: 7, maxLength: 7 }),
    sum: fc.integer({ min: -1000, max: 1000 }),
  })
  .map(({ bounds, counts: all, sum }) => {
    const used = all.slice(0, bounds.length + 1);
    const count = used.reduce((total, one) => total + one, 0);
    const sorted = bounds.sort((a, b) => a - b).join(' ');
    return read(`schema:-53 count:${count} sum:${sum} custom_values:[${sorted}] buckets:[${used.join(' ')}]`);
  });

const pairs = fc.oneof(fc.tuple(exponential, exponential), fc.tuple(custom, custom));
const any = fc.oneof(exponential, custom);

const observed = (histogram: Histogram): number => bucketsOf(histogram).reduce((total, { count }) => total + count, 0);
const unhinted = (histogram: Histogram): Histogram => ({ ...compact(histogram), counterResetHint: 'unknown' });

describe('laws', () => {
  test('a sum does not depend on the order, and counts everything once', () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const sum = add(a, b)!.histogram;
        expect(isEqualHistogram(sum, add(b, a)!.histogram)).toBe(true);
        expect(observed(sum)).toBe(observed(a) + observed(b));
        expect(sum.count).toBe(observed(sum));
      }),
    );
  });

  test('what was added can be subtracted again, in the coarser buckets of both', () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const back = subtract(add(a, b)!.histogram, b)!.histogram;
        expect(back.counterResetHint).toBe('gauge');
        expect(unhinted(back)).toEqual(unhinted(align(align(a, b)!.a, add(a, b)!.histogram)!.a));
      }),
    );
  });

  test('many at once are the same as one after another', () => {
    fc.assert(
      fc.property(fc.oneof(fc.array(exponential, { minLength: 1 }), fc.array(custom, { minLength: 1 })), (all) => {
        const [first, ...rest] = all as [Histogram, ...Histogram[]];
        const folded = rest.reduce((sum, one) => add(sum, one)!.histogram, first);
        const total = sumOfHistograms(all)!.histogram;
        expect(isEqualHistogram(compact(folded), total)).toBe(true);
        expect(meanOfHistograms(all)!.histogram.count).toBeCloseTo(total.count / all.length, 9);
      }),
    );
  });

  test('coarser buckets and wider zero buckets lose no observation', () => {
    fc.assert(
      fc.property(exponential, fc.nat(8), fc.double({ min: 0, max: 100, noNaN: true }), (histogram, less, wider) => {
        const schema = Math.max(-4, histogram.schema - less);
        expect(observed(withSchema(histogram, schema))).toBe(observed(histogram));
        const widened = withZeroThreshold(histogram, Math.max(histogram.zeroThreshold, wider));
        expect(observed(widened)).toBe(observed(histogram));
        expect(widened.zeroThreshold).toBeGreaterThanOrEqual(wider < histogram.zeroThreshold ? 0 : wider);
        for (const { lower, upper } of bucketsOf(widened)) {
          const isZero = lower === -widened.zeroThreshold;
          expect(isZero || lower >= widened.zeroThreshold || upper <= -widened.zeroThreshold).toBe(true);
        }
      }),
    );
  });

  test('a counter that only gains was not reset; one that loses an observation was', () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const later = add(a, b)!.histogram;
        expect(isHistogramReset(later, a)).toBe(false);
        if (b.count > 0) expect(isHistogramReset(a, later)).toBe(true);
      }),
    );
  });

  test('quantiles rise, and the share below a quantile is that quantile', () => {
    const shares = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(any, shares, (histogram, percents) => {
        fc.pre(histogram.count > 0);
        const sorted = percents.sort((a, b) => a - b).map((percent) => percent / 100);
        const values = sorted.map((q) => quantileOfHistogram(q, histogram).value);
        for (let i = 1; i < values.length; i++) expect(values[i]! - values[i - 1]!).toBeGreaterThanOrEqual(-1e-9);
        const share = fractionOfHistogram(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, histogram);
        expect(share).toBeCloseTo(1, 12);
      }),
    );
  });

  test('what is trimmed above and what is trimmed below are all observations', () => {
    fc.assert(
      fc.property(exponential, fc.double({ min: -50, max: 50, noNaN: true }), (histogram, limit) => {
        const [below, above] = [trimUpper(histogram, limit), trimLower(histogram, limit)];
        expect(below.count + above.count).toBeCloseTo(histogram.count, 6);
        const share = fractionOfHistogram(Number.NEGATIVE_INFINITY, limit, histogram) * histogram.count;
        if (histogram.count > 0) expect(below.count).toBeCloseTo(share, 6);
      }),
    );
  });

  test('scaling and dividing undo each other, and turn into gauges below zero', () => {
    fc.assert(
      fc.property(any, fc.constantFrom(2, 4, 0.5, -2), (histogram, factor) => {
        const scaled = scale(histogram, factor);
        expect(scaled.counterResetHint).toBe(factor < 0 ? 'gauge' : 'unknown');
        expect(isEqualHistogram(divide(scaled, factor), compact(histogram))).toBe(true);
      }),
    );
  });
});

describe('bounds', () => {
  test.for([
    [0, 0, 1],
    [0, 1, 2],
    [0, -1, 0.5],
    [1, 1, Math.SQRT2],
    [3, 8, 2],
    [-2, 1, 16],
    [-4, -1, 2 ** -16],
    [8, 256, 2],
    [0, 1024, Number.MAX_VALUE],
    [-4, 64, Number.MAX_VALUE],
    [0, 1025, Number.POSITIVE_INFINITY],
  ] as const)('schema %d, bucket %d ends at %d', ([schema, index, bound]) => {
    expect(upperBound({ schema, customBounds: [] }, index)).toBe(bound);
  });
});

describe('sums', () => {
  test('small numbers survive large ones', () => {
    const all = ['count:1 sum:1', 'count:2 sum:1e100', 'count:3 sum:1', 'count:4 sum:-1e100'].map(read);
    expect(sumOfHistograms(all)?.histogram.sum).toBe(2);
    expect(meanOfHistograms(all)?.histogram.sum).toBe(0.5);
  });

  test('a mean does not overflow where the sum does', () => {
    const all = ['count:1.7e308 sum:1', 'count:1.7e308 sum:3'].map(read);
    expect(sumOfHistograms(all)?.histogram.count).toBe(Number.POSITIVE_INFINITY);
    expect(meanOfHistograms(all)?.histogram).toMatchObject({ count: 1.7e308, sum: 2 });
  });

  test('exponential and custom buckets do not go together', () => {
    const [exp, nhcb] = [read('count:1 buckets:[1]'), read('schema:-53 count:1 custom_values:[5] buckets:[1]')];
    expect(sumOfHistograms([exp, nhcb])).toBeUndefined();
    expect(add(exp, nhcb)).toBeUndefined();
  });

  test('contradicting hints are seen across a gauge', () => {
    const hints = ['gauge', 'not_reset', 'reset'].map((hint) => read(`count:1 counter_reset_hint:${hint}`));
    expect(sumOfHistograms(hints)).toMatchObject({ hasHintConflict: true, histogram: { counterResetHint: 'gauge' } });
  });

  test('divided by 0 there are no buckets left', () => {
    const { count, sum, positive } = divide(read('count:3 sum:0 buckets:[1 2]'), 0);
    expect([count, sum, positive.indices.length]).toEqual([Number.POSITIVE_INFINITY, Number.NaN, 0]);
  });
});

describe('notation and text', () => {
  test.for([
    ['count:4 sum:5 buckets:[1 2 1]', '{count:4, sum:5, (0.5,1]:1, (1,2]:2, (2,4]:1}'],
    [
      'count:20 sum:10 z_bucket_w:0.001 z_bucket:2 buckets:[1 2] n_buckets:[1 2]',
      '{count:20, sum:10, [-2,-1):2, [-1,-0.5):1, [-0.001,0.001]:2, (0.5,1]:1, (1,2]:2}',
    ],
    ['schema:-53 count:3 sum:9 custom_values:[5 10] buckets:[1 0 2]', '{count:3, sum:9, [-Inf,5]:1, (10,+Inf]:2}'],
    ['count:1500000 sum:-Inf', '{count:1.5e+06, sum:-Inf}'],
  ] as const)('%s', ([notation, text]) => expect(formatHistogram(read(notation))).toBe(text));

  test.for([
    ['', false, 'unknown'],
    ['counter_reset_hint:unknown', true, 'unknown'],
    ['counter_reset_hint:gauge sum:1', true, 'gauge'],
  ] as const)('the hint of {{%s}}', ([text, isHintWritten, counterResetHint]) => {
    expect(readHistogram(`{{${text}}}`)).toMatchObject({ isHintWritten, histogram: { counterResetHint } });
  });

  test.for([
    ['{schema:0}', 'a histogram is written {{…}}, not {schema:0}'],
    ['{{schema:9}}', 'a schema is between -4 and 8, or -53 for custom buckets, not 9'],
    ['{{sum:five}}', 'not a number: five'],
    ['{{buckets:3}}', 'a histogram has no buckets:3'],
    ['{{count:[1 2]}}', 'a histogram has no count:[1 2]'],
    ['{{counter_reset_hint:maybe}}', 'a histogram has no counter_reset_hint:maybe'],
    ['{{sum}}', 'not a key and a value: sum'],
  ] as const)('%s is refused', ([text, message]) => expect(() => readHistogram(text)).toThrow(message));
});

describe('classic histograms', () => {
  const bucket = (upperBound: number, count: number) => ({ upperBound, count });
  const INF = Number.POSITIVE_INFINITY;
  test.for([
    [
      'in any order',
      [bucket(INF, 6), bucket(1, 2), bucket(2, 5)],
      6,
      9,
      'count:6 sum:9 custom_values:[1 2] buckets:[2 3 1]',
    ],
    ['without +Inf', [bucket(1, 2), bucket(2, 5)], 7, 9, 'count:7 sum:9 custom_values:[1 2] buckets:[2 3 2]'],
    ['without a count', [bucket(1, 2), bucket(INF, 5)], undefined, 9, 'count:5 sum:9 custom_values:[1] buckets:[2 3]'],
  ] as const)('%s', ([, buckets, count, sum, expected]) => {
    expect(fromClassic({ buckets, count, sum })).toEqual(read(`schema:-53 ${expected}`));
  });

  test('that fall are none', () => {
    expect(fromClassic({ buckets: [bucket(1, 5), bucket(INF, 2)], count: 2, sum: 0 })).toBeUndefined();
  });
});

test('hints are those of a store: the first of a chunk says nothing, the next ones that nothing was reset', () => {
  const hints = new ResetHints();
  const next = (text: string) => hints.next(read(text)).counterResetHint;
  expect(next('count:1 buckets:[1]')).toBe('unknown');
  expect(next('count:2 buckets:[1 1]')).toBe('not_reset');
  expect(next('count:3 buckets:[0 3]')).toBe('unknown');
  expect(next('count:4 buckets:[0 4] counter_reset_hint:reset')).toBe('unknown');
  expect(next('count:4 buckets:[0 4] counter_reset_hint:gauge')).toBe('gauge');
  expect(next('count:5 buckets:[0 5]')).toBe('unknown');
  expect(next('schema:1 count:6 buckets:[0 6]')).toBe('unknown');
  hints.interrupt();
  expect(next('schema:1 count:7 buckets:[0 7]')).toBe('unknown');
});
