import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Prng } from '../src/domain/prng.ts';

describe('Prng', () => {
  test('gives the same sequence for the same seed', () => {
    const draw = (seed: number) => {
      const random = new Prng(seed);
      return Array.from({ length: 20 }, () => random.next());
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });

  test('spreads evenly over sixteen boxes for any seed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (seed) => {
        const random = new Prng(seed);
        const boxes = new Array<number>(16).fill(0);
        for (let i = 0; i < 8000; i++) boxes[random.below(16)]!++;
        // Chi square with 15 degrees of freedom: beyond 60 by chance about once in four million.
        const chiSquare = boxes.reduce((sum, count) => sum + (count - 500) ** 2 / 500, 0);
        expect(chiSquare).toBeLessThan(60);
      }),
      { numRuns: 50, seed: 1 },
    );
  });

  test('neighbouring draws do not depend on each other', () => {
    const random = new Prng(3);
    let sum = 0;
    let previous = random.next();
    for (let i = 0; i < 20_000; i++) {
      const next = random.next();
      sum += (previous - 0.5) * (next - 0.5);
      previous = next;
    }
    expect(Math.abs(sum / 20_000 / (1 / 12))).toBeLessThan(0.03);
  });

  test('draws in proportion to the weights', () => {
    const random = new Prng(5);
    let rare = 0;
    for (let i = 0; i < 10_000; i++) {
      if (random.weighted([['rare', 1] as const, ['common', 9] as const]) === 'rare') rare++;
    }
    expect(rare).toBeGreaterThan(900);
    expect(rare).toBeLessThan(1100);
  });

  test('waits as long on average as the rate says', () => {
    const random = new Prng(11);
    let total = 0;
    for (let i = 0; i < 20_000; i++) total += random.exponential(0.002);
    expect(total / 20_000).toBeGreaterThan(480);
    expect(total / 20_000).toBeLessThan(520);
  });

  test('a fork goes its own way and leaves the other alone', () => {
    const one = new Prng(9);
    const other = new Prng(9);
    const fork = one.fork();
    fork.next();
    other.fork();
    expect(one.next()).toBe(other.next());
  });
});
