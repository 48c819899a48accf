import { Labels } from '@tillwatch/model';
import { describe, expect, test } from 'vitest';
import { evaluateRange } from '../src/evaluate/evaluate.ts';
import { parse } from '../src/parse/parse.ts';
import { MemoryQueryable } from '../src/testing.ts';

/**
 * Differences to the real Prometheus that random queries have found (`npm run differential`), made small and kept. What is
 * expected is what Prometheus answers. Data: `orders` 0, 1, 2 … once a minute, `odd` with its value at every minute.
 */
const INF = Number.POSITIVE_INFINITY;

function valuesOf(expr: string, endMs: number, odd: number): (number | undefined)[] {
  const parsed = parse(expr);
  if (!parsed.ok) throw new Error(expr);
  const queryable = new MemoryQueryable();
  const minutes = Array.from({ length: 20 }, (_, i) => i);
  queryable.add(Labels.of({ __name__: 'orders' }), 0, 60_000, minutes);
  queryable.add(
    Labels.of({ __name__: 'odd' }),
    0,
    60_000,
    minutes.map(() => odd),
  );
  const { series } = evaluateRange(parsed.expr, { startMs: 600_000, endMs, stepMs: 60_000 }, { queryable });
  return [...(series[0]?.values ?? [])];
}

describe('a range query ends when it was asked to, not at its last step', () => {
  test.for([
    ['orders @ end()', 779_000, [12, 12, 12]],
    ['sum_over_time(orders[60s] @ end())', 779_999, [12, 12, 12]],
    ['max_over_time(orders[2m:1s] @ end())', 719_000, [11, 11]],
    ['orders @ end()', 780_000, [13, 13, 13, 13]],
  ] as const)('%s until %d', ([expr, endMs, expected]) => expect(valuesOf(expr, endMs, 0)).toEqual(expected));
});

describe('infinities are limits even beside NaN', () => {
  test.for([
    ['clamp_max(odd, NaN)', -INF, -INF],
    ['clamp_max(odd, NaN)', 1, Number.NaN],
    ['clamp_min(odd, NaN)', INF, INF],
    ['clamp(odd, 1, NaN)', -INF, 1],
    ['clamp(odd, Inf, NaN)', 5, INF],
    ['clamp(odd, 1, NaN)', 5, Number.NaN],
  ] as const)('%s of %d', ([expr, odd, expected]) => expect(valuesOf(expr, 600_000, odd)).toEqual([expected]));
});
