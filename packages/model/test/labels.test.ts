import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareLabels, compareText, type Label, Labels, quote } from '../src/labels.ts';

const names = fc.constantFrom('a', 'b', 'job', '__name__', 'ünï', 'le');
// Values with what keys are separated by, since a value may hold any character.
const values = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.string({ unit: fc.constantFrom('\u0000', '\u0001', '\u0002', '0', '1', '2', 'a', 'b'), maxLength: 6 }),
);
const records = fc.dictionary(names, values, { maxKeys: 5 });
const pairLists = fc.array(fc.tuple(fc.oneof(names, fc.string({ maxLength: 2 })), fc.oneof(values, fc.constant(''))), {
  maxLength: 60,
  size: 'max',
});

/** A label set as it is defined: the later of two equal names wins, empty values are gone, names are in order. */
function naive(pairs: Iterable<Label>): Label[] {
  return [...new Map(pairs)].filter(([, value]) => value !== '').sort(([a], [b]) => compareText(a, b));
}

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

  test('has another key than one whose value looks like several labels', () => {
    const one = Labels.of({ a: '1\u0002b\u00012' });
    expect(one.equals(Labels.of({ a: '1', b: '2' }))).toBe(false);
    expect(one.equals(Labels.of({ a: '1\u0002b\u00012' }))).toBe(true);
    expect(Labels.of({ a: '\u00001' }).equals(Labels.of({ a: '\u0001' }))).toBe(false);
  });

  test('is what its pairs say, however many and in whatever order', () => {
    fc.assert(
      fc.property(pairLists, (pairs) => {
        expect([...Labels.from(pairs)]).toEqual(naive(pairs));
        expect([...Labels.from(new Map(pairs))]).toEqual(naive(pairs));
      }),
    );
  });

  test('is overlaid, cut and changed as its pairs are', () => {
    fc.assert(
      fc.property(pairLists, pairLists, fc.array<string>(names), (under, over, some) => {
        const labels = Labels.from(under);
        const left = naive(under);
        expect([...labels.merge(over)]).toEqual(naive([...left, ...over]));
        expect([...labels.merge(Labels.from(over))]).toEqual(naive([...left, ...naive(over)]));
        for (const [name, value] of over.slice(0, 3)) {
          expect([...labels.with(name, value)]).toEqual(naive([...left, [name, value]]));
        }
        expect([...labels.without(some)]).toEqual(left.filter(([name]) => !some.includes(name)));
        expect([...labels.keep(new Set(some))]).toEqual(left.filter(([name]) => some.includes(name)));
        expect([...labels]).toEqual(left);
      }),
    );
  });

  test('does not change with the pairs that it was made of', () => {
    const pair: [string, string] = ['a', '1'];
    const pairs = [pair];
    const labels = Labels.from(pairs);
    pair[1] = '2';
    pairs.push(['b', '3']);
    expect(labels.toRecord()).toEqual({ a: '1' });
  });

  test('is the empty one when nothing is left', () => {
    for (const labels of [
      Labels.of({ a: '' }),
      Labels.of({ a: '1' }).without(['a']),
      Labels.of({ a: '1' }).with('a', ''),
    ]) {
      expect(labels).toBe(Labels.empty);
    }
  });

  test('is compared pair by pair, and a set that another begins with comes first', () => {
    const sets = [{}, { a: '1' }, { a: '1', b: '1' }, { a: '1', c: '0' }, { a: '2' }, { b: '0' }].map(Labels.of);
    expect([...sets].reverse().sort(compareLabels)).toEqual(sets);
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

test('text is ordered as its UTF-8 bytes are', () => {
  const text = fc.string({ unit: 'binary', maxLength: 6 });
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(compareText(a, b)).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
  );
});

test.for([
  ['plain text', 'shop:3000 [a]', '"shop:3000 [a]"'],
  ['quotes and backslashes', 'a"b\\c', '"a\\"b\\\\c"'],
  ['escapes with a letter', '\u0007\b\f\n\r\t\v', '"\\a\\b\\f\\n\\r\\t\\v"'],
  ['control characters', '\u0001\u007f\u0085', '"\\x01\\x7f\\u0085"'],
  ['letters, marks and symbols', 'é漢😀€', '"é漢😀€"'],
  ['spaces that are not a space', '\u00a0\u2028\u{e0001}', '"\\u00a0\\u2028\\U000e0001"'],
  ['a byte that is not UTF-8', '\udcff', '"\\xff"'],
] as const)('quote: %s', ([, text, quoted]) => {
  expect(quote(text)).toBe(quoted);
});

test('a set is made from names and values in turn, and gives them sorted', () => {
  const pairs = fc.array(
    fc.tuple(fc.constantFrom('a', 'b', 'ab', 'ü', '🛒', '\uffee'), fc.constantFrom('', 'x', 'y')),
    {
      maxLength: 40,
    },
  );
  fc.assert(
    fc.property(pairs, (given) => {
      const labels = Labels.fromFlat(given.flat());
      expect(labels.toRecord()).toEqual(Labels.from(given).toRecord());
      expect(labels.flat).toEqual([...labels].flat());
      expect(labels.equals(Labels.fromFlat(labels.flat))).toBe(true);
    }),
  );
});

test('equal sets have the same hash, in any order; sets that only read alike have not', () => {
  expect(Labels.of({ a: '1', b: '2' }).hash).toBe(Labels.of({ b: '2', a: '1' }).hash);
  const alike = [{ ab: 'c' }, { a: 'bc' }, { abc: '' }, { a: 'b', c: '' }, { c: 'ab' }, { a: 'b', b: 'c' }];
  expect(new Set(alike.map((record) => Labels.of(record).hash)).size).toBe(alike.length);
});

test('a note is no part of the value', () => {
  const [noted, other] = [Labels.of({ a: 'b' }), Labels.of({ a: 'b' })];
  noted.note = { anything: true };
  expect([noted.equals(other), noted.key === other.key, noted.with('c', 'd').note]).toEqual([true, true, undefined]);
  expect(noted).toEqual(other);
});
