import { isStaleAt, Labels, Matcher, type Queryable } from '@tillwatch/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Overlay } from '../../src/rules/overlay.ts';
import { MemoryStore } from './memory-store.ts';

function show(queryable: Queryable, matchers: readonly Matcher[] = [], fromMs = 0, toMs = 1000): string[] {
  return [...queryable.select(matchers, fromMs, toMs)].map(({ labels, timestampsMs, values }) => {
    const samples = [...values].map((value, i) => `${isStaleAt(values, i) ? 'stale' : value}@${timestampsMs[i]}`);
    return `${labels} ${samples.join(' ')}`;
  });
}

const series = (name: string) => Labels.of({ __name__: name });

test('pending samples stand behind the stored ones and between other series in label order', () => {
  const store = new MemoryStore();
  store.load(series('b'), [
    [1, 1],
    [2, 2],
  ]);
  store.load(series('d'), [
    [1, 4],
    [2, 'stale'],
  ]);
  const overlay = new Overlay(store);
  overlay.add(series('c'), 3, 30);
  overlay.add(series('b'), 3, 20);
  overlay.add(series('a'), 3, 10);
  overlay.addStale(series('e'), 3);
  expect(show(overlay)).toEqual(['a 10@3', 'b 1@1 2@2 20@3', 'c 30@3', 'd 4@1 stale@2', 'e stale@3']);
  expect(show(overlay, [new Matcher('__name__', '=', 'b')])).toEqual(['b 1@1 2@2 20@3']);
  expect(show(overlay, [], 0, 2)).toEqual(['b 1@1 2@2', 'd 4@1 stale@2']);
  expect(overlay.labelValues('__name__', 0, 1000)).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect([...overlay.selectLabels([], 0, 1000)].map(String)).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('counters are told where nothing is pending, and read with what is pending where something is', () => {
  const store = new MemoryStore();
  for (const name of ['a', 'b']) store.load(series(name), [[1, 1]]);
  const counter = { labels: series('a'), timestampsMs: Float64Array.of(1), changes: () => {} };
  const overlay = new Overlay(Object.assign(store, { selectCounters: () => [counter] }));
  overlay.add(series('b'), 2, 5);
  const told = (name: string) => [...overlay.selectCounters!([new Matcher('__name__', '=', name)], 0, 1000)];
  expect(told('a')).toEqual([counter]);
  expect(told('b')).toEqual([
    { labels: series('b'), timestampsMs: Float64Array.of(1, 2), values: Float64Array.of(1, 5) },
  ]);
  expect(new Overlay(new MemoryStore()).selectCounters).toBeUndefined();
});

test('an overlay shows exactly what a store shows after the same samples were stored', () => {
  const names = fc.constantFrom('a', 'b', 'c', 'd');
  fc.assert(
    fc.property(fc.uniqueArray(names), fc.uniqueArray(names), (stored, pending) => {
      const before = new MemoryStore();
      const after = new MemoryStore();
      for (const name of stored)
        for (const store of [before, after])
          store.load(series(name), [
            [1, 1],
            [5, 2],
          ]);
      const overlay = new Overlay(before);
      for (const name of pending) {
        overlay.add(series(name), 7, 3);
        after.load(series(name), [[7, 3]]);
      }
      expect(show(overlay)).toEqual(show(after));
    }),
  );
});
