/** How much of something was in use under a load, both at one time. */
export interface LoadPoint {
  readonly load: number;
  readonly used: number;
}

/** What is expected to be in use, and where nine of ten times it will lie. */
export interface Expectation {
  readonly mid: number;
  readonly low: number;
  readonly high: number;
}

/** Fewer points than this make no line. */
const FEWEST = 24;

/** Loads that differ by less than this say nothing about another load. */
const SMALLEST_SPREAD = 1.3;

/** Nine tenths of a normal distribution lie within so many deviations. */
const DEVIATIONS = 1.645;

/**
 * What would be in use under the load `at`, by a straight line through what was seen, with the prediction interval of
 * least squares. `undefined` when the points are too few, or their loads too much alike, to say.
 */
export function extrapolate(points: readonly LoadPoint[], at: number): Expectation | undefined {
  const seen = points.filter(({ load, used }) => Number.isFinite(load) && Number.isFinite(used) && load > 0);
  if (seen.length < FEWEST) return undefined;
  const loads = seen.map(({ load }) => load).sort((a, b) => a - b);
  const quantile = (share: number) => loads[Math.floor(share * (loads.length - 1))] as number;
  if (quantile(0.95) < SMALLEST_SPREAD * quantile(0.05)) return undefined;

  const meanLoad = mean(seen.map(({ load }) => load));
  const meanUsed = mean(seen.map(({ used }) => used));
  let spread = 0;
  let together = 0;
  for (const { load, used } of seen) {
    spread += (load - meanLoad) ** 2;
    together += (load - meanLoad) * (used - meanUsed);
  }
  // More load never frees anything: a falling line is noise about a level one.
  const slope = Math.max(0, together / spread);
  const predict = (load: number) => meanUsed + slope * (load - meanLoad);
  const residual = seen.reduce((sum, { load, used }) => sum + (used - predict(load)) ** 2, 0) / (seen.length - 2);
  const margin = DEVIATIONS * Math.sqrt(residual * (1 + 1 / seen.length + (at - meanLoad) ** 2 / spread));
  const mid = Math.max(0, predict(at));
  return { mid, low: Math.max(0, mid - margin), high: mid + margin };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
