import { Labels } from '@tillwatch/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LabelTable } from '../src/head/label-table.ts';
import { HeadSeries } from '../src/head/series.ts';

// Few sets, so that they come and go again and again; the table starts with 64 places and grows.
const sets = Array.from({ length: 80 }, (_, i) => ({ a: `${i % 9}`, b: `${Math.floor(i / 9)}` }));

test('the table is a map by equal labels, whatever comes and goes', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(sets.length - 1)), { maxLength: 300 }), (steps) => {
      const table = new LabelTable();
      const expected = new Map<number, HeadSeries>();
      for (const [isAdded, set] of steps) {
        const known = expected.get(set);
        if (isAdded) {
          const series = new HeadSeries(Labels.of(sets[set]!));
          table.set(series);
          expected.set(set, series);
        } else if (known !== undefined) {
          table.delete(known);
          expected.delete(set);
        }
      }
      sets.forEach((set, i) => {
        expect(table.get(Labels.of(set))).toBe(expected.get(i));
      });
    }),
    { numRuns: 300 },
  );
});

test('one that was replaced by another with the same labels is not deleted for it', () => {
  const table = new LabelTable();
  const [first, second] = [new HeadSeries(Labels.of({ a: 'b' })), new HeadSeries(Labels.of({ a: 'b' }))];
  table.set(first);
  table.set(second);
  table.delete(first);
  expect(table.get(first.labels)).toBe(second);
});
