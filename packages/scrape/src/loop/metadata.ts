/** What a target says about its metrics. */
export interface MetricMetadataEntry {
  type: string;
  help: string;
  unit: string;
}

/** A target that invents metric names must not fill memory with their descriptions. */
const MOST_METRICS = 20_000;

/** Type, help and unit of a target's metrics, as it said last. */
export class MetadataCache {
  readonly #byMetric = new Map<string, MetricMetadataEntry>();

  note(kind: 'type' | 'help' | 'unit', metric: string, text: string): void {
    let entry = this.#byMetric.get(metric);
    if (entry === undefined) {
      if (this.#byMetric.size >= MOST_METRICS) return;
      entry = { type: 'unknown', help: '', unit: '' };
      this.#byMetric.set(detached(metric), entry);
    }
    if (entry[kind] !== text) entry[kind] = detached(text);
  }

  entries(): Iterable<[metric: string, entry: Readonly<MetricMetadataEntry>]> {
    return this.#byMetric;
  }
}

/** A copy of a text that does not keep the page alive that it was cut from. */
export function detached(text: string): string {
  return Buffer.from(text).toString();
}
