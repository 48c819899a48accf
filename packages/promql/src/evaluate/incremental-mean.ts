/**
 * The mean of values whose sum overflows: the mean itself is carried along. Infinities give themselves, both give NaN.
 */
export function incrementalMean(values: Iterable<number>): number {
  let mean = 0;
  let count = 0;
  let error = 0;
  for (const value of values) {
    count++;
    if (!Number.isFinite(mean)) {
      if (!Number.isFinite(value) && mean !== value) return Number.NaN;
      continue;
    }
    if (!Number.isFinite(value)) {
      mean = value;
      error = 0;
      continue;
    }
    // Divided before they are subtracted: the difference of two huge values would overflow.
    const change = value / count - (mean + error) / count;
    const next = mean + change;
    error += Math.abs(mean) >= Math.abs(change) ? mean - next + change : change - next + mean;
    mean = next;
  }
  return mean + error;
}
