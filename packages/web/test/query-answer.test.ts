import { expect, test } from 'vitest';
import { gridOf } from '../src/series/fetch-query.ts';
import {
  drawable,
  type InstantAnswer,
  labelsOf,
  type MatrixAnswer,
  seriesName,
  shortNames,
  type TableRow,
  tableRows,
} from '../src/series/query-answer.ts';

const up = { __name__: 'up', job: 'shop' };

test.for<[name: string, answer: InstantAnswer, rows: readonly TableRow[]]>([
  ['a scalar', { resultType: 'scalar', result: [1, '2.5'] }, [{ metric: undefined, values: [{ text: '2.5' }] }]],
  ['a string', { resultType: 'string', result: [1, 'a"b'] }, [{ metric: undefined, values: [{ text: '"a\\"b"' }] }]],
  [
    'an instant vector, with digits as the server wrote them',
    { resultType: 'vector', result: [{ metric: up, value: [1, '1e-07'] }] },
    [{ metric: up, values: [{ text: '1e-07' }] }],
  ],
  [
    'a native histogram',
    { resultType: 'vector', result: [{ metric: up, histogram: [1, { count: '4', sum: '10' }] }] },
    [{ metric: up, values: [{ text: 'count 4, sum 10' }] }],
  ],
  [
    'a range vector, samples in order',
    {
      resultType: 'matrix',
      result: [
        {
          metric: up,
          values: [
            [10, '1'],
            [30, 'NaN'],
          ],
          histograms: [[20, { count: '1', sum: '2' }]],
        },
      ],
    },
    [
      {
        metric: up,
        values: [
          { seconds: 10, text: '1' },
          { seconds: 20, text: 'count 1, sum 2' },
          { seconds: 30, text: 'NaN' },
        ],
      },
    ],
  ],
  ['nothing', { resultType: 'vector', result: [] }, []],
])('rows of %s', ([, answer, rows]) => {
  expect(tableRows(answer)).toEqual(rows);
});

test.for<[metric: Record<string, string>, name: string]>([
  [{ __name__: 'up' }, 'up'],
  [{ __name__: 'up', job: 'shop', az: 'a' }, 'up{az="a", job="shop"}'],
  [{ step: 'a"b\\' }, '{step="a\\"b\\\\"}'],
  [{}, '{}'],
])('%o is called %s', ([metric, name]) => {
  expect(seriesName(metric)).toBe(name);
});

test('labels are in order, and the name is none of them', () => {
  expect(labelsOf({ b: '2', __name__: 'up', a: '1' })).toEqual([
    ['a', '1'],
    ['b', '2'],
  ]);
});

test('a legend says only what tells the lines apart', () => {
  expect(
    shortNames([
      { __name__: 'up', job: 'shop', instance: 'a' },
      { __name__: 'up', job: 'shop', instance: 'b' },
      { __name__: 'up', job: 'shop' },
    ]),
  ).toEqual(['{instance="a"}', '{instance="b"}', '{}']);
  expect(shortNames([up])).toEqual(['up{job="shop"}']);
  expect(shortNames([])).toEqual([]);
});

test('no more is drawn than can be told apart, and histograms are counted and left out', () => {
  const answer: MatrixAnswer = {
    resultType: 'matrix',
    result: [
      { metric: { a: '1' }, values: [[1, '1']] },
      { metric: { a: '2' }, histograms: [[1, { count: '1', sum: '1' }]] },
      { metric: { a: '3' }, values: [[1, '3']] },
      { metric: { a: '4' }, values: [[1, '4']] },
    ],
  };
  const drawn = drawable(answer, 2);
  expect(drawn.answer.result.map(({ metric }) => metric.a)).toEqual(['1', '3']);
  expect([drawn.drawn, drawn.total, drawn.histograms]).toEqual([2, 3, 1]);
});

test('a graph of now ends at this second, and one of then where it was told to', () => {
  const now = { rangeMs: 3_600_000, endMs: undefined, stepMs: undefined };
  expect(gridOf(now, 100_007_900)).toEqual({ startSeconds: 96_407, endSeconds: 100_007, stepSeconds: 15 });
  expect(gridOf({ ...now, endMs: 100_007_000, stepMs: 60_000 }, 0)).toEqual({
    startSeconds: 96_407,
    endSeconds: 100_007,
    stepSeconds: 60,
  });
});
