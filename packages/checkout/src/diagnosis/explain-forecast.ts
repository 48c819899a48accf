import type { Cause } from './leaf-table.ts';
import { logChoose } from './slice-index.ts';

/** What came and what was forecast for every combination of labels, the last label fastest. */
export interface ForecastTable {
  readonly sizes: readonly number[];
  readonly real: Float64Array;
  readonly predicted: Float64Array;
}

/** Nats that a slice must bring beyond its description. */
const CAUTION = 1.5;
/** A single leaf can speak for a slice, and against it, only so much. */
const MOST_FOR = 16;
const MOST_AGAINST = -6;
const LEAST_NOISE = 0.003;
/** How much the leaves of one cause may differ in their shortfall; of a few leaves the spread is not known. */
const FEW = 4;
const LEAST_SPREAD = 0.01;
const MOST_SPREAD = 0.12;
/** What an exact fit may add to a first score, in nats. */
const SLACK = 5;
const CANDIDATES = 24;
const MAX_CAUSES = 12;
/** A slice whose leaves are off by less than this is only noise with a name. */
const SMALLEST_EFFECT = 0.05;

/**
 * Finds the slices whose leaves came out on the same side of the forecast, most evidence first. The noise is measured on the
 * other side, which no cause touches. Slices of any number of labels are scored in one pass over a cube that has a coordinate
 * more for each label, "all values".
 */
export function explainForecast(table: ForecastTable): Cause[] {
  const shortfalls = relativeShortfalls(table);
  const noise = noiseOf(shortfalls);
  const scores = shortfalls.map((x) => clamp(x <= 0 ? MOST_AGAINST : -logNormal(x, noise), x));
  const cube = new Cube(table.sizes);
  const causes: Cause[] = [];
  while (causes.length < MAX_CAUSES) {
    let best: { slice: Int32Array; net: number; severity: number; members: number[] } | undefined;
    for (const { slice, cost } of cube.best(scores, CANDIDATES)) {
      const members = cube.membersOf(slice).filter((leaf) => !Number.isNaN(shortfalls[leaf]!));
      const { gain, severity } = fit(members, shortfalls, noise);
      if (severity < SMALLEST_EFFECT) continue;
      if (gain > cost && (best === undefined || gain - cost > best.net))
        best = { slice, net: gain - cost, severity, members };
    }
    if (best === undefined) break;
    const { slice, net, severity, members } = best;
    causes.push({
      labels: [...slice].flatMap((value, a): [number, number][] => (value < table.sizes[a]! ? [[a, value]] : [])),
      kind: undefined,
      extra: members.reduce((sum, leaf) => sum + Math.abs(table.predicted[leaf]! - table.real[leaf]!), 0),
      severity: Math.min(1, severity),
      evidence: net,
    });
    for (const leaf of cube.membersOf(slice)) {
      scores[leaf] = 0;
      shortfalls[leaf] = Number.NaN;
    }
  }
  return causes;
}

/** By how much of the larger side each leaf falls short in the direction of the whole; NaN where nothing was and nothing came. */
function relativeShortfalls({ real, predicted }: ForecastTable): Float64Array {
  const isFall = sum(predicted) >= sum(real);
  const [high, low] = isFall ? [predicted, real] : [real, predicted];
  return high.map((h, leaf) => {
    const l = low[leaf]!;
    if (h === 0 && l === 0) return Number.NaN;
    return h === 0 ? -1 : Math.max(-1, (h - l) / h);
  });
}

function noiseOf(shortfalls: Float64Array): number {
  const other = shortfalls
    .filter((x) => x < 0)
    .map((x) => -x)
    .sort();
  return Math.max(LEAST_NOISE, (other[Math.floor(other.length / 2)] ?? LEAST_NOISE) / 0.6745);
}

