import { root } from './count-model.ts';
import type { RatioTable } from './leaf-table.ts';
import type { Effect, Fit, Layer, LossModel, Slice } from './loss-model.ts';
import { type Cuboid, cuboidsOf, logChoose, MAX_LABELS } from './slice-index.ts';
import { PRIOR_OF_LEAF } from './usual-chances.ts';

/** Nats that a slice must bring beyond its description. */
const CAUTION = 9;
/** How far a leaf's failure rate strays by itself, relative to itself. */
const STRAY = 0.2;
/** How unevenly a fault hits the leaves of its slice, relative to its strength. */
const UNEVEN = 0.5;
/** A kind's share of the added failures is drawn towards the usual one with the weight of so many failures. */
const PRIOR_OF_MIX = 3;
/** A fault of all kinds may have a kind this many times as often as usual, or as seldom. */
const MOST_TILTED = 4;
const STRONGEST = 1 - 1e-6;

/**
 * Failures that rose. An effect makes a share of its attempts fail in addition, whatever failed before: with the usual kinds, or
 * with one kind. Both are multinomial likelihoods of the same counts, so they compete in the same nats.
 */
export class RatioModel implements LossModel {
  readonly layers: readonly [Layer, Layer];
  readonly smallestEffect: number;
  readonly seesGains = false;
  readonly allowsWhole: boolean;
  readonly #table: RatioTable;
  readonly #usual: Float64Array;
  readonly #usualOfAll: Float64Array;
  readonly #failuresBefore: Float64Array;
  #drift: number;

  constructor(table: RatioTable, usual: Float64Array, cuboids: readonly Cuboid[], drift: number, allowsWhole: boolean) {
    const { leaves, kinds, attemptsNow, failuresNow } = table;
    this.#table = table;
    this.#usual = usual;
    this.#drift = drift;
    this.allowsWhole = allowsWhole;
    this.smallestEffect = table.smallestEffect;
    this.#usualOfAll = sumOfKinds(table, usual);
    this.#failuresBefore = sumOfKinds(table, table.failuresBefore);
    const layer = (width: number, layerCuboids: readonly Cuboid[], events: Float64Array): Layer => ({
      width,
      cuboids: layerCuboids,
      events,
      trials: attemptsNow,
      chance: new Float64Array(leaves * width),
      weight: new Float64Array(leaves * width),
      cost: CAUTION,
    });
    this.layers = [
      layer(1, cuboids, sumOfKinds(table, failuresNow)),
      layer(kinds, kindCuboids(table, cuboids), failuresNow),
    ];
    this.expect([]);
  }

