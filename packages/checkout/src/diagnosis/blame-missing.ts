import type { Finding } from './outcome-cell.ts';

/** Attempts that came and that were to be expected, by channel, region and version. */
export interface AttemptCell {
  readonly labels: Readonly<Record<string, string>>;
  readonly seen: number;
  readonly expected: number;
}

const CAUTION = 10;

/**
 * Finds the one slice (of one or two labels) whose attempts are missing while the rest still comes. When everything is
 * missing alike, no slice is blamed.
 */
export function blameMissing(cells: readonly AttemptCell[]): Finding[] {
  const seen = sum(cells, 'seen');
  const expected = sum(cells, 'expected');
  const missing = expected - seen;
  if (missing < 2) return [];

  let best: { finding: Finding; score: number } | undefined;
  for (const { labels, inside } of slicesOf(cells)) {
    const expectedInside = sum(inside, 'expected');
    const expectedRest = expected - expectedInside;
    if (expectedInside < 1 || expectedRest < 1) continue;
    const seenInside = sum(inside, 'seen');
    // What the rest still gets is what this slice would get if it were not special.
    const level = Math.min(1.5, (seen - seenInside) / expectedRest);
    const usual = expectedInside * level;
    if (seenInside >= 0.5 * usual) continue;
    const score = poissonGain(seenInside, usual) - 2 * Object.keys(labels).length;
    if (score <= CAUTION || (best !== undefined && best.score >= score)) continue;
    const extra = expectedInside - seenInside;
    best = {
      score,
      finding: {
        labels,
        extra,
        share: Math.min(1, extra / missing),
        severity: 1 - seenInside / expectedInside,
        reasons: [],
      },
    };
  }
  return best === undefined ? [] : [best.finding];
}

function slicesOf(cells: readonly AttemptCell[]): { labels: Record<string, string>; inside: AttemptCell[] }[] {
  const slices = new Map<string, { labels: Record<string, string>; inside: AttemptCell[] }>();
  const put = (labels: [string, string][], cell: AttemptCell) => {
    const key = labels.flat().join('\u0001');
    const known = slices.get(key);
    if (known === undefined) slices.set(key, { labels: Object.fromEntries(labels), inside: [cell] });
    else known.inside.push(cell);
  };
  for (const cell of cells) {
    const labels = Object.entries(cell.labels);
    labels.forEach((one, i) => {
      put([one], cell);
      for (const other of labels.slice(i + 1)) put([one, other], cell);
    });
  }
  return [...slices.values()];
}

function poissonGain(seen: number, expected: number): number {
  return (seen <= 0 ? 0 : seen * Math.log(seen / expected)) - seen + expected;
}

function sum(cells: readonly AttemptCell[], field: 'seen' | 'expected'): number {
  return cells.reduce((total, cell) => total + cell[field], 0);
}
