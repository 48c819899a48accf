import { type Effect, isInside, isSame, type LossModel, type Slice } from './loss-model.ts';
import { bestEffect, scan } from './scan.ts';

/** More parts at once are not an explanation. */
const MAX_EFFECTS = 8;
/** How often all effects are fitted in turn after one was added. */
const SWEEPS = 2;
/** What another slice must bring more than a chosen one, in nats, to take its place. */
const BETTER_BY = 0.5;
const MAX_EXCHANGES = 12;

/**
 * Explains the loss by as few slices as pay for their description: greedily the slice with the most evidence, then all
 * strengths anew, then for each chosen slice whether it still pays and whether another one does better in its place. At the end
 * slices that are parts of one are replaced by it where that explains the whole better.
 */
export function explain(model: LossModel): Effect[] {
  let effects: Effect[] = [];
  let exchanges = 0;
  for (;;) {
    while (effects.length < MAX_EFFECTS) {
      model.expect(effects);
      const next = bestEffect(model, scan(model, effects), effects);
      if (next === undefined) break;
      effects = refit(model, [...effects, next]);
    }
    const exchanged = firstExchange(model, effects);
    if (exchanged === undefined || ++exchanges > MAX_EXCHANGES) break;
    effects = refit(model, exchanged);
  }
  return merge(model, effects);
}

function refit(model: LossModel, chosen: readonly Effect[]): Effect[] {
  const effects = [...chosen];
  for (let sweep = 0; sweep < (chosen.length === 1 ? 1 : SWEEPS); sweep++) {
    model.fitDrift(effects);
    for (let i = 0; i < effects.length; i++) {
      model.expect(effects.filter((_, j) => j !== i));
      const { strength, gain } = model.fit(effects[i]!);
      effects[i] = model.refine({ ...effects[i]!, strength, net: gain - costOf(model, effects[i]!) });
    }
  }
  model.fitDrift(effects);
  return effects;
}

function firstExchange(model: LossModel, effects: readonly Effect[]): Effect[] | undefined {
  for (let i = 0; i < effects.length; i++) {
    const exchanged = exchange(model, effects, i);
    if (exchanged !== undefined) return exchanged;
  }
  return undefined;
}

/** The effects without one that no longer pays, or with a better one in its place; nothing when all is well. */
function exchange(model: LossModel, effects: readonly Effect[], i: number): Effect[] | undefined {
  const others = effects.filter((_, j) => j !== i);
  model.expect(others);
  const own = model.fit(effects[i]!);
  const net = own.gain - costOf(model, effects[i]!);
  const better = bestEffect(model, scan(model, others), others);
  if (better !== undefined && better.net > net + BETTER_BY) return [...others, better];
  return net <= 0 ? others : undefined;
}

/** Replaces effects by a slice that holds them, as long as the whole is explained better so. */
function merge(model: LossModel, effects: Effect[]): Effect[] {
  let best = effects;
  for (const parent of parentsOf(model, effects)) {
    const { cuboids } = model.layers[0]!;
    const others = best.filter((effect) => !isInside(effect, parent, cuboids));
    if (best.length - others.length < 2) continue;
    model.expect(others);
    const { strength, gain } = model.fit(parent);
    const merged = refit(model, [...others, { ...parent, strength, net: gain - costOf(model, parent) }]);
    const fitness = model.fitness(merged, best);
    model.fitDrift(best);
    if (fitness > model.fitness(best, best)) best = merged;
  }
  model.fitDrift(best);
  return best;
}

/** The slices that hold at least two of the effects and say as much as possible: what two of them have in common. */
function parentsOf(model: LossModel, effects: readonly Effect[]): Slice[] {
  const { cuboids } = model.layers[0]!;
  const parents: Slice[] = [];
  for (const [i, one] of effects.entries()) {
    for (const other of effects.slice(i + 1)) {
      const a = cuboids[one.cuboid]!;
      const b = cuboids[other.cuboid]!;
      const [leafOfA, leafOfB] = [a.exampleOf[one.slice]!, b.exampleOf[other.slice]!];
      const shared = a.attributes.filter((attribute) => b.attributes.includes(attribute));
      const common = shared.filter((attribute) => {
        const single = cuboids[attribute + 1]!.sliceOf;
        return single[leafOfA] === single[leafOfB];
      });
      const kind = one.kind === other.kind ? one.kind : -1;
      if (common.length === 0 && kind < 0) continue;
      const cuboid = cuboids.findIndex(({ attributes }) => attributes.join() === common.join());
      const parent = { cuboid, slice: cuboids[cuboid]!.sliceOf[leafOfA]!, kind };
      if (!parents.some((known) => isSame(known, parent))) parents.push(parent);
    }
  }
  return parents;
}

function costOf(model: LossModel, slice: Slice): number {
  const layer = model.layers[slice.kind < 0 ? 0 : 1]!;
  return layer.cost + layer.cuboids[slice.cuboid]!.cost;
}
