import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { explainCounts } from '../src/diagnosis/explain-counts.ts';
import { explainForecast } from '../src/diagnosis/explain-forecast.ts';
import { explainRatio } from '../src/diagnosis/explain-ratio.ts';
import type { CountTable, LeafTable, RatioTable } from '../src/diagnosis/leaf-table.ts';

const SIZES = [3, 4, 2, 3];
const KINDS = 3;

type Leaf = readonly number[];

function leaves(): { table: LeafTable; all: Leaf[] } {
  let all: Leaf[] = [[]];
  for (const size of SIZES) all = all.flatMap((leaf) => Array.from({ length: size }, (_, value) => [...leaf, value]));
  const codes = SIZES.map((_, a) => Uint16Array.from(all, (leaf) => leaf[a]!));
  return { table: { attributes: ['a', 'b', 'c', 'd'], sizes: SIZES, codes, leaves: all.length }, all };
}

/** 40 to 120 events a leaf, before as now, but for what is lost. */
function counts(lost: (leaf: Leaf) => number, level = 1): CountTable {
  const { table, all } = leaves();
  const usual = all.map((_, i) => 40 + ((i * 37) % 81));
  return {
    ...table,
    before: Float64Array.from(usual, (count) => 4 * count),
    now: Float64Array.from(usual, (count, i) => Math.round(count * level * (1 - lost(all[i]!)))),
    windows: 4,
    driftSd: 0.12,
    smallestEffect: 0.07,
  };
}

/** 200 attempts a leaf, of which 1 % fails in each kind, but for what fails in addition. */
function ratio(fails: (leaf: Leaf, kind: number) => number): RatioTable {
  const { table, all } = leaves();
  return {
    ...table,
    attemptsBefore: new Float64Array(all.length).fill(1_000),
    attemptsNow: new Float64Array(all.length).fill(200),
    kindLabel: 'kind',
    kinds: KINDS,
    failuresBefore: new Float64Array(all.length * KINDS).fill(10),
    failuresNow: Float64Array.from({ length: all.length * KINDS }, (_, at) =>
      Math.round(2 + 200 * fails(all[Math.floor(at / KINDS)]!, at % KINDS)),
    ),
    kindsDependOn: ['a'],
    driftSd: 0.12,
    mayFailAsAWhole: false,
    smallestEffect: 0.07,
  };
}

describe('counts that fell', () => {
  test.for<[string, (leaf: Leaf) => number, [number, number][][]]>([
    ['one value', ([a]) => (a === 1 ? 0.5 : 0), [[[0, 1]]]],
    [
      'two labels',
      ([a, b]) => (a === 1 && b === 2 ? 0.6 : 0),
      [
        [
          [0, 1],
          [1, 2],
        ],
      ],
    ],
    ['two parts, the larger first', ([a, , c]) => (c === 1 ? 0.7 : a === 0 ? 0.3 : 0), [[[2, 1]], [[0, 0]]]],
    ['a part that is hit unevenly', ([a, , , d]) => (a === 2 ? [0.5, 0.7, 0.9][d!]! : 0), [[[0, 2]]]],
    ['nothing', () => 0, []],
  ])('%s', ([, lost, expected]) => {
    expect(explainCounts(counts(lost)).map(({ labels }) => labels)).toEqual(expected);
  });

  test('a drift of the whole is nobody’s', () => {
    expect(explainCounts(counts(() => 0, 0.9))).toEqual([]);
  });

  test('a part that gained is not blamed, and another that lost is', () => {
    const found = explainCounts(counts(([a, b, c]) => (a === 0 && c === 0 ? -1 : b === 3 ? 0.5 : 0)));
    expect(found.map(({ labels }) => labels)).toEqual([[[1, 3]]]);
  });
});

describe('failures that rose', () => {
  test.for<[string, (leaf: Leaf, kind: number) => number, { labels: [number, number][]; kind: number | undefined }[]]>([
    ['all kinds of one value', ([a]) => (a === 1 ? 0.1 : 0), [{ labels: [[0, 1]], kind: undefined }]],
    ['one kind of one value', ([, b], kind) => (b === 3 && kind === 2 ? 0.3 : 0), [{ labels: [[1, 3]], kind: 2 }]],
    ['one kind everywhere', (_, kind) => (kind === 0 ? 0.2 : 0), [{ labels: [], kind: 0 }]],
    ['nothing', () => 0, []],
  ])('%s', ([, fails, expected]) => {
    expect(explainRatio(ratio(fails)).map(({ labels, kind }) => ({ labels, kind }))).toEqual(expected);
  });

  test('severity is the share that fails in addition, with all its failures', () => {
    const [cause] = explainRatio(ratio(([a]) => (a === 1 ? 0.1 : 0)));
    expect(cause?.severity).toBeCloseTo(0.3, 1);
    expect(cause?.extra).toBeGreaterThan(0.25 * 200 * 24);
    expect(cause?.extra).toBeLessThan(0.35 * 200 * 24);
  });
});

test('leaves that miss their forecast', () => {
  const { all } = leaves();
  const noise = (i: number) => 1 + 0.02 * Math.sin(i * 12.9898);
  const found = explainForecast({
    sizes: SIZES,
    predicted: Float64Array.from(all, (_, i) => 100 * noise(i)),
    real: Float64Array.from(all, ([a, b]) => (a === 2 && b === 1 ? 40 : 100)),
  });
  expect(found.map(({ labels }) => labels)).toEqual([
    [
      [0, 2],
      [1, 1],
    ],
  ]);
});

test('whatever is counted, the answer is finite and short', () => {
  const count = fc.double({ min: 0, max: 2_000, noNaN: true });
  const column = fc.array(count, { minLength: 72, maxLength: 72 }).map((values) => Float64Array.from(values));
  fc.assert(
    fc.property(column, column, (before, now) => {
      const causes = explainCounts({ ...counts(() => 0), before, now });
      expect(causes.length).toBeLessThanOrEqual(8);
      for (const { extra, severity, evidence } of causes) {
        expect(Number.isFinite(extra) && Number.isFinite(evidence)).toBe(true);
        expect(severity).toBeGreaterThan(0);
        expect(severity).toBeLessThanOrEqual(1);
      }
    }),
    { numRuns: 20 },
  );
});
