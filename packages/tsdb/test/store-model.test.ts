import {
  compareLabels,
  compareText,
  Labels,
  Matcher,
  type Queryable,
  type ReadWindows,
  SampleRow,
} from '@tillwatch/model';
import { ManualClock } from '@tillwatch/model/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StagedBatch } from '../src/batch.ts';
import { openForWriting, openTsdb } from '../src/open-tsdb.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const STALE = 0x7ff0_0000_0000_0002n;
const NAN = 0x7ff8_0000_0000_0000n;

/** Which series each row of samples has: all but one, all, some in another order, one of them twice. */
const ROWS = [
  [0, 1, 2, 3, 4],
  [0, 1, 2, 3, 4, 5],
  [5, 2, 0],
  [1, 3, 1],
];

/** The store as one would explain it: samples by series, in a map. */
class Model {
  readonly series = new Map<string, { labels: Labels; samples: [timestampMs: number, bits: bigint][] }>();

  append(labels: Labels, timestampMs: number, bits: bigint): boolean {
    const known = this.series.get(labels.key) ?? { labels, samples: [] };
    const last = known.samples.at(-1);
    if (last !== undefined && timestampMs <= last[0]) return timestampMs === last[0] && bits === last[1];
    this.series.set(labels.key, known);
    known.samples.push([timestampMs, bits]);
    return true;
  }

  within(matchers: readonly Matcher[], fromMs: number, toMs: number) {
    return [...this.series.values()]
      .filter(({ labels }) => matchers.every((matcher) => matcher.matchesLabels(labels)))
      .map(({ labels, samples }) => ({
        labels,
        samples: samples.filter(([timestampMs]) => timestampMs >= fromMs && timestampMs <= toMs),
      }))
      .filter(({ samples }) => samples.length > 0)
      .sort((a, b) => compareLabels(a.labels, b.labels));
  }
}

const values = ['', 'a', 'b', 'ab', 'ü', '\u0001', '\u0002', '🛒', '\uffee'];
const label = fc.constantFrom(...values);
const labelSet = fc
  .record({ __name__: fc.constantFrom('up', 'x_total'), job: label, region: label })
  .map((r) => Labels.of(r));
const matcher = fc.oneof(
  fc.tuple(
    fc.constantFrom('__name__', 'job', 'region', 'none'),
    fc.constantFrom('=', '!='),
    fc.constantFrom('up', ...values),
  ),
  fc.tuple(
    fc.constantFrom('__name__', 'job', 'region'),
    fc.constantFrom('=~', '!~'),
    fc.constantFrom('a|b', '.*', '.+', 'a?b?', 'u.'),
  ),
);

/** Mostly a tick, sometimes the time in which a target was away: a minute, hours. */
const gapMs = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom(61_000, 7_300_000, 15_000_003) },
);

type Action =
  | { kind: 'round'; members: boolean[]; gapMs: number; value: number }
  | { kind: 'scattered'; samples: { member: number; backMs: number; value: number }[] }
  | { kind: 'row'; row: number; gapMs: number; values: number[]; alone: number | null; isOvertaken: boolean }
  | { kind: 'stale'; member: number }
  | { kind: 'abandon' | 'pack' | 'sleep' | 'reopen' | 'look' };

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('round' as const),
      members: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
      gapMs,
      value: fc.oneof(fc.double(), fc.integer({ min: 0, max: 9 })),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('scattered' as const),
      samples: fc.array(
        fc.record({
          member: fc.nat(5),
          backMs: fc.integer({ min: -5, max: 5 }),
          value: fc.integer({ min: 0, max: 9 }),
        }),
        { maxLength: 12 },
      ),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('row' as const),
      row: fc.constantFrom(0, 0, 0, 1, 2, 3),
      gapMs,
      values: fc.array(fc.oneof(fc.double(), fc.integer({ min: 0, max: 2 })), { minLength: 6, maxLength: 6 }),
      // Another sample in the same batch, of a series of the row or of another one.
      alone: fc.option(fc.nat(5), { freq: 2 }),
      isOvertaken: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('stale' as const), member: fc.nat(5) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        ...(['abandon', 'pack', 'pack', 'sleep', 'reopen', 'look', 'look', 'look', 'look', 'look'] as const),
      ),
    }),
  },
);

