import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareLabels, compareText, Labels, quote } from '../src/labels.ts';

const names = fc.constantFrom('a', 'b', 'job', '__name__', 'ünï', 'le');
const records = fc.dictionary(names, fc.string({ unit: 'binary', maxLength: 4 }), { maxKeys: 5 });

describe('a label set', () => {
  test('is the same in any order, and an empty value is no label', () => {
    fc.assert(
      fc.property(records, fc.infiniteStream(fc.nat()), (record, order) => {
        const pairs = Object.entries(record);
        const shuffled = pairs
          .map((pair) => ({ pair, at: order.next().value as number }))
          .sort((x, y) => x.at - y.at)
          .map(({ pair }) => pair);
        const [one, other] = [Labels.of(record), Labels.from(shuffled)];
        expect(one.key).toBe(other.key);
        expect(one.equals(other)).toBe(true);
        expect(one.size).toBe(pairs.filter(([, value]) => value !== '').length);
      }),
    );
  });

  test('has a key of its own', () => {
    fc.assert(
      fc.property(records, records, (left, right) => {
        const [a, b] = [Labels.of(left), Labels.of(right)];
        expect(a.key === b.key).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });

  test('is ordered totally', () => {
    fc.assert(
      fc.property(records, records, records, (x, y, z) => {
        const [a, b, c] = [Labels.of(x), Labels.of(y), Labels.of(z)];
        expect(Math.sign(compareLabels(a, b))).toBe(-Math.sign(compareLabels(b, a)) + 0);
        expect(compareLabels(a, b) === 0).toBe(a.equals(b));
        if (compareLabels(a, b) <= 0 && compareLabels(b, c) <= 0) expect(compareLabels(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });

  test('is changed into others and stays itself', () => {
    const labels = Labels.of({ __name__: 'up', job: 'shop', instance: 'a:1' });
    expect(labels.with('job', 'other').toRecord()).toEqual({ __name__: 'up', job: 'other', instance: 'a:1' });
    expect(labels.with('job', '').has('job')).toBe(false);
    expect(labels.without(['__name__', 'nothing']).toRecord()).toEqual({ job: 'shop', instance: 'a:1' });
    expect(labels.keep(['job']).toRecord()).toEqual({ job: 'shop' });
    expect(labels.merge(Object.entries({ job: '', region: 'eu' })).names()).toEqual(['__name__', 'instance', 'region']);
    expect(labels.get('job')).toBe('shop');
    expect(labels.get('nothing')).toBe('');
    expect(labels.metricName).toBe('up');
  });
});

test.for([
  [{ __name__: 'up' }, 'up'],
  [{ __name__: 'up', b: '2', a: '1' }, 'up{a="1", b="2"}'],
  [{ a: 'x"\\\n' }, '{a="x\\"\\\\\\n"}'],
  [{ __name__: 'my metric', 'my label': 'x' }, '{"my metric", "my label"="x"}'],
  [{}, '{}'],
] as const)('%o is written %s', ([record, text]) => {
  expect(Labels.of(record).toString()).toBe(text);
});

test('text is ordered by code point, not by UTF-16 unit', () => {
  expect(compareText('\u{1f600}', '\uffee')).toBe(1);
  expect(compareText('a', 'ab')).toBe(-1);
  expect(compareText('b', 'ab')).toBe(1);
  expect(compareText('x', 'x')).toBe(0);
});

test('control characters are escaped', () => {
  expect(quote('a\tb\rc\u0001\u007fé')).toBe('"a\\tb\\rc\\x01\\x7fé"');
});
