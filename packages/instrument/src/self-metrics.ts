import type { Registry } from 'prom-client';
import { type CounterCell, counter } from './cells/counter.ts';
import type { Limit } from './cells/label-tree.ts';

/** What the instruments count about themselves, shared by all of one registry. */
export class SelfMetrics {
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
    for (const kind of ['log', 'classify', 'trace_id', 'value'] as const) this.error(kind);
  }

  /** Something of the shop's that we were given misbehaved: the log, `classify`, `traceId`, or a value that is no amount. */
  error(kind: 'log' | 'classify' | 'trace_id' | 'value'): CounterCell {
    return counter(
      this.#registry,
      'instrument_errors_total',
      'Misbehaviour of what was given to the instruments; it never reaches the customer.',
      ['kind'],
    ).cell(kind);
  }

  /** The limit of a family, counting what it folds. */
  limit(maxCells: number): Limit {
    return { maxCells, onFold: (metricName) => this.#folded(metricName, '') };
  }

  /** Counts a label value that became `other`. */
  foldedLabel(label: string): void {
    this.#folded('', label);
  }

  #folded(metric: string, label: string): void {
    counter(
      this.#registry,
      'instrument_folded_total',
      'Events counted under "other" because a label, or all label sets of a metric, were at their limit.',
      ['metric', 'label'],
    ).cell(metric, label).value += 1;
  }
}
