import { type Histogram, invariant, type Labels } from '@tillwatch/model';
import type { Run } from './run.ts';

/**
 * One series of an instant vector over all steps of a timeline. `present[k]` says whether there is a value at step k: a
 * NaN is a value. `dropName` marks a name that is to be dropped when the query ends (delayed name removal).
 * Where there is a native histogram at a step, it is the value, and the number means nothing; the array is there only when
 * the series has any, so that queries of numbers cost nothing more.
 */
export interface Column {
  readonly labels: Labels;
  readonly values: Float64Array;
  readonly present: Uint8Array;
  readonly dropName: boolean;
  readonly histograms?: readonly (Histogram | undefined)[] | undefined;
}

/** Histograms of a column while it is made: one place for each step. */
export type HistogramSteps = (Histogram | undefined)[];

export function newHistogramSteps(steps: number): HistogramSteps {
  return new Array<Histogram | undefined>(steps).fill(undefined);
}

/** What a node of the tree yields over a timeline. */
export type Value =
  | { readonly kind: 'scalar'; readonly values: Float64Array }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'vector'; readonly columns: readonly Column[]; readonly isOrdered?: boolean };

export function newColumn(labels: Labels, steps: number, dropName = false): Column {
  return { labels, values: new Float64Array(steps), present: new Uint8Array(steps), dropName };
}

/** The column with these histograms, if there are any. */
export function withHistograms(column: Column, histograms: HistogramSteps): Column {
  return histograms.some((histogram) => histogram !== undefined) ? { ...column, histograms } : column;
}

/** The columns with their numbers only. `onHistogram` is called for each step at which a histogram is left out. */
export function floatsOf(columns: readonly Column[], onHistogram: () => void = () => {}): readonly Column[] {
  if (!columns.some(({ histograms }) => histograms !== undefined)) return columns;
  return columns.flatMap((column) => {
    const { histograms, ...rest } = column;
    if (histograms === undefined) return [column];
    const present = column.present.map((there, k) => {
      if (there === 0 || histograms[k] === undefined) return there;
      onHistogram();
      return 0;
    });
    return present.includes(1) ? [{ ...rest, present }] : [];
  });
}

export function hasAny(column: Column): boolean {
  return column.present.includes(1);
}

export function vectorOf(columns: readonly Column[]): Value {
  return { kind: 'vector', columns };
}

export function expectVector(value: Value): readonly Column[] {
  invariant(value.kind === 'vector', 'the parser lets only instant vectors get here');
  return value.columns;
}

export function expectScalar(value: Value): Float64Array {
  invariant(value.kind === 'scalar', 'the parser lets only scalars get here');
  return value.values;
}

export function expectString(value: Value): string {
  invariant(value.kind === 'string', 'the parser lets only strings get here');
  return value.text;
}

/** The labels that say what a metric is; they go where the name goes. */
const METADATA_LABELS = ['__name__', '__type__', '__unit__'];

/** Do the labels say more of the metric than its name? */
export function hasMetadata(labels: Labels): boolean {
  return labels.has('__type__') || labels.has('__unit__');
}

export function withoutMetadata(labels: Labels): Labels {
  return labels.without(METADATA_LABELS);
}

/** Labels of a result that is no longer the metric it was made from: the name goes now, or at the end of the query. */
export function droppedName(run: Run, labels: Labels): { labels: Labels; dropName: boolean } {
  return run.isNameRemovalDelayed ? { labels, dropName: true } : { labels: withoutMetadata(labels), dropName: false };
}

/**
 * Puts columns of equal labels together when no step has a value in both, which happens when names were dropped.
 * @throws {QueryError} when two of them have a value at the same step
 */
export function mergeEqual(columns: readonly Column[], onClash: () => never): readonly Column[] {
  const byKey = new Map<string, Column>();
  let merged = false;
  for (const column of columns) {
    const before = byKey.get(column.labels.key);
    if (before === undefined) byKey.set(column.labels.key, column);
    else {
      byKey.set(column.labels.key, mergeTwo(before, column, onClash));
      merged = true;
    }
  }
  return merged ? [...byKey.values()] : columns;
}

function mergeTwo(a: Column, b: Column, onClash: () => never): Column {
  const values = a.values.slice();
  const present = a.present.slice();
  const isFloat = a.histograms === undefined && b.histograms === undefined;
  const histograms = isFloat ? undefined : (a.histograms?.slice() ?? newHistogramSteps(present.length));
  for (let k = 0; k < present.length; k++) {
    if (b.present[k] === 0) continue;
    if (present[k] === 1) onClash();
    values[k] = b.values[k]!;
    present[k] = 1;
    if (histograms !== undefined) histograms[k] = b.histograms?.[k];
  }
  return { labels: a.labels, values, present, histograms, dropName: a.dropName || b.dropName };
}