  expect(effects: readonly Effect[]): void {
    const { leaves, kinds, attemptsNow, failuresBefore } = this.#table;
    const [all, byKind] = this.layers;
    const level = Math.exp(this.#drift);
    const hits = effects.map((effect) => ({ ...effect, sliceOf: all.cuboids[effect.cuboid]!.sliceOf }));
    const chances = new Float64Array(kinds);
    for (let leaf = 0; leaf < leaves; leaf++) {
      const from = leaf * kinds;
      let spared = 1;
      let strengths = 0;
      for (const hit of hits) {
        if (hit.sliceOf[leaf] !== hit.slice || (hit.kind >= 0 && this.#usual[from + hit.kind] === 0)) continue;
        spared *= 1 - hit.strength;
        strengths += hit.strength;
      }
      let usual = 0;
      for (let kind = 0; kind < kinds; kind++) {
        const chance = this.#usual[from + kind]! * level;
        usual += chance;
        chances[kind] = chance * spared;
      }
      if (strengths > 0) {
        for (const hit of hits) {
          if (hit.sliceOf[leaf] !== hit.slice) continue;
          this.#add(chances, from, hit, ((1 - spared) * hit.strength) / strengths);
        }
      }
      const attempts = attemptsNow[leaf]!;
      let sum = 0;
      for (let kind = 0; kind < kinds; kind++) {
        const chance = Math.min(STRONGEST, chances[kind]!);
        sum += chance;
        byKind.chance[from + kind] = chance;
        const own = this.#usual[from + kind]! * level;
        byKind.weight[from + kind] = own === 0 ? 0 : weight(attempts, chance, own, failuresBefore[from + kind]!);
      }
      all.chance[leaf] = Math.min(STRONGEST, sum);
      all.weight[leaf] = usual === 0 ? 0 : weight(attempts, sum, usual, this.#failuresBefore[leaf]!);
    }
  }

  fit(slice: Slice): Fit {
    const layer = this.layers[slice.kind < 0 ? 0 : 1];
    const { trials, events, chance, weight: weights, width } = layer;
    const { sliceOf } = layer.cuboids[slice.cuboid]!;
    const x: number[] = [];
    const rest: number[] = [];
    const lift: number[] = [];
    let calm = 0;
    let surplus = 0;
    let explained = 0;
    const level = Math.exp(this.#drift);
    for (let leaf = 0; leaf < sliceOf.length; leaf++) {
      if (sliceOf[leaf] !== slice.slice) continue;
      const at = leaf * width + Math.max(0, slice.kind);
      const w = weights[at]!;
      if (w === 0 || trials[leaf] === 0) continue;
      const n = Math.max(trials[leaf]!, events[at]!);
      surplus += events[at]! - n * chance[at]!;
      explained += n * Math.max(0, chance[at]! - level * (slice.kind < 0 ? this.#usualOfAll[leaf]! : this.#usual[at]!));
      if (events[at] === 0) {
        calm += w * n;
        continue;
      }
      x.push(w * events[at]!);
      rest.push(w * (n - events[at]!));
      lift.push(1 / chance[at]! - 1);
    }
    const slope = (s: number) => {
      let sum = -calm / (1 - s);
      for (let i = 0; i < x.length; i++) sum += (x[i]! * lift[i]!) / (1 + s * lift[i]!) - rest[i]! / (1 - s);
      return sum;
    };
    const strength = root(slope, 0, STRONGEST);
    let gain = calm * Math.log1p(-strength);
    for (let i = 0; i < x.length; i++)
      gain += x[i]! * Math.log1p(strength * lift[i]!) + rest[i]! * Math.log1p(-strength);
    return { strength, gain, novelty: surplus / explained };
  }

  fitDrift(effects: readonly Effect[]): void {
    this.expect(effects);
    const { leaves, kinds, attemptsNow, failuresNow } = this.#table;
    const [all, byKind] = this.layers;
    const hits = effects.map((effect) => ({ ...effect, sliceOf: all.cuboids[effect.cuboid]!.sliceOf }));
    let failed = 0;
    let usual = 0;
    for (let leaf = 0; leaf < leaves; leaf++) {
      const here = hits.filter(({ sliceOf, slice }) => sliceOf[leaf] === slice);
      if (here.some(({ kind }) => kind < 0)) continue;
      for (let kind = 0; kind < kinds; kind++) {
        if (here.some((hit) => hit.kind === kind)) continue;
        const at = leaf * kinds + kind;
        failed += byKind.weight[at]! * failuresNow[at]!;
        usual += byKind.weight[at]! * attemptsNow[leaf]! * this.#usual[at]!;
      }
    }
    const precision = 1 / this.#table.driftSd ** 2;
    this.#drift = root((mu) => failed - usual * Math.exp(mu) - precision * mu, -2, 2);
    this.expect(effects);
  }

  refine(effect: Effect): Effect {
    if (effect.kind >= 0) return effect;
    const { kinds, attemptsNow, failuresNow } = this.#table;
    const [all, byKind] = this.layers;
    const { sliceOf } = all.cuboids[effect.cuboid]!;
    const found = new Float64Array(kinds).fill(PRIOR_OF_MIX);
    const usual = new Float64Array(kinds).fill(PRIOR_OF_MIX);
    for (let leaf = 0; leaf < sliceOf.length; leaf++) {
      if (sliceOf[leaf] !== effect.slice || this.#usualOfAll[leaf] === 0) continue;
      const added = attemptsNow[leaf]! * effect.strength * (1 - all.chance[leaf]!);
      for (let kind = 0, at = leaf * kinds; kind < kinds; kind++, at++) {
        const expected = attemptsNow[leaf]! * byKind.chance[at]!;
        found[kind]! += failuresNow[at]! - expected;
        usual[kind]! += (added * this.#usual[at]!) / this.#usualOfAll[leaf]!;
      }
    }
    const mix = found.map((count, kind) => Math.min(MOST_TILTED, Math.max(1 / MOST_TILTED, count / usual[kind]!)));
    return { ...effect, mix };
  }

  fitness(effects: readonly Effect[], reference: readonly Effect[]): number {
    const { leaves, kinds, attemptsNow, failuresNow, driftSd } = this.#table;
    const [all, byKind] = this.layers;
    const drift = this.#drift;
    this.#drift = 0;
    this.expect(reference);
    const weights = all.weight.slice();
    this.#drift = drift;
    this.expect(effects);
    let sum = -0.5 * (drift / driftSd) ** 2;
    for (let leaf = 0; leaf < leaves; leaf++) {
      const w = weights[leaf]!;
      if (w === 0) continue;
      sum += w * Math.max(0, attemptsNow[leaf]! - all.events[leaf]!) * Math.log1p(-all.chance[leaf]!);
      for (let at = leaf * kinds; at < (leaf + 1) * kinds; at++) {
        if (failuresNow[at]! > 0 && byKind.chance[at]! > 0) sum += w * failuresNow[at]! * Math.log(byKind.chance[at]!);
      }
    }
    for (const { cuboid, kind } of effects) sum -= CAUTION + this.layers[kind < 0 ? 0 : 1].cuboids[cuboid]!.cost;
    return sum;
  }

  severity(strength: number): number {
    return strength;
  }

  /** Attempts of the slice that failed in addition, were the effect alone. */
  extra({ cuboid, slice, kind, strength }: Effect): number {
    const { sliceOf } = this.layers[0].cuboids[cuboid]!;
    const { kinds, attemptsNow } = this.#table;
    let attempts = 0;
    for (let leaf = 0; leaf < sliceOf.length; leaf++) {
      if (sliceOf[leaf] !== slice || (kind >= 0 && this.#usual[leaf * kinds + kind] === 0)) continue;
      attempts += attemptsNow[leaf]!;
    }
    return attempts * strength;
  }

  /** Adds the failures of an effect to the chances of a leaf, by kind. */
  #add(chances: Float64Array, from: number, { kind, mix }: Effect, added: number): void {
    if (kind >= 0) {
      if (this.#usual[from + kind]! > 0) chances[kind]! += added;
      return;
    }
    let whole = 0;
    for (let k = 0; k < chances.length; k++) whole += this.#usual[from + k]! * (mix?.[k] ?? 1);
    if (whole === 0) return;
    for (let k = 0; k < chances.length; k++) chances[k]! += (added * this.#usual[from + k]! * (mix?.[k] ?? 1)) / whole;
  }
}

/** A leaf can bring no more evidence than its rate is predictable, and what is explained is expected only roughly. */
function weight(attempts: number, chance: number, usual: number, failuresBefore: number): number {
  const expected = attempts * chance;
  if (expected <= 0) return 0;
  const strayed = attempts * usual;
  const explained = UNEVEN * attempts * Math.max(0, chance - usual);
  const unsure = 1 / (failuresBefore + PRIOR_OF_LEAF) + STRAY * STRAY;
  return 1 / (1 + (strayed * strayed * unsure + explained * explained) / expected);
}

function sumOfKinds({ leaves, kinds }: RatioTable, counts: Float64Array): Float64Array {
  const sums = new Float64Array(leaves);
  for (let at = 0; at < counts.length; at++) sums[Math.floor(at / kinds)]! += counts[at]!;
  return sums;
}

/** The slices that name a kind as well, which counts as one of their labels. */
function kindCuboids(table: RatioTable, cuboids: readonly Cuboid[]): Cuboid[] {
  const labels = table.attributes.length + 1;
  return cuboids
    .filter(({ attributes }) => attributes.length < MAX_LABELS)
    .map((cuboid) => {
      const size = cuboid.attributes.length;
      const cost = cuboid.cost - logChoose(labels, size) + logChoose(labels, size + 1) + Math.log(table.kinds);
      return { ...cuboid, cost };
    });
}

/** All slices of a table of attempts and failures; the kind of failure is one label more. */
export function ratioCuboids(table: RatioTable): Cuboid[] {
  return cuboidsOf(table, table.attributes.length + 1);
}
