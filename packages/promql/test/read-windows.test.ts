import { Labels, type Matcher, type Queryable, type ReadWindows, type Series } from '@tillwatch/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { evaluateRange } from '../src/evaluate/evaluate.ts';
import { parse } from '../src/parse/parse.ts';
import { MemoryQueryable, type TestValue } from '../src/testing.ts';
import { vectorText } from './expressions.ts';

const data = new MemoryQueryable();
for (const [i, name] of ['up', 'a:b', 'sum', 'offset_x'].entries()) {
  for (const [j, labels] of [{ a: 'x' }, { a: 'x', job: 'b' }, { b: 'a|b' }].entries()) {
    // Counters that begin anew now and then, with ends in between.
    const values = Array.from({ length: 480 }, (_, k): TestValue => {
      if ((k + 7 * i) % 101 === 0) return 'stale';
      return (k + 60 * j) % (150 + i) < 4 ? undefined : ((k + 31 * j) % 97) * (i + 1);
    });
    data.add(Labels.of({ __name__: name, ...labels }), 60_000 * i, 15_000, values);
  }
}

/** A store that takes every permission it is given: it leaves out what is in no window, and writes over what it has yielded. */
class SparingStore implements Queryable {
  spared = 0;

  *select(matchers: readonly Matcher[], fromMs: number, toMs: number, windows?: ReadWindows): Iterable<Series> {
    for (const series of data.select(matchers, fromMs, toMs)) {
      const isWanted = (t: number) => {
        if (windows === undefined) return true;
        const endMs = toMs - Math.floor((toMs - t) / windows.stepMs) * windows.stepMs;
        return t > endMs - windows.rangeMs;
      };
      const indices = [...series.timestampsMs.keys()].filter((i) => isWanted(series.timestampsMs[i]!));
      this.spared += series.timestampsMs.length - indices.length;
      if (indices.length === 0) continue;
      const bits = new BigUint64Array(series.values.slice().buffer);
      const values = new Float64Array(BigUint64Array.from(indices, (i) => bits[i]!).buffer);
      yield { ...series, timestampsMs: Float64Array.from(indices, (i) => series.timestampsMs[i]!), values };
      values.fill(-1);
    }
  }

  selectLabels(matchers: readonly Matcher[], fromMs: number, toMs: number): Iterable<Labels> {
    return data.selectLabels(matchers, fromMs, toMs);
  }

  labelNames(fromMs: number, toMs: number): string[] {
    return data.labelNames(fromMs, toMs);
  }

  labelValues(name: string, fromMs: number, toMs: number): string[] {
    return data.labelValues(name, fromMs, toMs);
  }
}

function answer(text: string, stepMs: number, queryable: Queryable): unknown {
  const parsed = parse(text);
  if (!parsed.ok) return undefined;
  try {
    const range = { startMs: 600_000, endMs: 7_300_000, stepMs };
    const { series, annotations } = evaluateRange(parsed.expr, range, { queryable });
    return {
      annotations,
      series: series.map(({ labels, timestampsMs, values }) => [String(labels), [...timestampsMs], [...values]]),
    };
  } catch (error) {
    return String(error);
  }
}

test('an answer does not depend on what a store leaves out because no window is there', () => {
  const store = new SparingStore();
  fc.assert(
    fc.property(vectorText, fc.constantFrom(15_000, 301_000, 600_000, 1_000_000), (text, stepMs) => {
      expect(answer(text, stepMs, store)).toEqual(answer(text, stepMs, data));
    }),
    { numRuns: 400 },
  );
  expect(store.spared).toBeGreaterThan(0);
});

test.for([
  ['rate(up[5m])', 600_000, true],
  ['up', 600_000, true],
  ['rate(up[5m] offset 7m)', 600_000, true],
  ['sum_over_time(up[5m])', 300_000, false],
  ['up', 60_000, false],
  ['rate(up[5m] @ 3000)', 600_000, false],
] as const)('%s every %d ms lets a store leave something out: %s', ([text, stepMs, isSparing]) => {
  const store = new SparingStore();
  expect(answer(text, stepMs, store)).toEqual(answer(text, stepMs, data));
  expect(store.spared > 0).toBe(isSparing);
});

test('a selector that is read again is read once for each way of looking at it', () => {
  const store = new SparingStore();
  const text = 'rate(up[5m]) / rate(up[20m]) + rate(up[5m])';
  expect(answer(text, 600_000, store)).toEqual(answer(text, 600_000, data));
  expect(store.spared).toBeGreaterThan(0);
});
