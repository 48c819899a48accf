import { Labels } from '@tillwatch/model';
import { evaluateInstant, parse } from '@tillwatch/promql';
import { MemoryQueryable } from '@tillwatch/promql/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evidenceAbove, evidenceBelow, evidenceOfLess, orderMoney } from '../../src/plan/expressions.ts';

/** The value of an expression over series that have one sample each. */
function value(expr: string, series: Readonly<Record<string, number>>): number | undefined {
  const queryable = new MemoryQueryable();
  for (const [name, one] of Object.entries(series)) queryable.add(Labels.of({ __name__: name }), 0, 1_000, [one]);
  const parsed = parse(expr);
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
  const result = evaluateInstant(parsed.expr, 0, { queryable }).value;
  return result.type === 'vector' ? result.samples[0]?.value : undefined;
}

/** ln(p^k q^(n-k)), the likelihood of k among n, as far as it depends on the share. */
const likelihood = (k: number, n: number, share: number) =>
  (k === 0 ? 0 : k * Math.log(share)) + (n - k === 0 ? 0 : (n - k) * Math.log(1 - share));

const count = fc.integer({ min: 0, max: 400 });

describe('evidence', () => {
  test('above a share is the likelihood ratio of what was seen and the share', () => {
    fc.assert(
      fc.property(count, count, (failed, others) => {
        fc.pre(failed + others > 0);
        const total = failed + others;
        const seen = value(evidenceAbove('failed', 'total', 0.01), { failed, total });
        expect(seen).toBeCloseTo(likelihood(failed, total, failed / total) - likelihood(failed, total, 0.01), 6);
      }),
    );
  });

  test('below a count is that of a Poisson count', () => {
    expect(value(evidenceBelow('seen', 'expected'), { seen: 0, expected: 12 })).toBeCloseTo(12, 6);
    expect(value(evidenceBelow('seen', 'expected'), { seen: 12, expected: 12 })).toBeCloseTo(0, 6);
  });

  test('of less than another count lets expect is how unevenly the two share their sum', () => {
    fc.assert(
      fc.property(
        count,
        fc.integer({ min: 1, max: 400 }),
        fc.double({ min: 0.05, max: 3, noNaN: true }),
        (seen, reference, ratio) => {
          const expected = ratio * reference;
          const share = ratio / (1 + ratio);
          const total = seen + reference;
          const evidence = value(evidenceOfLess('seen', 'expected', 'reference'), { seen, expected, reference });
          expect(evidence).toBeCloseTo(likelihood(seen, total, seen / total) - likelihood(seen, total, share), 5);
        },
      ),
    );
  });

  test('of less is weaker than if what is expected were certain, and as strong when the other count is large', () => {
    const less = (reference: number) =>
      value(evidenceOfLess('seen', 'expected', 'reference'), { seen: 5, expected: 20, reference })!;
    const certain = value(evidenceBelow('seen', 'expected'), { seen: 5, expected: 20 })!;
    expect(less(40)).toBeLessThan(0.8 * certain);
    expect(less(40_000)).toBeCloseTo(certain, 1);
  });
});

describe('money of orders', () => {
  const sold = (rates: Record<string, number>, currencies: Record<string, number>) => {
    const queryable = new MemoryQueryable();
    for (const [currency, amount] of Object.entries(currencies)) {
      const labels = { __name__: 'checkout_order_value_total', outcome: 'success', currency };
      queryable.add(Labels.of(labels), 0, 1_000, [amount]);
    }
    const parsed = parse(orderMoney({ currency: 'EUR', rates }, (selector) => selector));
    if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
    const result = evaluateInstant(parsed.expr, 0, { queryable }).value;
    return result.type === 'vector' ? result.samples[0]?.value : undefined;
  };

  test('is converted by the rates of the shop', () => {
    expect(sold({ USD: 0.5, CHF: 2 }, { EUR: 100, USD: 10, CHF: 1 })).toBe(107);
  });

  test('counts what has no currency as the shop’s own, and leaves out what has no rate', () => {
    expect(sold({}, { '': 3, EUR: 100, GBP: 1_000 })).toBe(103);
  });

  test('is there when nothing was sold in the shop’s own currency', () => {
    expect(sold({ USD: 0.5 }, { USD: 10 })).toBe(5);
  });
});
