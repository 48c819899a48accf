import { type Appendable, type Batch, type Labels, StoreError } from '@tillwatch/model';

export interface StoredSample {
  readonly series: string;
  readonly timestampMs: number;
  readonly value: number | 'stale';
}

/** A store that keeps each committed batch as a list, and can be told to fail or to be slow. */
export class MemoryStore implements Appendable {
  readonly batches: StoredSample[][] = [];
  readonly labels = new Set<Labels>();
  isFull = false;
  /** While set, commits wait for it. */
  gate: Promise<void> | undefined;

  batch(): Batch {
    const samples: StoredSample[] = [];
    const seen = new Set<string>();
    return {
      append: (labels, timestampMs, value) => {
        const key = `${labels.key}${timestampMs}`;
        if (seen.has(key)) return false;
        seen.add(key);
        this.labels.add(labels);
        samples.push({ series: String(labels), timestampMs, value });
        return true;
      },
      appendStale: (labels, timestampMs) => {
        samples.push({ series: String(labels), timestampMs, value: 'stale' });
      },
      put() {},
      remove() {},
      commit: async () => {
        await this.gate;
        if (this.isFull) throw new StoreError('full', 'the disk is full');
        this.batches.push(samples);
      },
    };
  }

  /** Series and values of a batch, without those that a scrape reports about itself. */
  samples(batch: number): Record<string, number | 'stale'> {
    return Object.fromEntries(
      (this.batches[batch] ?? [])
        .filter(({ series }) => !/^(?:up|scrape_\w+)\{/.test(series))
        .map(({ series, value }) => [series, value]),
    );
  }

  /** What a batch reports about its scrape, by metric name. */
  report(batch: number): Record<string, number | 'stale'> {
    return Object.fromEntries(
      (this.batches[batch] ?? [])
        .filter(({ series }) => /^(?:up|scrape_\w+)\{/.test(series))
        .map(({ series, value }) => [series.slice(0, series.indexOf('{')), value]),
    );
  }
}
