import { Labels, METRIC_NAME, type Series } from '@tillwatch/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSentinel, type SentinelReader } from '../../src/index.ts';

const START_MS = 1_800_000_000_000;
const SCRAPE_MS = 15_000;
const TICK_MS = 5_000;
const MINUTE_MS = 60_000;

/** A store into which each sample of one counter comes some time after it was scraped; it remembers when each was handed out first. */
class LateStore implements SentinelReader {
  readonly readMs: (number | undefined)[];
  readonly spansMs: number[] = [];
  readonly #delaysMs: readonly number[];
  nowMs = START_MS;

  constructor(delaysMs: readonly number[]) {
    this.#delaysMs = delaysMs;
    this.readMs = delaysMs.map(() => undefined);
  }

  sampleMs(i: number): number {
    return START_MS + (i + 1) * SCRAPE_MS;
  }

  committedMs(i: number): number {
    return this.sampleMs(i) + this.#delaysMs[i]!;
  }

  async read(_selectors: unknown, fromMs: number, toMs: number): Promise<Iterable<Series>> {
    this.spansMs.push(toMs - fromMs);
    const labels = Labels.of({ [METRIC_NAME]: 'checkout_attempts_total', job: 'shop', instance: 'a' });
    const seen = [...this.#delaysMs.keys()].filter((i) => {
      const atMs = this.sampleMs(i);
      return atMs > fromMs && atMs <= toMs && this.committedMs(i) <= this.nowMs;
    });
    for (const i of seen) this.readMs[i] ??= this.nowMs;
    const timestampsMs = Float64Array.from(seen, (i) => this.sampleMs(i));
    return [{ labels, timestampsMs, values: Float64Array.from(seen) }];
  }

  /** Lets a sentinel look until every sample had its time. */
  async watched(): Promise<this> {
    const sentinel = createSentinel({ reader: this, learnMs: MINUTE_MS });
    await sentinel.learn(this.nowMs);
    this.spansMs.length = 0;
    const endMs = this.sampleMs(this.#delaysMs.length) + 3 * MINUTE_MS;
    while (this.nowMs < endMs) {
      this.nowMs += TICK_MS;
      await sentinel.tick(this.nowMs);
    }
    return this;
  }
}

test('every sample that is stored up to a minute late is read, at most a minute after that', async () => {
  const delayMs = fc.oneof(fc.integer({ min: 0, max: 9_000 }), fc.integer({ min: 0, max: 60_000 }));
  await fc.assert(
    fc.asyncProperty(fc.array(delayMs, { minLength: 1, maxLength: 80 }), async (delaysMs) => {
      const store = await new LateStore(delaysMs).watched();
      for (const [i, readMs] of store.readMs.entries()) {
        expect(readMs).toBeDefined();
        expect(readMs! - store.committedMs(i)).toBeLessThanOrEqual(MINUTE_MS + TICK_MS);
      }
    }),
    { numRuns: 60 },
  );
});

test('looks back a long way once a minute only, as long as nothing comes late', async () => {
  const { spansMs } = await new LateStore(Array.from({ length: 40 }, () => 2_000)).watched();
  const long = spansMs.filter((spanMs) => spanMs > 15_000);
  expect(long.length).toBe(Math.ceil(spansMs.length / 12));
});

test('looks back a long way at every look after something came late', async () => {
  const delaysMs = Array.from({ length: 40 }, (_, i) => (i > 3 ? 30_000 : 2_000));
  const { spansMs } = await new LateStore(delaysMs).watched();
  expect(spansMs.filter((spanMs) => spanMs > 15_000).length).toBeGreaterThan(spansMs.length / 2);
});
