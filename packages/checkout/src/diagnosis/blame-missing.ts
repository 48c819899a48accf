import { explainCounts } from './explain-counts.ts';
import { ABSENT, type Cause, type CountTable } from './leaf-table.ts';
import type { Finding } from './outcome-cell.ts';

/** Attempts that came and that were to be expected, by channel, region and the like. */
export interface AttemptCell {
  readonly labels: Readonly<Record<string, string>>;
  readonly seen: number;
  readonly expected: number;
}

const MAX_FINDINGS = 3;
const MAX_LEAVES = 4_000;
/** The time before is of other hours: the whole may well be half or twice as much. */
const DRIFT_SD = 0.3;
/** Half of what the rest of the shop lets expect must be missing. */
const SMALLEST_EFFECT = 0.5;
/** A surge elsewhere is not taken to be owed by every part. */
const HIGHEST_LEVEL = 1.5;
/** How long the time before was, in windows, when nobody says. */
const USUAL_WINDOWS = 4;

/**
 * Finds the parts whose attempts are missing while the rest still comes, most missing first. `windows` is how many times as long
 * the time was from which the expectation is known. When everything is missing alike, no part is blamed.
 */
export function blameMissing(cells: readonly AttemptCell[], windows = USUAL_WINDOWS): Finding[] {
  const busiest =
    cells.length <= MAX_LEAVES ? [...cells] : cells.toSorted((a, b) => b.expected - a.expected).slice(0, MAX_LEAVES);
  const missing = sum(busiest, 'expected') - sum(busiest, 'seen');
  if (missing < 2) return [];
  const { table, values } = attemptTable(busiest, Math.max(1, windows));
  return explainCounts(table)
    .map((cause) => describe(cause, table, values, busiest, missing))
    .filter((finding) => finding !== undefined)
    .slice(0, MAX_FINDINGS);
}

function attemptTable(cells: readonly AttemptCell[], windows: number): { table: CountTable; values: string[][] } {
  const names = [...new Set(cells.flatMap(({ labels }) => Object.keys(labels)))].sort();
  const valuesOf = (name: string) => [...new Set(cells.map(({ labels }) => labels[name] ?? ''))];
  const attributes = names.filter((name) => valuesOf(name).length > 1);
  const values = attributes.map((name) =>
    valuesOf(name)
      .filter((value) => value !== '')
      .sort(),
  );
  const table: CountTable = {
    attributes,
    sizes: values.map(({ length }) => length),
    codes: attributes.map((name, a) =>
      Uint16Array.from(cells, ({ labels }) => {
        const code = values[a]!.indexOf(labels[name] ?? '');
        return code < 0 ? ABSENT : code;
      }),
    ),
    leaves: cells.length,
    before: Float64Array.from(cells, ({ expected }) => expected * windows),
    now: Float64Array.from(cells, ({ seen }) => seen),
    windows,
    driftSd: DRIFT_SD,
    smallestEffect: SMALLEST_EFFECT,
  };
  return { table, values };
}

function describe(
  cause: Cause,
  table: CountTable,
  values: readonly string[][],
  cells: readonly AttemptCell[],
  missing: number,
): Finding | undefined {
  const labels = Object.fromEntries(cause.labels.map(([a, value]) => [table.attributes[a]!, values[a]![value]!]));
  const inside = cells.filter((cell) => Object.entries(labels).every(([name, value]) => cell.labels[name] === value));
  const expected = sum(inside, 'expected');
  const seen = sum(inside, 'seen');
  const expectedRest = sum(cells, 'expected') - expected;
  if (expected < 1 || expectedRest < 1) return undefined;
  // What the rest still gets is what this part would get if it were not special.
  const level = Math.min(HIGHEST_LEVEL, (sum(cells, 'seen') - seen) / expectedRest);
  if (seen >= SMALLEST_EFFECT * expected * level) return undefined;
  const extra = expected - seen;
  return {
    labels,
    extra,
    share: Math.min(1, extra / missing),
    severity: extra / expected,
    confidence: 1 / (1 + Math.exp(-cause.evidence)),
    reasons: [],
  };
}

function sum(cells: readonly AttemptCell[], field: 'seen' | 'expected'): number {
  return cells.reduce((total, cell) => total + cell[field], 0);
}