test('the store is a map of samples, through packing, reopening and a reader beside it', async () => {
  const root = temporaryDirectory();
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(labelSet, { minLength: 6, maxLength: 6, selector: (labels) => labels.key }),
      fc.array(action, { minLength: 1, maxLength: 60 }),
      fc.array(matcher, { maxLength: 2 }),
      fc.tuple(fc.nat(150), fc.nat(150)),
      fc.record({ stepMs: fc.integer({ min: 1, max: 12 }), rangeMs: fc.integer({ min: 1, max: 8 }) }),
      async (sets, actions, matcherParts, [fromMs, spanMs], windows) => {
        const dir = `${root}/${runs++}`;
        const clock = new ManualClock(0);
        const options = { retentionMs: 1e9, clock, bundleBytes: 40, fewestResting: 1 };
        let store = openForWriting(dir, options);
        const reader = await openTsdb(dir, { ...options, readOnly: true });
        const model = new Model();
        const rows = ROWS.map((members) => new SampleRow(members.map((member) => sets[member]!)));
        let nowMs = 0;
        try {
          for (const step of actions) {
            const batch = store.batch() as StagedBatch;
            const append = (labels: Labels, timestampMs: number, value: number) =>
              expect(batch.append(labels, timestampMs, value)).toBe(model.append(labels, timestampMs, bitsOf(value)));
            switch (step.kind) {
              case 'round':
                nowMs += step.gapMs;
                step.members.forEach((isMember, i) => {
                  if (isMember) append(sets[i]!, nowMs, step.value);
                });
                break;
              case 'scattered':
                for (const { member, backMs, value } of step.samples) append(sets[member]!, nowMs - backMs, value);
                break;
              case 'row': {
                nowMs += step.gapMs;
                const row = rows[step.row]!;
                const values = Float64Array.from(row.labels, (_, i) => step.values[i]!);
                if (step.isOvertaken) {
                  // What the other batch stores in the meantime stays, and everything else of the row is stored all the same.
                  batch.appendRow(row, nowMs, values);
                  const other = store.batch();
                  if (other.append(sets[0]!, nowMs, 77)) model.append(sets[0]!, nowMs, bitsOf(77));
                  await other.commit();
                  row.labels.forEach((labels, i) => {
                    model.append(labels, nowMs, bitsOf(values[i]!));
                  });
                  break;
                }
                const refused = row.labels.filter((labels, i) => !model.append(labels, nowMs, bitsOf(values[i]!)));
                expect(batch.appendRow(row, nowMs, values)).toBe(refused.length);
                if (step.alone !== null) append(sets[step.alone]!, nowMs, step.values[5]!);
                break;
              }
              case 'stale': {
                const labels = sets[step.member]!;
                batch.appendStale(labels, nowMs);
                if (model.series.has(labels.key)) model.append(labels, nowMs, STALE);
                break;
              }
              case 'abandon':
                store.batch().append(sets[0]!, nowMs + 100, 1);
                break;
              case 'pack':
                // Old enough to be sealed, so that everything goes to chunks.
                await clock.advance(3 * 3_600_000);
                store.maintain();
                expect(store.stats().headSamples).toBe(0);
                break;
              case 'sleep':
                // Long after the newest sample, no series is awake.
                await clock.advance(Math.max(0, nowMs - clock.nowMs()) + 3 * 3_600_000);
                store.maintain();
                expect(store.stats()).toMatchObject({
                  headSamples: 0,
                  seriesCount: 0,
                  restingSeriesCount: model.series.size,
                });
                break;
              case 'reopen':
                await store.close();
                store = openForWriting(dir, options);
                continue;
              case 'look':
                // A reader that knows much already has to follow what the writer does from here on.
                expect(read(reader, [], fromMs, fromMs + spanMs)).toEqual(model.within([], fromMs, fromMs + spanMs));
                break;
            }
            await batch.commit();
          }
          const matchers = matcherParts.map(([name, op, value]) => new Matcher(name, op as '=', value));
          for (const [from, to] of [
            [-1e9, 1e9],
            [fromMs, fromMs + spanMs],
            [nowMs, nowMs],
          ] as const) {
            const expected = model.within(matchers, from, to);
            for (const queryable of [store, reader]) {
              expect(read(queryable, matchers, from, to)).toEqual(expected);
              expect(read(queryable, matchers, from, to, windows)).toEqual(inWindows(expected, to, windows));
              expect([...queryable.selectLabels(matchers, from, to)].map(String)).toEqual(
                expected.map(({ labels }) => String(labels)),
              );
            }
            const all = model.within([], from, to);
            const jobs = [...new Set(all.map(({ labels }) => labels.get('job')))].filter((job) => job !== '');
            expect(reader.labelValues('job', from, to)).toEqual(jobs.sort(compareText));
            const names = [...new Set(all.flatMap(({ labels }) => labels.names()))];
            expect(store.labelNames(from, to)).toEqual(names.sort(compareText));
          }
        } finally {
          await reader.close();
          await store.close();
        }
      },
    ),
    { numRuns: 100 },
  );
}, 60_000);

type Found = { readonly labels: Labels; readonly samples: readonly (readonly [timestampMs: number, bits: bigint])[] };

/** What is left when only windows are looked at; those that leave no gaps leave everything. */
function inWindows(found: readonly Found[], toMs: number, { stepMs, rangeMs }: ReadWindows): Found[] {
  const isWithin = (timestampMs: number) => (toMs - timestampMs) % stepMs < rangeMs;
  return found
    .map(({ labels, samples }) => ({ labels, samples: samples.filter(([timestampMs]) => isWithin(timestampMs)) }))
    .filter(({ samples }) => samples.length > 0);
}

function read(
  queryable: Queryable,
  matchers: readonly Matcher[],
  fromMs: number,
  toMs: number,
  windows?: ReadWindows,
): Found[] {
  return Array.from(queryable.select(matchers, fromMs, toMs, windows), ({ labels, timestampsMs, values: read }) => {
    const bits = new BigUint64Array(read.buffer, read.byteOffset, read.length);
    return { labels, samples: Array.from(timestampsMs, (timestampMs, i) => [timestampMs, bits[i]!] as const) };
  });
}

function bitsOf(value: number): bigint {
  return Number.isNaN(value) ? NAN : new BigUint64Array(Float64Array.of(value).buffer)[0]!;
}
