import { expect, test } from 'vitest';
import { loadHistory, remembered, saveHistory } from '../src/promql/query-history.ts';

test('the latest comes first, and each once', () => {
  expect(remembered(['up', 'time()'], ' time() ')).toEqual(['time()', 'up']);
});

test('nothing and what is too long are not kept', () => {
  expect(remembered(['up'], '  ')).toEqual(['up']);
  expect(remembered(['up'], 'a'.repeat(10_001))).toEqual(['up']);
});

test('it is bounded', () => {
  const many = Array.from({ length: 30 }, (_, i) => `metric_${i}`);
  const next = remembered(many, 'up');
  expect(next).toHaveLength(30);
  expect([next[0], next.at(-1)]).toEqual(['up', 'metric_28']);
});

test('what was saved is loaded', () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
  expect(loadHistory(storage)).toEqual([]);
  saveHistory(storage, ['up', 'time()']);
  expect(loadHistory(storage)).toEqual(['up', 'time()']);
});

test.for(['not JSON', '{"a":1}', '[1,null]', 'null'])('what is no history (%s) is an empty one', (text) => {
  expect(loadHistory({ getItem: () => text })).toEqual([]);
});

test('a browser that keeps nothing is no trouble', () => {
  const refuse = () => {
    throw new Error('refused');
  };
  expect(loadHistory({ getItem: refuse })).toEqual([]);
  expect(() => saveHistory({ setItem: refuse }, ['up'])).not.toThrow();
});
