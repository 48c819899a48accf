import { type Effect, isInside, isSame, type Layer, type LossModel, type Slice } from './loss-model.ts';

/** A slice that may explain something, with an estimate of its evidence beyond its cost. */
export interface Candidate extends Slice {
  readonly net: number;
  readonly cost: number;
}

/** As many candidates are fitted exactly in each round. */
const CANDIDATES = 16;
/** A slice inside a chosen one must bring this share of that one's evidence, or it only shows that no fault hits evenly. */
const SHARE_OF_NESTED = 0.35;

/** A slice must explain this share of what is explained in it already, or it only shows that no fault hits evenly. */
const LEAST_NOVELTY = 0.35;

/** Scores every slice in one pass for each cuboid, and returns the best, best first. */
export function scan(model: LossModel, effects: readonly Effect[]): Candidate[] {
  const best: Candidate[] = [];
  for (const layer of model.layers) {
    layer.cuboids.forEach((_, cuboid) => {
      if (cuboid > 0 || layer.width > 1 || model.allowsWhole) scanCuboid(model, layer, cuboid, effects, best);
    });
  }
  return best;
}

/** Hot: typed arrays and one loop over the leaves, because every slice of every cuboid is scored in every round. */
function scanCuboid(
  model: LossModel,
  layer: Layer,
  index: number,
  effects: readonly Effect[],
  best: Candidate[],
): void {
  const { width, trials, chance, weight, events } = layer;
  const { sliceOf, slices, cost: cuboidCost } = layer.cuboids[index]!;
  const observed = new Float64Array(slices * width);
  const expected = new Float64Array(slices * width);
  const variance = new Float64Array(slices * width);
  for (let leaf = 0; leaf < sliceOf.length; leaf++) {
    if (sliceOf[leaf]! < 0) continue;
    const to = sliceOf[leaf]! * width;
    const from = leaf * width;
    const n = trials[leaf]!;
    for (let kind = 0; kind < width; kind++) {
      const w = weight[from + kind]!;
      if (w === 0) continue;
      const p = chance[from + kind]!;
      const e = w * n * p;
      observed[to + kind]! += w * events[from + kind]!;
      expected[to + kind]! += e;
      variance[to + kind]! += e * (1 - p);
    }
  }
  const cost = layer.cost + cuboidCost;
  for (let i = 0; i < observed.length; i++) {
    const x = observed[i]!;
    const e = expected[i]!;
    if (model.seesGains ? Math.abs(x - e) < 1 : x <= e) continue;
    const v = variance[i]!;
    // The deviance of a surplus is below its square over twice the variance: most slices need no logarithm.
    if (x > e && (x - e) ** 2 < 2 * v * cost) continue;
    const net = quickGain(x, e, v) - cost;
    const floor = best.length < CANDIDATES ? 0 : best.at(-1)!.net;
    if (net <= floor) continue;
    const slice = Math.floor(i / width);
    const candidate = { cuboid: index, slice, kind: width === 1 ? -1 : i % width, net, cost };
    if (isWelcome(candidate, x > e, effects, model)) insert(best, candidate);
  }
}

/** The evidence of binomial counts against what was expected, as if all leaves of the slice had the same chance. */
function quickGain(x: number, e: number, v: number): number {
  if (e <= 0) return 0;
  const p = Math.max(1e-9, 1 - v / e);
  const n = Math.max(x, e / p);
  const rest = n - x;
  return (x <= 0 ? 0 : x * Math.log(x / e)) + (rest <= 0 ? 0 : rest * Math.log(rest / Math.max(1e-9, n - e)));
}

function isWelcome(candidate: Candidate, isSurplus: boolean, effects: readonly Effect[], model: LossModel): boolean {
  const { cuboids } = model.layers[0]!;
  return effects.every(
    (effect) =>
      !isSame(candidate, effect) &&
      // A loss inside a slice that gained is news.
      ((model.seesGains && isSurplus !== model.severity(effect.strength) < 0) ||
        candidate.net >= SHARE_OF_NESTED * effect.net ||
        !isInside(candidate, effect, cuboids)),
  );
}

function insert(best: Candidate[], candidate: Candidate): void {
  let at = best.length;
  while (at > 0 && best[at - 1]!.net < candidate.net) at--;
  best.splice(at, 0, candidate);
  if (best.length > CANDIDATES) best.pop();
}

/** Fits the candidates exactly and returns the one with the most evidence, unless it is not worth a name. */
export function bestEffect(
  model: LossModel,
  candidates: readonly Candidate[],
  effects: readonly Effect[],
): Effect | undefined {
  let best: Effect | undefined;
  for (const candidate of candidates) {
    const { cuboid, slice, kind, cost } = candidate;
    const { strength, gain, novelty } = model.fit(candidate);
    if (novelty < LEAST_NOVELTY) continue;
    const net = gain - cost;
    if (net <= 0 || (best !== undefined && net <= best.net)) continue;
    const severity = model.severity(strength);
    if (Math.abs(severity) < model.smallestEffect || (severity < 0 && !model.seesGains)) continue;
    const effect: Effect = { cuboid, slice, kind, strength, net };
    if (isWelcome({ ...candidate, net }, severity < 0, effects, model)) best = effect;
  }
  return best;
}
