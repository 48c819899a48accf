import { type DiagnosisLabel, EXPOSURE_LABELS, type Finding, type OutcomeCell } from './outcome-cell.ts';

/** Nats that a slice must bring beyond its description before it is blamed. */
const CAUTION = 9;
/** A slice with less of the remaining extra failures is not worth a name. */
const SMALLEST_SHARE = 0.1;
const MAX_FINDINGS = 3;
/** Slices are counted in one pass over the failing cells; more than this is a label explosion. */
const MAX_CELLS = 20_000;
/** The baseline of a slice is drawn towards the whole shop's with the weight of so many checkouts. */
const PRIOR_CHECKOUTS = 400;
/** A failure rate before that is lower than this cannot be told from zero. */
const LOWEST_RATE = 0.002;

interface Slice {
  readonly labels: readonly (readonly [DiagnosisLabel, string])[];
  readonly failed: number;
  readonly total: number;
  readonly expected: number;
  readonly score: number;
}

/**
 * Finds the slices that carry the extra failures of `current` against `baseline`: greedily the slice whose failures are
 * least likely under its usual rate, minus what it costs to describe it; then again without what that slice explains.
 * Reasons are named but never blamed: a new reason would
 * always beat the part that it comes from. Nothing is blamed when nothing stands out. Most important first.
 */
export function blameFailures(current: readonly OutcomeCell[], baseline: readonly OutcomeCell[]): Finding[] {
  const now = current.slice(0, MAX_CELLS).map((cell) => ({ ...cell }));
  const past = baseline.slice(0, MAX_CELLS);
  const exposure = tellingLabels([...now, ...past]);
  const before = new Tally(past, exposure);
  const valueCounts = countValues(now);
  const totalExtra = extraFailures(new Tally(now, exposure), before);
  if (totalExtra < 2) return [];

  const findings: Finding[] = [];
  while (findings.length < MAX_FINDINGS) {
    const best = bestSlice(new Tally(now, exposure), before, valueCounts);
    if (best === undefined || best.score <= CAUTION) break;
    const extra = best.failed - best.expected;
    if (extra / totalExtra < SMALLEST_SHARE) break;
    findings.push(describe(best, now, extra, totalExtra));
    explain(now, best);
  }
  return findings;
}

/** A label that is the same for every checkout explains nothing: a shop with one instance fails on that instance. */
function tellingLabels(cells: readonly OutcomeCell[]): DiagnosisLabel[] {
  const [first] = cells;
  return EXPOSURE_LABELS.filter(
    (name) => PAYMENT_LABELS.has(name) || cells.some((cell) => cell.labels[name] !== first?.labels[name]),
  );
}

/** Named even where there is only one, because the reader knows it as somebody to call. */
const PAYMENT_LABELS: ReadonlySet<DiagnosisLabel> = new Set(['provider', 'method']);

/** Counts by slice, for all slices of one or two labels that occur among failures. */
class Tally {
  readonly finished: number;
  readonly failed: number;
  readonly #finishedBy = new Map<string, number>();
  readonly failedBy = new Map<string, { readonly labels: Slice['labels']; count: number }>();

