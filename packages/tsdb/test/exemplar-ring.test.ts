import { type Exemplar, Labels, Matcher } from '@tillwatch/model';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ExemplarRing } from '../src/exemplars/exemplar-ring.ts';

const series = (name: string) => Labels.of({ __name__: name, job: 'shop' });
const exemplar = (trace: string, value: number, timestampMs?: number): Exemplar => ({
  labels: Labels.of({ trace_id: trace }),
  value,
  timestampMs,
});
const everything = [[new Matcher('job', '=', 'shop')]];

/** What is kept, as `name: trace@time`. */
function kept(ring: ExemplarRing, fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY): string[] {
  return ring
    .select(everything, fromMs, toMs)
    .flatMap(({ labels, exemplars }) =>
      exemplars.map((one) => `${labels.metricName}: ${one.labels.get('trace_id')}@${one.timestampMs}`),
    );
}

test('exemplars are chosen by series and time, in label order', () => {
  const ring = new ExemplarRing(10);
  ring.offer(series('b'), exemplar('t1', 1, 100), 150);
  ring.offer(series('a'), exemplar('t2', 1), 150);
  ring.offer(series('b'), exemplar('t3', 2, 200), 250);
  expect(kept(ring)).toEqual(['a: t2@150', 'b: t1@100', 'b: t3@200']);
  expect(kept(ring, 100, 150)).toEqual(['a: t2@150', 'b: t1@100']);
  expect(kept(ring, 101, 149)).toEqual([]);
  const [found] = ring.select([[new Matcher('__name__', '=', 'none')], [new Matcher('__name__', '=~', 'a|c')]], 0, 1e3);
  expect(found?.labels).toEqual(series('a'));
  expect(ring.select([[new Matcher('__name__', '=', 'b'), new Matcher('job', '!=', 'shop')]], 0, 1e3)).toEqual([]);
});

describe('what Prometheus does not take is not taken', () => {
  test.for<[string, Exemplar, number, Exemplar, number, string[]]>([
    ['the same again', exemplar('t', 1, 100), 100, exemplar('t', 1, 100), 200, ['a: t@100']],
    ['the same again without a time of its own', exemplar('t', 1), 100, exemplar('t', 1), 200, ['a: t@100']],
    ['another value', exemplar('t', 1), 100, exemplar('t', 2), 200, ['a: t@100', 'a: t@200']],
    ['another trace', exemplar('t', 1), 100, exemplar('u', 1), 200, ['a: t@100', 'a: u@200']],
    ['the same at another time', exemplar('t', 1, 100), 100, exemplar('t', 1, 200), 200, ['a: t@100', 'a: t@200']],
    ['an older one', exemplar('t', 1, 100), 100, exemplar('u', 1, 99), 200, ['a: t@100']],
    ['one of the same time and a lower value', exemplar('t', 2, 100), 100, exemplar('u', 1, 100), 200, ['a: t@100']],
    [
      'one of the same time and a higher value',
      exemplar('t', 1, 100),
      100,
      exemplar('u', 2, 100),
      200,
      ['a: t@100', 'a: u@100'],
    ],
  ])('%s', ([, first, firstMs, second, secondMs, expected]) => {
    const ring = new ExemplarRing(10);
    ring.offer(series('a'), first, firstMs);
    ring.offer(series('a'), second, secondMs);
    expect(kept(ring)).toEqual(expected);
    expect(ring.stats().appended).toBe(expected.length);
  });

  test('labels of more than 128 characters', () => {
    const ring = new ExemplarRing(10);
    const name = 'trace_id';
    ring.offer(series('a'), exemplar('ü'.repeat(128 - name.length), 1), 1);
    ring.offer(series('a'), exemplar('ü'.repeat(129 - name.length), 2), 2);
    expect(ring.stats()).toMatchObject({ count: 1, tooLong: 1 });
  });
});

test('the newest are kept, of whichever series', () => {
  const ring = new ExemplarRing(3);
  ring.offer(series('a'), exemplar('t1', 1), 1);
  ring.offer(series('b'), exemplar('t2', 2), 2);
  ring.offer(series('a'), exemplar('t3', 3), 3);
  ring.offer(series('a'), exemplar('t4', 4), 4);
  expect(kept(ring)).toEqual(['a: t3@3', 'a: t4@4', 'b: t2@2']);
  ring.offer(series('c'), exemplar('t5', 5), 5);
  expect(kept(ring)).toEqual(['a: t3@3', 'a: t4@4', 'c: t5@5']);
  expect(ring.stats()).toMatchObject({ count: 3, seriesCount: 2, appended: 5 });
});

test('one place takes one exemplar after the other, also of the same series', () => {
  const ring = new ExemplarRing(1);
  for (let i = 1; i <= 3; i++) ring.offer(series('a'), exemplar(`t${i}`, i), i);
  expect(kept(ring)).toEqual(['a: t3@3']);
  ring.offer(series('b'), exemplar('u', 1), 4);
  expect(kept(ring)).toEqual(['b: u@4']);
});

test('none are kept when there is no place', () => {
  const ring = new ExemplarRing(0);
  ring.offer(series('a'), exemplar('t', 1), 1);
  expect(kept(ring)).toEqual([]);
  ring.resize(2);
  ring.offer(series('a'), exemplar('t', 1), 1);
  expect(kept(ring)).toEqual(['a: t@1']);
  ring.resize(0);
  expect(kept(ring)).toEqual([]);
  expect(ring.stats()).toMatchObject({ count: 0, seriesCount: 0 });
});

test('whatever comes and however large it is, the newest that were taken are there', () => {
  const step = fc.oneof(
    {
      weight: 9,
      arbitrary: fc.record({ name: fc.constantFrom('a', 'b', 'c'), value: fc.integer({ min: 0, max: 3 }) }),
    },
    { weight: 1, arbitrary: fc.record({ capacity: fc.integer({ min: 0, max: 6 }) }) },
  );
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 6 }), fc.array(step, { maxLength: 60 }), (first, steps) => {
      const ring = new ExemplarRing(first);
      let capacity = first;
      let model: string[] = [];
      steps.forEach((one, i) => {
        if ('capacity' in one) {
          capacity = one.capacity;
          ring.resize(capacity);
        } else {
          // Every one has a time of its own, so none is taken for another.
          ring.offer(series(one.name), exemplar(`t${i}`, one.value, i), i);
          model.push(`${one.name}: t${i}@${i}`);
        }
        model = capacity === 0 ? [] : model.slice(-capacity);
        expect(kept(ring).sort()).toEqual([...model].sort());
        expect(ring.stats().count).toBe(model.length);
      });
    }),
  );
});
