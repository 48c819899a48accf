import { CountModel, countCuboids } from './count-model.ts';
import type { Cause, CountTable } from './leaf-table.ts';
import { densest, movesOf } from './level.ts';
import type { Effect } from './loss-model.ts';
import { explain } from './search.ts';
import { labelsOf } from './slice-index.ts';

/**
 * Finds the slices whose events are missing, most lost first. What moved the whole is told apart from it: the search starts
 * from several levels, and the explanation that fits best as a whole is taken. Empty when nothing stands out.
 */
export function explainCounts(table: CountTable): Cause[] {
  const cuboids = countCuboids(table);
  const usual = table.before.map((count) => count / table.windows);
  const [moves, errors] = movesOf(cuboids, table.now, usual) as [Float64Array, Float64Array];
  let best: { model: CountModel; effects: Effect[]; fitness: number } | undefined;
  for (const start of startsFrom(densest(moves, errors), moves)) {
    const model = new CountModel(table, start, cuboids);
    const effects = explain(model);
    const fitness = model.fitness(effects, []);
    if (best === undefined || fitness > best.fitness) best = { model, effects, fitness };
  }
  if (best === undefined) return [];
  const { model, effects } = best;
  return effects
    .map((effect) => ({
      labels: labelsOf(table, cuboids[effect.cuboid]!, effect.slice),
      kind: undefined,
      extra: model.lost(effect),
      severity: model.severity(effect.strength),
      evidence: effect.net,
    }))
    .filter(({ severity }) => severity > 0)
    .sort((a, b) => b.extra - a.extra);
}

/** Levels nearer to each other than this lead to the same explanation. */
const APART = 0.03;

function startsFrom(level: number, moves: Float64Array): number[] {
  const sorted = moves.toSorted();
  const starts = [level];
  for (const share of [0.25, 0.5, 0.75]) {
    const start = sorted[Math.floor(share * sorted.length)];
    if (start !== undefined && starts.every((known) => Math.abs(known - start) > APART)) starts.push(start);
  }
  return starts;
}
