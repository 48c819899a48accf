import { describe, expect, test } from 'vitest';
import { extrapolate, type LoadPoint } from '../../src/promotion/extrapolate.ts';

/** A hundred points along `used = base + slope * load`, with a spread that repeats. */
function points(base: number, slope: number, noise: number, loads: (i: number) => number): LoadPoint[] {
  return Array.from({ length: 100 }, (_, i) => {
    const load = loads(i);
    return { load, used: base + slope * load + noise * ((i % 5) - 2) };
  });
}

const rising = (i: number) => 10 + (i % 20);

describe('what is expected under more load', () => {
  test('lies on the line through what was seen', () => {
    const { mid, low, high } = extrapolate(points(0.05, 0.01, 0, rising), 60)!;
    expect(mid).toBeCloseTo(0.65, 6);
    expect(high - low).toBeLessThan(1e-6);
  });

  test('is less certain the further away it is, and the more the points spread', () => {
    const width = (noise: number, at: number) => {
      const { low, high } = extrapolate(points(0.5, 0.01, noise, rising), at)!;
      return high - low;
    };
    expect(width(0.02, 200)).toBeGreaterThan(width(0.02, 60));
    expect(width(0.04, 60)).toBeCloseTo(2 * width(0.02, 60), 6);
  });

  test('does not fall', () => {
    expect(extrapolate(points(0.9, -0.01, 0.001, rising), 200)!.mid).toBeGreaterThan(0.6);
  });

  test('is never below nothing', () => {
    expect(extrapolate(points(0, 0, 0.01, rising), 60)!.low).toBe(0);
  });
});

test.for([
  ['there are few points', points(0, 0.01, 0, rising).slice(0, 20)],
  ['every load was alike', points(0, 0.01, 0, () => 10)],
  ['nothing came', points(0, 0.01, 0, () => 0)],
  ['nothing was measured', points(Number.NaN, 0.01, 0, rising)],
] as const)('nothing is known when %s', ([, seen]) => {
  expect(extrapolate(seen, 100)).toBeUndefined();
});
