import { explainCounts } from '../../packages/checkout/src/diagnosis/explain-counts.ts';
import { explainForecast } from '../../packages/checkout/src/diagnosis/explain-forecast.ts';
import { explainRatio } from '../../packages/checkout/src/diagnosis/explain-ratio.ts';
import type { Cause, CountTable, RatioTable } from '../../packages/checkout/src/diagnosis/leaf-table.ts';

/** One line of a file of instances. */
export interface Instance {
  readonly id: string;
  readonly measure: 'failure_ratio' | 'attempts' | 'forecast';
  readonly exposure: { readonly baseline: number; readonly current: number };
  readonly attributes: readonly string[];
  readonly values: Readonly<Record<string, readonly string[]>>;
  /** Indexes of the labels but `reason`, then attempts before and now. */
  readonly cells: readonly (readonly number[])[];
  /** Cell, reason, failures before and now. */
  readonly failures: readonly (readonly [number, number, number, number])[];
  readonly real: readonly number[];
  readonly predict: readonly number[];
}

/** How far the whole may drift between the two windows, which are of the same hours of the day. */
const DRIFT_SD = 0.12;
const SMALLEST_EFFECT = 0.07;

/** The label sets to which the loss of an instance is put down, most important first. */
export function causesOf(instance: Instance): Record<string, string>[] {
  const causes =
    instance.measure === 'forecast'
      ? explainForecast({
          sizes: instance.attributes.map((name) => instance.values[name]!.length),
          real: Float64Array.from(instance.real),
          predicted: Float64Array.from(instance.predict),
        })
      : instance.measure === 'attempts'
        ? explainCounts(countTable(instance))
        : explainRatio(ratioTable(instance));
  return causes.map((cause) => labelsOf(instance, cause));
}

function countTable(instance: Instance): CountTable {
  const { attributes, exposure } = instance;
  return {
    ...leaves(instance, attributes),
    before: column(instance, attributes.length),
    now: column(instance, attributes.length + 1),
    windows: exposure.baseline / exposure.current,
    driftSd: DRIFT_SD,
    smallestEffect: SMALLEST_EFFECT,
  };
}

function ratioTable(instance: Instance): RatioTable {
  const exposed = instance.attributes.filter((name) => name !== 'reason');
  const kinds = instance.values.reason?.length ?? 1;
  const failuresBefore = new Float64Array(instance.cells.length * kinds);
  const failuresNow = new Float64Array(instance.cells.length * kinds);
  for (const [cell, kind, before, now] of instance.failures) {
    failuresBefore[cell * kinds + kind] = before;
    failuresNow[cell * kinds + kind] = now;
  }
  return {
    ...leaves(instance, exposed),
    attemptsBefore: column(instance, exposed.length),
    attemptsNow: column(instance, exposed.length + 1),
    kindLabel: 'reason',
    kinds,
    failuresBefore,
    failuresNow,
    kindsDependOn: ['step', 'provider'],
    driftSd: DRIFT_SD,
    mayFailAsAWhole: false,
    smallestEffect: SMALLEST_EFFECT,
  };
}

function leaves({ cells, values }: Instance, attributes: readonly string[]) {
  return {
    attributes,
    sizes: attributes.map((name) => values[name]!.length),
    codes: attributes.map((_, i) => Uint16Array.from(cells, (cell) => cell[i]!)),
    leaves: cells.length,
  };
}

function column({ cells }: Instance, index: number): Float64Array {
  return Float64Array.from(cells, (cell) => cell[index]!);
}

function labelsOf({ attributes, values }: Instance, { labels, kind }: Cause): Record<string, string> {
  const named: Record<string, string> = {};
  for (const [attribute, value] of labels) named[attributes[attribute]!] = values[attributes[attribute]!]![value]!;
  if (kind !== undefined) named.reason = values.reason![kind]!;
  return named;
}
