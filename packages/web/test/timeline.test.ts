import { describe, expect, test } from 'vitest';
import { areaPath, timelineTop } from '../src/charts/timeline.tsx';
import { budgetStates } from '../src/series/fetch-calendar.ts';

const points = (values: (number | null)[]) => ({ timestampsMs: values.map((_, i) => 1_000 * i), values });

describe('the area under a timeline', () => {
  test('stands on zero and ends where the values end', () => {
    expect(areaPath(points([5, 10, 0]), 100, 50, 10)).toBe('M0.0 25.0L50.0 0.0L100.0 50.0L100.0 50L0.0 50Z');
  });

  test('is in one piece for each run without a gap', () => {
    expect(areaPath(points([10, null, 10, 10]), 90, 50, 10)).toBe(
      'M0.0 0.0L0.0 50L0.0 50ZM60.0 0.0L90.0 0.0L90.0 50L60.0 50Z',
    );
  });

  test.for([
    ['nothing', []],
    ['gaps alone', [null, null]],
  ] as const)('of %s is empty', ([, values]) => {
    expect(areaPath(points([...values]), 100, 50, 10)).toBe('');
  });

  test('leaves room above the highest value or level, and is never flat', () => {
    expect(timelineTop(points([1, 4, null]), [])).toBeCloseTo(4.48);
    expect(timelineTop(points([1, 4]), [{ value: 10, name: 'expected' }])).toBeCloseTo(11.2);
    expect(timelineTop(points([0, null]), [])).toBe(1);
  });
});

test('budgets come with those that have least left first, and what is not measured last', () => {
  const remaining = new Map([
    ['api', 0.4],
    ['checkout', -0.2],
    ['mails', Number.NaN],
  ]);
  const burning = new Map([
    ['api', 1.5],
    ['new', 0.2],
  ]);
  expect(budgetStates(remaining, burning)).toEqual([
    { objective: 'checkout', remaining: -0.2, burnRate: null },
    { objective: 'api', remaining: 0.4, burnRate: 1.5 },
    { objective: 'mails', remaining: null, burnRate: null },
    { objective: 'new', remaining: null, burnRate: 0.2 },
  ]);
});
