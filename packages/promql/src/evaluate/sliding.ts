/**
 * Window aggregates in O(1) amortised per step, without ever subtracting: what leaves a window leaves no rounding error, no
 * infinity and no NaN behind.
 *
 * A window [lo, hi) is cut at a pivot. Right of it one running aggregate grows with `hi`; left of it the aggregates of all
 * suffixes are kept. When `lo` passes the pivot, the pivot moves to `hi` and the suffixes are built anew, so every sample
 * is taken twice at most.
 */
export interface Monoid {
  /** How many numbers make up a state. */
  readonly lanes: number;
  /** Writes the state of no sample to `state[at …]`. */
  empty(state: Float64Array, at: number): void;
  /** Adds sample `index` to the state at `state[at …]`; it lies after (or before) everything in it. */
  add(state: Float64Array, at: number, index: number): void;
  /** Adds the state at `from[fromAt …]` to the one at `state[at …]`. */
  merge(state: Float64Array, at: number, from: Float64Array, fromAt: number): void;
}

/**
 * Calls `emit(k, state)` with the aggregate of every window that holds a sample. `state` is reused between calls.
 * `lo` and `hi` must not fall.
 */
export function slide(
  lo: Int32Array,
  hi: Int32Array,
  monoid: Monoid,
  emit: (step: number, state: Float64Array) => void,
): void {
  const { lanes } = monoid;
  const samples = hi.length === 0 ? 0 : hi[hi.length - 1]!;
  const suffixes = new Float64Array(samples * lanes);
  const running = new Float64Array(lanes);
  const state = new Float64Array(lanes);
  let pivot = 0;
  let taken = 0;
  for (let k = 0; k < lo.length; k++) {
    const low = lo[k]!;
    const high = hi[k]!;
    if (low >= high) continue;
    if (low >= pivot) {
      pivot = high;
      taken = high;
      monoid.empty(running, 0);
      for (let i = high - 1; i >= low; i--) {
        if (i === high - 1) monoid.empty(suffixes, i * lanes);
        else suffixes.copyWithin(i * lanes, (i + 1) * lanes, (i + 2) * lanes);
        monoid.add(suffixes, i * lanes, i);
      }
    }
    while (taken < high) monoid.add(running, 0, taken++);
    for (let lane = 0; lane < lanes; lane++) state[lane] = suffixes[low * lanes + lane]!;
    monoid.merge(state, 0, running, 0);
    emit(k, state);
  }
}

/** Sums with Neumaier's compensation: lanes are the sum and its error. */
export class SumMonoid implements Monoid {
  readonly lanes = 2;
  readonly #values: Float64Array;

  constructor(values: Float64Array) {
    this.#values = values;
  }

  empty(state: Float64Array, at: number): void {
    state[at] = 0;
    state[at + 1] = 0;
  }

  add(state: Float64Array, at: number, index: number): void {
    addCompensated(state, at, this.#values[index]!);
  }

  merge(state: Float64Array, at: number, from: Float64Array, fromAt: number): void {
    addCompensated(state, at, from[fromAt]!);
    state[at + 1] = state[at + 1]! + from[fromAt + 1]!;
  }
}

function addCompensated(state: Float64Array, at: number, value: number): void {
  const sum = state[at]!;
  const next = sum + value;
  state[at] = next;
  // An infinite sum has no rounding error, and one computed from infinities would be NaN.
  if (!Number.isFinite(next)) state[at + 1] = 0;
  else state[at + 1] = state[at + 1]! + (Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum);
}

/** Count, mean and sum of squared distances from it (Welford, merged as by Chan): for variances. */
export class VarianceMonoid implements Monoid {
  readonly lanes = 3;
  readonly #values: Float64Array;

  constructor(values: Float64Array) {
    this.#values = values;
  }

  empty(state: Float64Array, at: number): void {
    state.fill(0, at, at + 3);
  }

