import type { CountTable } from './leaf-table.ts';
import type { Effect, Fit, Layer, LossModel, Slice } from './loss-model.ts';
import { type Cuboid, cuboidsOf } from './slice-index.ts';

/** Nats that a slice must bring beyond its description. */
const CAUTION = 9;
/** How far a leaf's count strays by itself, relative to what is expected. */
const STRAY = 0.07;
/** How unevenly a fault hits the leaves of its slice, relative to its strength. */
const UNEVEN = 0.5;
const WEAKEST = -9;
const STRONGEST = 4;
const HALVINGS = 32;

/**
 * Counts that fell. Given what a leaf had in both windows together, what it has now is binomial, so that no rate needs to be
 * estimated and small counts are exact. An effect moves the log-odds of its leaves.
 */
export class CountModel implements LossModel {
  readonly layers: readonly [Layer];
  readonly smallestEffect: number;
  readonly allowsWhole = false;
  readonly seesGains = true;
  readonly #table: CountTable;
  readonly #cuboids: readonly Cuboid[];
  readonly #trials: Float64Array;
  readonly #chance: Float64Array;
  readonly #weight: Float64Array;
  #drift: number;

  constructor(table: CountTable, drift: number, cuboids: readonly Cuboid[]) {
    const { leaves, before, now } = table;
    this.#table = table;
    this.#drift = drift;
    this.#cuboids = cuboids;
    this.smallestEffect = table.smallestEffect;
    this.#trials = new Float64Array(leaves);
    for (let leaf = 0; leaf < leaves; leaf++) this.#trials[leaf] = before[leaf]! + now[leaf]!;
    this.#chance = new Float64Array(leaves);
    this.#weight = new Float64Array(leaves);
    const [events, trials] = [now, this.#trials];
    this.layers = [{ width: 1, cuboids, events, trials, chance: this.#chance, weight: this.#weight, cost: CAUTION }];
    this.expect([]);
  }

  expect(effects: readonly Effect[]): void {
    const shifts = this.#shifts(effects);
    const usual = this.#usualLogOdds();
    const usualChance = logistic(usual);
    for (let leaf = 0; leaf < shifts.length; leaf++) {
      const trials = this.#trials[leaf]!;
      const shift = shifts[leaf]!;
      const chance = shift === 0 ? usualChance : logistic(usual + shift);
      const expected = trials * chance;
      const explained = UNEVEN * trials * (usualChance - chance);
      const strayed = STRAY * trials * usualChance;
      this.#chance[leaf] = chance;
      this.#weight[leaf] = expected <= 0 ? 0 : 1 / (1 + (strayed * strayed + explained * explained) / expected);
    }
  }

  fit({ cuboid, slice }: Slice): Fit {
    const members = this.#membersOf(cuboid, slice);
    const strength = this.#bestShift(members, 0);
    const usual = logistic(this.#usualLogOdds());
    let gain = 0;
    let surplus = 0;
    let explained = 0;
    for (const leaf of members) {
      const p = this.#chance[leaf]!;
      const n = this.#trials[leaf]!;
      const x = this.#table.now[leaf]!;
      gain += this.#weight[leaf]! * (x * strength - n * Math.log(1 - p + p * Math.exp(strength)));
      surplus += n * p - x;
      explained += n * (usual - p);
    }
    // Only what is explained in the same direction makes it less of a novelty.
    return { strength, gain, novelty: explained * surplus <= 0 ? Infinity : surplus / explained };
  }

  refine(effect: Effect): Effect {
    return effect;
  }

  fitDrift(effects: readonly Effect[]): void {
    this.expect(effects);
    const all = Int32Array.from(this.#trials.keys());
    const { driftSd } = this.#table;
    this.#drift += this.#bestShift(all, 1 / (driftSd * driftSd));
    this.expect(effects);
  }

  severity(strength: number): number {
    return 1 - Math.exp(strength);
  }

  fitness(effects: readonly Effect[], reference: readonly Effect[]): number {
    const drift = this.#drift;
    this.#drift = 0;
    this.expect(reference);
    const weights = this.#weight.slice();
    this.#drift = drift;
    this.expect(effects);
    let sum = -0.5 * (drift / this.#table.driftSd) ** 2;
    for (let leaf = 0; leaf < weights.length; leaf++) {
      const p = this.#chance[leaf]!;
      const x = this.#table.now[leaf]!;
      sum += weights[leaf]! * (x * Math.log(p) + (this.#trials[leaf]! - x) * Math.log1p(-p));
    }
    for (const { cuboid } of effects) sum -= CAUTION + this.#cuboids[cuboid]!.cost;
    return sum;
  }

  /** Events lost in the slice of an effect, were it alone. */
  lost(effect: Effect): number {
    this.expect([]);
    const members = this.#membersOf(effect.cuboid, effect.slice);
    const { before, windows } = this.#table;
    let usual = 0;
    for (const leaf of members) usual += (before[leaf]! / windows) * Math.exp(this.#drift);
    return usual * this.severity(effect.strength);
  }

  #usualLogOdds(): number {
    return this.#drift - Math.log(this.#table.windows);
  }

  #shifts(effects: readonly Effect[]): Float64Array {
    const shifts = new Float64Array(this.#trials.length);
    for (const { cuboid, slice, strength } of effects) {
      const { sliceOf } = this.#cuboids[cuboid]!;
      for (let leaf = 0; leaf < shifts.length; leaf++) if (sliceOf[leaf] === slice) shifts[leaf]! += strength;
    }
    return shifts;
  }

  #membersOf(cuboid: number, slice: number): Int32Array {
    const members: number[] = [];
    const { sliceOf } = this.#cuboids[cuboid]!;
    for (let leaf = 0; leaf < sliceOf.length; leaf++) if (sliceOf[leaf] === slice) members.push(leaf);
    return Int32Array.from(members);
  }

  /** The log-likelihood is concave in the shift: its slope is halved down to its root. */
  #bestShift(members: Int32Array, precision: number): number {
    const slope = (shift: number) => {
      const factor = Math.exp(shift);
      let sum = -precision * (this.#drift + shift);
      for (let i = 0; i < members.length; i++) {
        const leaf = members[i]!;
        const odds = this.#chance[leaf]! * factor;
        sum +=
          this.#weight[leaf]! *
          (this.#table.now[leaf]! - (this.#trials[leaf]! * odds) / (1 - this.#chance[leaf]! + odds));
      }
      return sum;
    };
    return root(slope, WEAKEST, STRONGEST);
  }
}

/** Where a falling function crosses zero, or the end of the interval nearest to it. */
export function root(slope: (at: number) => number, from: number, to: number): number {
  let [low, high] = [from, to];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (slope(middle) > 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** All slices of a table of counts. */
export function countCuboids(table: CountTable): Cuboid[] {
  return cuboidsOf(table, table.attributes.length);
}
