import { compareLabels, Labels, Matcher } from '@tillwatch/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HeadSeries } from '../src/head/series.ts';
import { SeriesIndex } from '../src/head/series-index.ts';

const labels = fc
  .tuple(fc.constantFrom('', 'a', 'b'), fc.constantFrom('', 'x', 'y'), fc.nat(4))
  .map(([name, job, i]) => Labels.of({ __name__: name, job, i: String(i) }));

const matcher = fc
  .tuple(
    fc.constantFrom('__name__', 'job', 'i'),
    fc.constantFrom('=', '!=', '=~', '!~'),
    fc.constantFrom('', 'a', 'x', '1'),
  )
  .map(([name, op, value]) => new Matcher(name, op, value));

test('an answer that is remembered is the answer that a search gives', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(matcher, { maxLength: 3 }), { minLength: 1, maxLength: 5 }),
      fc.array(fc.record({ labels, isAsked: fc.boolean() }), { maxLength: 40 }),
      (questions, changes) => {
        const index = new SeriesIndex();
        let id = 0;
        for (const { labels, isAsked } of changes) {
          const known = index.get(labels);
          if (known === undefined) {
            const series = new HeadSeries(labels);
            series.id = ++id;
            index.add(series);
          } else index.remove(new Set([known]));
          if (!isAsked) continue;
          for (const question of questions) {
            const wanted = [...index.all()].filter((series) =>
              question.every((one) => one.matchesLabels(series.labels)),
            );
            wanted.sort((a, b) => compareLabels(a.labels, b.labels));
            expect(index.find(question)).toEqual(wanted);
          }
        }
      },
    ),
  );
});

test('series of another metric leave an answer as it is', () => {
  const index = new SeriesIndex();
  const question = [new Matcher('__name__', '=', 'a')];
  const add = (id: number, record: Record<string, string>) => {
    const series = new HeadSeries(Labels.of(record));
    series.id = id;
    index.add(series);
  };
  add(1, { __name__: 'a' });
  const before = index.find(question);
  add(2, { __name__: 'b' });
  expect(index.find(question)).toBe(before);
  add(3, { __name__: 'a', job: 'x' });
  expect(index.find(question).map(({ id }) => id)).toEqual([1, 3]);
});