  add(state: Float64Array, at: number, index: number): void {
    const value = this.#values[index]!;
    const count = state[at]! + 1;
    const delta = value - state[at + 1]!;
    state[at] = count;
    state[at + 1] = state[at + 1]! + delta / count;
    state[at + 2] = state[at + 2]! + delta * (value - state[at + 1]!);
  }

  merge(state: Float64Array, at: number, from: Float64Array, fromAt: number): void {
    const right = from[fromAt]!;
    if (right === 0) return;
    const left = state[at]!;
    const count = left + right;
    const delta = from[fromAt + 1]! - state[at + 1]!;
    state[at] = count;
    state[at + 1] = state[at + 1]! + (delta * right) / count;
    state[at + 2] = state[at + 2]! + from[fromAt + 2]! + (delta * delta * left * right) / count;
  }
}

/**
 * Count, both means, and the summed products of distances from them, of time (seconds since the series' first sample) and
 * value: what a line of least squares needs.
 */
export class RegressionMonoid implements Monoid {
  readonly lanes = 5;
  readonly #timestampsMs: Float64Array;
  readonly #values: Float64Array;

  constructor(timestampsMs: Float64Array, values: Float64Array) {
    this.#timestampsMs = timestampsMs;
    this.#values = values;
  }

  empty(state: Float64Array, at: number): void {
    state.fill(0, at, at + 5);
  }

  add(state: Float64Array, at: number, index: number): void {
    const x = (this.#timestampsMs[index]! - this.#timestampsMs[0]!) / 1000;
    const y = this.#values[index]!;
    const count = state[at]! + 1;
    const dx = x - state[at + 1]!;
    const dy = y - state[at + 2]!;
    state[at] = count;
    state[at + 1] = state[at + 1]! + dx / count;
    state[at + 2] = state[at + 2]! + dy / count;
    state[at + 3] = state[at + 3]! + dx * (x - state[at + 1]!);
    state[at + 4] = state[at + 4]! + dx * (y - state[at + 2]!);
  }

  merge(state: Float64Array, at: number, from: Float64Array, fromAt: number): void {
    const right = from[fromAt]!;
    if (right === 0) return;
    const left = state[at]!;
    const count = left + right;
    const dx = from[fromAt + 1]! - state[at + 1]!;
    const dy = from[fromAt + 2]! - state[at + 2]!;
    state[at] = count;
    state[at + 1] = state[at + 1]! + (dx * right) / count;
    state[at + 2] = state[at + 2]! + (dy * right) / count;
    state[at + 3] = state[at + 3]! + from[fromAt + 3]! + (dx * dx * left * right) / count;
    state[at + 4] = state[at + 4]! + from[fromAt + 4]! + (dx * dy * left * right) / count;
  }
}

/**
 * Calls `emit(k, index)` with the sample that wins in every window that holds one. `beats(a, b)` says whether sample a makes
 * the earlier sample b pointless for as long as both are in the window. NaN loses against every number.
 */
export function slideExtreme(
  lo: Int32Array,
  hi: Int32Array,
  values: Float64Array,
  beats: (later: number, earlier: number) => boolean,
  emit: (step: number, index: number) => void,
): void {
  const queue = new Int32Array(hi.length === 0 ? 0 : hi[hi.length - 1]!);
  let front = 0;
  let back = 0;
  let taken = 0;
  for (let k = 0; k < lo.length; k++) {
    const low = lo[k]!;
    const high = hi[k]!;
    if (low >= high) continue;
    for (taken = Math.max(taken, low); taken < high; taken++) {
      const value = values[taken]!;
      if (value !== value) continue;
      while (back > front && beats(value, values[queue[back - 1]!]!)) back--;
      queue[back++] = taken;
    }
    while (front < back && queue[front]! < low) front++;
    // Only NaN in the window: its first sample stands for it.
    emit(k, front < back ? queue[front]! : low);
  }
}
