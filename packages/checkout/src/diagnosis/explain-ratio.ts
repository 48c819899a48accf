import type { Cause, RatioTable } from './leaf-table.ts';
import { densest, movesOf } from './level.ts';
import { RatioModel, ratioCuboids } from './ratio-model.ts';
import { explain } from './search.ts';
import { labelsOf } from './slice-index.ts';
import { usualChances } from './usual-chances.ts';

/** Beyond so many standard deviations it is not drift: then the whole itself may be what fails. */
const MOST_DRIFT = 2.5;

/**
 * Finds the slices whose attempts fail more than usual, most extra failures first. A cause without labels means the whole.
 * Empty when nothing stands out.
 */
export function explainRatio(table: RatioTable): Cause[] {
  const { leaves, kinds, attemptsNow, failuresNow } = table;
  const cuboids = ratioCuboids(table);
  const usual = usualChances(table);
  const failed = new Float64Array(leaves);
  const expected = new Float64Array(leaves);
  for (let leaf = 0; leaf < leaves; leaf++) {
    for (let at = leaf * kinds; at < (leaf + 1) * kinds; at++) {
      failed[leaf]! += failuresNow[at]!;
      expected[leaf]! += attemptsNow[leaf]! * usual[at]!;
    }
  }
  const [moves, errors] = movesOf(cuboids, failed, expected) as [Float64Array, Float64Array];
  const level = densest(moves, errors);
  const most = table.mayFailAsAWhole ? MOST_DRIFT * table.driftSd : Infinity;
  const model = new RatioModel(table, usual, cuboids, Math.max(-most, Math.min(most, level)), level > most);
  return explain(model)
    .map((effect) => ({
      labels: labelsOf(table, cuboids[effect.cuboid]!, effect.slice),
      kind: effect.kind < 0 ? undefined : effect.kind,
      extra: model.extra(effect),
      severity: effect.strength,
      evidence: effect.net,
    }))
    .sort((a, b) => b.extra - a.extra);
}