  constructor(cells: readonly OutcomeCell[], exposureLabels: readonly DiagnosisLabel[]) {
    let finished = 0;
    let failed = 0;
    for (const cell of cells) {
      finished += cell.count;
      const exposure = pairs(cell, exposureLabels);
      for (const labels of combinations(exposure)) add(this.#finishedBy, keyOf(labels), cell.count);
      if (!cell.isFailure || cell.count <= 0) continue;
      failed += cell.count;
      for (const labels of combinations([...exposure, ...pairs(cell, ['step'])])) {
        const key = keyOf(labels);
        const known = this.failedBy.get(key);
        if (known === undefined) this.failedBy.set(key, { labels, count: cell.count });
        else known.count += cell.count;
      }
    }
    this.finished = finished;
    this.failed = failed;
  }

  /** Finished checkouts in the slice; what only failures have does not narrow it. */
  total(labels: Slice['labels']): number {
    const exposure = labels.filter(([name]) => !isFailureLabel(name));
    return exposure.length === 0 ? this.finished : (this.#finishedBy.get(keyOf(exposure)) ?? 0);
  }

  failures(labels: Slice['labels']): number {
    return this.failedBy.get(keyOf(labels))?.count ?? 0;
  }
}

function bestSlice(now: Tally, before: Tally, valueCounts: ReadonlyMap<string, number>): Slice | undefined {
  let best: Slice | undefined;
  for (const { labels, count } of now.failedBy.values()) {
    const total = Math.max(count, now.total(labels));
    const rate = usualRate(before, labels);
    const expected = total * rate;
    if (count <= expected * 1.5 || count - expected < 2) continue;
    const score = likelihoodGain(count, total, rate) - descriptionLength(labels, valueCounts);
    if (best === undefined || score > best.score) best = { labels, failed: count, total, expected, score };
  }
  return best;
}

function usualRate(before: Tally, labels: Slice['labels']): number {
  const onlyFailureLabels = labels.filter(([name]) => isFailureLabel(name));
  const kindFailures = onlyFailureLabels.length === 0 ? before.failed : before.failures(onlyFailureLabels);
  const overall = before.finished === 0 ? 0 : kindFailures / before.finished;
  const rate = (before.failures(labels) + PRIOR_CHECKOUTS * overall) / (before.total(labels) + PRIOR_CHECKOUTS);
  return Math.min(0.5, Math.max(LOWEST_RATE, rate));
}

function likelihoodGain(failed: number, total: number, rate: number): number {
  const succeeded = total - failed;
  const share = failed / total;
  return failed * Math.log(share / rate) + (succeeded <= 0 ? 0 : succeeded * Math.log((1 - share) / (1 - rate)));
}

/** Shorter descriptions win over longer ones that select the same failures. */
function descriptionLength(labels: Slice['labels'], valueCounts: ReadonlyMap<string, number>): number {
  let nats = Math.log(labels.length === 1 ? 8 : 28);
  for (const [name] of labels) {
    nats += Math.log((valueCounts.get(name) ?? 1) + 1);
    if (name === 'instance') nats += 1;
  }
  return nats;
}

function describe(slice: Slice, now: readonly OutcomeCell[], extra: number, totalExtra: number): Finding {
  const inside = now.filter((cell) => cell.isFailure && matches(cell, slice.labels));
  const labels: Record<string, string> = Object.fromEntries(slice.labels);
  // The step costs the description nothing when it is the only one, and tells a reader at once where to look.
  const step = labels.step ?? dominantStep(inside);
  if (step !== undefined) labels.step = step;
  const reasons = [...countBy(inside, 'reason')]
    .map(([reason, count]) => ({ reason, count: Math.round(count) }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, 3);
  return {
    labels,
    extra,
    share: Math.min(1, extra / totalExtra),
    severity: Math.min(1, slice.failed / slice.total),
    reasons,
  };
}

/** Takes out of the counts what a slice explains, so that the next one must bring failures of its own. */
function explain(cells: { labels: OutcomeCell['labels']; isFailure: boolean; count: number }[], slice: Slice): void {
  const left = slice.expected / slice.failed;
  for (const cell of cells) if (cell.isFailure && matches(cell, slice.labels)) cell.count *= left;
}

function extraFailures(now: Tally, before: Tally): number {
  const rate = before.finished === 0 ? LOWEST_RATE : before.failed / before.finished;
  return now.failed - now.finished * rate;
}

/** The step in which nearly all failures of a slice happened. */
function dominantStep(cells: readonly OutcomeCell[]): string | undefined {
  const total = cells.reduce((sum, cell) => sum + cell.count, 0);
  for (const [step, count] of countBy(cells, 'step')) if (count >= 0.85 * total) return step;
  return undefined;
}

function countBy(cells: readonly OutcomeCell[], name: DiagnosisLabel): Map<string, number> {
  const counts = new Map<string, number>();
  for (const cell of cells) {
    const value = cell.labels[name];
    if (value !== undefined) add(counts, value, cell.count);
  }
  return counts;
}

function countValues(cells: readonly OutcomeCell[]): Map<string, number> {
  const values = new Map<string, Set<string>>();
  for (const cell of cells) {
    for (const [name, value] of Object.entries(cell.labels)) {
      const known = values.get(name) ?? new Set();
      known.add(value);
      values.set(name, known);
    }
  }
  return new Map([...values].map(([name, set]) => [name, set.size]));
}

function pairs(cell: OutcomeCell, names: readonly DiagnosisLabel[]): [DiagnosisLabel, string][] {
  return names.flatMap((name): [DiagnosisLabel, string][] => {
    const value = cell.labels[name];
    return value === undefined || value === '' ? [] : [[name, value]];
  });
}

function* combinations(all: readonly (readonly [DiagnosisLabel, string])[]): Generator<Slice['labels']> {
  for (let i = 0; i < all.length; i++) {
    yield [all[i]!];
    for (let j = i + 1; j < all.length; j++) yield [all[i]!, all[j]!];
  }
}

function matches(cell: OutcomeCell, labels: Slice['labels']): boolean {
  return labels.every(([name, value]) => cell.labels[name] === value);
}

function isFailureLabel(name: DiagnosisLabel): boolean {
  return name === 'step';
}

function keyOf(labels: Slice['labels']): string {
  return labels.map(([name, value]) => `${name}\u0001${value}`).join('\u0002');
}

function add<K>(map: Map<K, number>, key: K, count: number): void {
  map.set(key, (map.get(key) ?? 0) + count);
}
