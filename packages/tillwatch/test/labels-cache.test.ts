import { expect, test } from 'vitest';
import { LabelsCache } from '../src/prometheus-api/labels-cache.ts';

test('gives the same set for the same labels, and a set of its own for others', () => {
  const cache = new LabelsCache(100);
  const first = cache.labelsOf({ __name__: 'up', job: 'shop' });
  expect(first.toRecord()).toEqual({ __name__: 'up', job: 'shop' });
  expect(cache.labelsOf({ __name__: 'up', job: 'shop' })).toBe(first);
  const others = [{ a: '1,1,b2' }, { a: '1', b: '2' }, { a1: ',1,b2' }, { a: '', b: '12' }, {}];
  for (const metric of others) expect(cache.labelsOf(metric).toRecord()).toEqual(withoutEmpty(metric));
});

test('keeps no more sets than it may', () => {
  const cache = new LabelsCache(2);
  const first = cache.labelsOf({ a: '1' });
  cache.labelsOf({ a: '2' });
  cache.labelsOf({ a: '3' });
  expect(cache.labelsOf({ a: '1' })).not.toBe(first);
  expect(cache.labelsOf({ a: '1' }).equals(first)).toBe(true);
});

function withoutEmpty(record: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== ''));
}