/** The evidence when the leaves of a slice are off by their own median, with their own spread. */
function fit(members: readonly number[], shortfalls: Float64Array, noise: number): { gain: number; severity: number } {
  if (members.length === 0) return { gain: 0, severity: 0 };
  const values = Float64Array.from(members, (leaf) => shortfalls[leaf]!).sort();
  const severity = values[Math.floor(values.length / 2)]!;
  const deviations = values.map((x) => Math.abs(x - severity)).sort();
  const own = deviations[Math.floor(deviations.length / 2)]! / 0.6745;
  const drawn = values.length < FEW ? LEAST_SPREAD : own;
  const spread = Math.min(MOST_SPREAD, Math.max(LEAST_SPREAD, drawn));
  let gain = 0;
  for (const x of values) gain += clamp(logNormal(x - severity, spread) - logNormal(x, noise), x);
  return { gain, severity };
}

function clamp(score: number, x: number): number {
  return Number.isNaN(x) ? 0 : Math.min(MOST_FOR, Math.max(MOST_AGAINST, score));
}

function logNormal(x: number, sd: number): number {
  return -0.5 * (x / sd) ** 2 - Math.log(sd) - 0.5 * Math.log(2 * Math.PI);
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}

/** All slices of a full cross product: along each label the values, then "all". */
class Cube {
  readonly #sizes: readonly number[];
  readonly #strides: readonly number[];
  readonly #cells: Float64Array;
  readonly #costs: Float64Array;

  constructor(sizes: readonly number[]) {
    this.#sizes = sizes;
    const strides = sizes.map(() => 1);
    for (let a = sizes.length - 2; a >= 0; a--) strides[a] = strides[a + 1]! * (sizes[a + 1]! + 1);
    this.#strides = strides;
    const length = strides[0]! * (sizes[0]! + 1);
    this.#cells = new Float64Array(length);
    this.#costs = new Float64Array(length);
    for (let at = 0; at < length; at++) {
      const slice = this.#coordinates(at);
      let named = 0;
      let cost = CAUTION;
      slice.forEach((value, a) => {
        if (value === sizes[a]) return;
        named++;
        cost += Math.log(sizes[a]!);
      });
      this.#costs[at] = cost + logChoose(sizes.length, named);
    }
  }

  /** The slices with the highest scores beyond their costs. */
  best(scores: Float64Array, count: number): { slice: Int32Array; cost: number }[] {
    this.#rollUp(scores);
    const best: { at: number; net: number }[] = [];
    // The last cell is the whole, which names nothing.
    for (let at = 0; at < this.#cells.length - 1; at++) {
      const net = this.#cells[at]! - this.#costs[at]!;
      if (net <= -SLACK || (best.length === count && net <= best.at(-1)!.net)) continue;
      let place = best.length;
      while (place > 0 && best[place - 1]!.net < net) place--;
      best.splice(place, 0, { at, net });
      if (best.length > count) best.pop();
    }
    return best.map(({ at }) => ({ slice: this.#coordinates(at), cost: this.#costs[at]! }));
  }

  /** The leaves of a slice, as indexes of the cross product. */
  membersOf(slice: Int32Array): number[] {
    let members = [0];
    this.#sizes.forEach((size, a) => {
      const [from, to] = slice[a]! < size ? [slice[a]!, slice[a]! + 1] : [0, size];
      const finer: number[] = [];
      for (const member of members) for (let value = from; value < to; value++) finer.push(member * size + value);
      members = finer;
    });
    return members;
  }

  #rollUp(scores: Float64Array): void {
    this.#cells.fill(0);
    const at = new Int32Array(this.#sizes.length);
    let cell = 0;
    for (const score of scores) {
      this.#cells[cell] = score;
      for (let a = at.length - 1; a >= 0; a--) {
        cell += this.#strides[a]!;
        if (++at[a]! < this.#sizes[a]!) break;
        cell -= at[a]! * this.#strides[a]!;
        at[a] = 0;
      }
    }
    this.#sizes.forEach((size, a) => {
      const stride = this.#strides[a]!;
      const block = stride * (size + 1);
      for (let from = 0; from < this.#cells.length; from += block) {
        const all = from + size * stride;
        for (let value = 0; value < size; value++) {
          const row = from + value * stride;
          for (let i = 0; i < stride; i++) this.#cells[all + i]! += this.#cells[row + i]!;
        }
      }
    });
  }

  #coordinates(at: number): Int32Array {
    let rest = at;
    return Int32Array.from(this.#strides, (stride) => {
      const value = Math.floor(rest / stride);
      rest -= value * stride;
      return value;
    });
  }
}
