import { ABSENT, type RatioTable } from './leaf-table.ts';
import { type DiagnosisLabel, EXPOSURE_LABELS, type OutcomeCell } from './outcome-cell.ts';

/** More leaves than this are a label explosion: the busiest are kept, before and now alike. */
const MAX_LEAVES = 4_000;
/** Failures of steps beyond these count together with those that name none. */
const MAX_STEPS = 24;
/** The windows lie next to each other, so the whole drifts little. */
const DRIFT_SD = 0.12;
/** One in fifty that fails in addition is worth a name. */
const SMALLEST_EFFECT = 0.02;
/** Named even where there is only one, because the reader knows it as somebody to call. */
export const PAYMENT_LABELS = ['provider', 'method'] as const;

/** Outcomes now and before as a table of attempts and failures by step. */
export interface OutcomeTable {
  readonly table: RatioTable;
  /** The values of each attribute of the table, by their numbers. */
  readonly values: readonly (readonly string[])[];
  /** The steps by the numbers of the table's kinds; the first is the one that is not known. */
  readonly steps: readonly string[];
}

interface Leaf {
  readonly labels: OutcomeCell['labels'];
  readonly attempts: [before: number, now: number];
  readonly failures: [before: Map<string, number>, now: Map<string, number>];
}

/** Makes the table, with the labels that tell leaves apart as its attributes. */
export function outcomeTable(current: readonly OutcomeCell[], baseline: readonly OutcomeCell[]): OutcomeTable {
  const leaves = gather(current, baseline);
  const attributes = EXPOSURE_LABELS.filter((name) => isTelling(name, leaves));
  const values = attributes.map((name) => [...new Set(leaves.flatMap(({ labels }) => labels[name] || []))].sort());
  const codes = attributes.map((name, a) => {
    const codeOf = new Map(values[a]!.map((value, code) => [value, code]));
    return Uint16Array.from(leaves, ({ labels }) => codeOf.get(labels[name] ?? '') ?? ABSENT);
  });
  const steps = stepsOf(leaves);
  const counts = (window: 0 | 1) => {
    const failures = new Float64Array(leaves.length * steps.length);
    leaves.forEach((leaf, i) => {
      for (const [step, count] of leaf.failures[window])
        failures[i * steps.length + Math.max(0, steps.indexOf(step))]! += count;
    });
    return failures;
  };
  const table: RatioTable = {
    attributes,
    sizes: values.map(({ length }) => length),
    codes,
    leaves: leaves.length,
    attemptsBefore: passers(
      codes,
      Float64Array.from(leaves, ({ attempts }) => attempts[0]),
    ),
    attemptsNow: passers(
      codes,
      Float64Array.from(leaves, ({ attempts }) => attempts[1]),
    ),
    kindLabel: 'step',
    kinds: steps.length,
    failuresBefore: counts(0),
    failuresNow: counts(1),
    kindsDependOn: [...PAYMENT_LABELS],
    driftSd: DRIFT_SD,
    mayFailAsAWhole: true,
    smallestEffect: SMALLEST_EFFECT,
  };
  return { table, values, steps };
}

/** What tells leaves apart. */
function leafKey(labels: OutcomeCell['labels']): string {
  return EXPOSURE_LABELS.map((name) => labels[name] ?? '').join('\u0001');
}

/**
 * Where some attempts failed before they had, say, a provider, every other attempt passed there too. Those of a region in which
 * nothing failed are counted where they passed only if there is a leaf to count them in: without it the failures of one region
 * would look like those of all.
 */
function addPassed(leaves: Map<string, Leaf>): void {
  const patterns = new Map<string, readonly DiagnosisLabel[]>();
  for (const { labels } of leaves.values()) {
    const present = EXPOSURE_LABELS.filter((name) => labels[name]);
    patterns.set(present.join(), present);
  }
  for (const present of patterns.values()) {
    for (const { labels } of [...leaves.values()]) {
      if (!present.every((name) => labels[name])) continue;
      const passed = Object.fromEntries(present.map((name) => [name, labels[name]]));
      const key = leafKey(passed);
      if (!leaves.has(key)) leaves.set(key, { labels: passed, attempts: [0, 0], failures: [new Map(), new Map()] });
    }
  }
}

function gather(current: readonly OutcomeCell[], baseline: readonly OutcomeCell[]): Leaf[] {
  const leaves = new Map<string, Leaf>();
  const put = (cells: readonly OutcomeCell[], window: 0 | 1) => {
    for (const { labels, isFailure, count } of cells) {
      if (!(count > 0)) continue;
      const key = leafKey(labels);
      const leaf: Leaf = leaves.get(key) ?? { labels, attempts: [0, 0], failures: [new Map(), new Map()] };
      leaves.set(key, leaf);
      leaf.attempts[window] += count;
      const step = labels.step ?? '';
      if (isFailure) leaf.failures[window].set(step, (leaf.failures[window].get(step) ?? 0) + count);
    }
  };
  put(baseline, 0);
  put(current, 1);
  addPassed(leaves);
  const order = [...leaves].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, leaf]) => leaf);
  if (order.length <= MAX_LEAVES) return order;
  return order.sort((a, b) => b.attempts[0] + b.attempts[1] - a.attempts[0] - a.attempts[1]).slice(0, MAX_LEAVES);
}

/** A label that is the same for every checkout explains nothing: a shop with one instance fails on that instance. */
function isTelling(name: DiagnosisLabel, leaves: readonly Leaf[]): boolean {
  const present = new Set(leaves.map(({ labels }) => labels[name] ?? ''));
  const isPayment = PAYMENT_LABELS.some((payment) => payment === name);
  return present.size > (isPayment && present.has('') ? 1 : present.has('') ? 2 : 1);
}

function stepsOf(leaves: readonly Leaf[]): string[] {
  const counts = new Map<string, number>();
  for (const { failures } of leaves) {
    for (const window of failures)
      for (const [step, count] of window) counts.set(step, (counts.get(step) ?? 0) + count);
  }
  counts.delete('');
  const byCount = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([step]) => step);
  return ['', ...byCount.slice(0, MAX_STEPS)];
}

/**
 * Attempts that came as far as a leaf. One that failed before it had, say, a provider belongs to a leaf without provider; every
 * attempt that got one passed there too.
 */
function passers(codes: readonly Uint16Array[], ended: Float64Array): Float64Array {
  const came = ended.slice();
  const absences = new Map<string, Map<string, number>>();
  const patternOf = (leaf: number) => codes.map((column) => (column[leaf] === ABSENT ? '0' : '1')).join('');
  const keyOf = (leaf: number, pattern: string) =>
    codes.map((column, a) => (pattern[a] === '0' ? '' : column[leaf])).join();
  for (let leaf = 0; leaf < ended.length; leaf++) {
    const pattern = patternOf(leaf);
    if (pattern.includes('0')) absences.set(pattern, new Map());
  }
  for (const [pattern, sums] of absences) {
    for (let leaf = 0; leaf < ended.length; leaf++) {
      const own = patternOf(leaf);
      const goesFurther = own !== pattern && [...pattern].every((bit, a) => bit === '0' || own[a] === '1');
      const key = keyOf(leaf, pattern);
      if (goesFurther) sums.set(key, (sums.get(key) ?? 0) + ended[leaf]!);
    }
  }
  for (let leaf = 0; leaf < ended.length; leaf++) {
    const pattern = patternOf(leaf);
    came[leaf]! += absences.get(pattern)?.get(keyOf(leaf, pattern)) ?? 0;
  }
  return came;
}
