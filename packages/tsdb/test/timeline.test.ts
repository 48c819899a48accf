import { Labels } from '@tillwatch/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HeadSeries } from '../src/head/series.ts';
import { Timeline } from '../src/head/timeline.ts';

const values = fc.oneof(
  { weight: 20, arbitrary: fc.nat(300) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(0.5, -1, 1e12, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  },
);

test('a slot that is said to rise is finite and never falls, and its values are what they were', () => {
  let rising = 0;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.boolean(), values), { minLength: 2, maxLength: 60 }),
      fc.nat(58),
      (steps, from) => {
        const timeline = new Timeline(1, 0);
        const slot = timeline.addSlot(new HeadSeries(Labels.empty));
        let value = 0;
        const pushed = steps.map(([isNew, step], i) => {
          value = isNew && i % 5 === 0 ? step : value + (i % 3);
          timeline.pushRow(i, Float64Array.of(value));
          return value;
        });
        for (const [row, wanted] of pushed.entries()) expect(timeline.valueAt(slot, row)).toBe(wanted);
        const window = pushed.slice(from);
        if (!timeline.isRising(slot, from, pushed.length)) return;
        rising++;
        expect(window.every(Number.isFinite)).toBe(true);
        expect(window).toEqual([...window].sort((a, b) => a - b));
      },
    ),
    { numRuns: 500 },
  );
  expect(rising).toBeGreaterThan(0);
});

test('a slot that joins later rises from its first row on', () => {
  const timeline = new Timeline(1, 0);
  timeline.addSlot(new HeadSeries(Labels.empty));
  timeline.pushRow(0, Float64Array.of(5));
  const slot = timeline.addSlot(new HeadSeries(Labels.of({ a: 'b' })));
  timeline.pushRow(1, Float64Array.of(4, 1));
  timeline.pushRow(2, Float64Array.of(6, 2));
  expect(timeline.isRising(slot, 1, 3)).toBe(true);
  expect(timeline.isRising(0, 0, 3)).toBe(false);
  expect(timeline.isRising(0, 1, 3)).toBe(true);
});
