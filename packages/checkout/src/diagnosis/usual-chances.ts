import { ABSENT, type RatioTable } from './leaf-table.ts';

/** A group's chance is drawn towards its parent's with the weight of so many failures. */
const PRIOR_OF_GROUP = 2;
/** The same for the effect of a single value of a label. */
const PRIOR_OF_VALUE = 5;
/** And for a leaf's own rate: leaves stray by 0.3 (one over the root of this) from what their labels say. */
export const PRIOR_OF_LEAF = 11;
const ROUNDS = 3;
/** A rate lower than this cannot be told from zero. */
const LOWEST_CHANCE = 0.002;
const HIGHEST_CHANCE = 0.6;

/**
 * The usual chance of each kind of failure in each leaf, row by row, from the time before: the kinds from the labels on which they
 * depend, the rate from all labels as independent factors, then a little from the leaf itself. A kind that was seen
 * nowhere in a value of the first of those labels (a reason in a step), neither before nor now, has no chance there: 0.
 */
export function usualChances(table: RatioTable): Float64Array {
  const { leaves, kinds } = table;
  const depends = table.kindsDependOn.map((name) => table.attributes.indexOf(name)).filter((a) => a >= 0);
  let chances = new Float64Array(leaves * kinds);
  const top = table.kindsDependOn[0] === table.attributes[depends[0] ?? -1] ? depends.slice(0, 1) : [];
  const groups = new Set([top.join(), depends.join()]);
  const whole = groupChances(table, []);
  chances = whole;
  for (const group of groups) {
    if (group === '') continue;
    const attributes = group.split(',').map(Number);
    chances = groupChances(table, attributes, chances, attributes.length === 1 && top.length === 1);
  }
  const scale = leafScales(table, chances);
  for (let leaf = 0; leaf < leaves; leaf++) {
    let sum = 0;
    for (let kind = 0; kind < kinds; kind++) sum += chances[leaf * kinds + kind]! * scale[leaf]!;
    const bounded = Math.min(HIGHEST_CHANCE, Math.max(LOWEST_CHANCE, sum));
    for (let kind = 0; kind < kinds; kind++)
      chances[leaf * kinds + kind]! *= sum === 0 ? 0 : (scale[leaf]! * bounded) / sum;
  }
  return chances;
}

/** Chances by the values of some labels, drawn towards those of `parent`. */
function groupChances(
  table: RatioTable,
  attributes: readonly number[],
  parent?: Float64Array,
  isStructural = false,
): Float64Array<ArrayBuffer> {
  const { leaves, kinds, failuresBefore, failuresNow, attemptsBefore } = table;
  const { groupOf, groups } = groupLeaves(table, attributes);
  const attempts = new Float64Array(groups);
  const failures = new Float64Array(groups * kinds);
  const isSeen = new Uint8Array(groups * kinds);
  for (let leaf = 0; leaf < leaves; leaf++) {
    const group = groupOf[leaf]!;
    attempts[group]! += attemptsBefore[leaf]!;
    for (let kind = 0; kind < kinds; kind++) {
      const before = failuresBefore[leaf * kinds + kind]!;
      failures[group * kinds + kind]! += before;
      if (before > 0 || failuresNow[leaf * kinds + kind]! > 0) isSeen[group * kinds + kind] = 1;
    }
  }
  const chances = new Float64Array(leaves * kinds);
  for (let leaf = 0; leaf < leaves; leaf++) {
    const group = groupOf[leaf]!;
    for (let kind = 0; kind < kinds; kind++) {
      const at = group * kinds + kind;
      const prior = parent === undefined ? LOWEST_CHANCE / kinds : parent[leaf * kinds + kind]!;
      if (prior === 0 || ((isStructural || parent === undefined) && isSeen[at] === 0)) continue;
      const weight = parent === undefined || isStructural ? 0.5 : PRIOR_OF_GROUP;
      chances[leaf * kinds + kind] = (failures[at]! + weight) / (attempts[group]! + weight / prior);
    }
  }
  return chances;
}

function groupLeaves({ leaves, codes }: RatioTable, attributes: readonly number[]) {
  const known = new Map<string, number>();
  const groupOf = new Int32Array(leaves);
  for (let leaf = 0; leaf < leaves; leaf++) {
    const key = attributes.map((a) => codes[a]![leaf]!).join();
    const group = known.get(key) ?? known.size;
    known.set(key, group);
    groupOf[leaf] = group;
  }
  return { groupOf, groups: known.size };
}

/** By which factor each leaf fails more often than `chances` say: proportional fitting over all labels, then its own count. */
function leafScales(table: RatioTable, chances: Float64Array): Float64Array {
  const { leaves, kinds, attemptsBefore, failuresBefore } = table;
  const failed = new Float64Array(leaves);
  const expected = new Float64Array(leaves);
  for (let leaf = 0; leaf < leaves; leaf++) {
    for (let at = leaf * kinds; at < (leaf + 1) * kinds; at++) {
      failed[leaf]! += failuresBefore[at]!;
      expected[leaf]! += attemptsBefore[leaf]! * chances[at]!;
    }
  }
  const scale = new Float64Array(leaves).fill(1);
  for (let round = 0; round < ROUNDS; round++) {
    table.codes.forEach((column, a) => {
      const f = new Float64Array(table.sizes[a]!);
      const e = new Float64Array(table.sizes[a]!);
      for (let leaf = 0; leaf < leaves; leaf++) {
        if (column[leaf] === ABSENT) continue;
        f[column[leaf]!]! += failed[leaf]!;
        e[column[leaf]!]! += expected[leaf]! * scale[leaf]!;
      }
      for (let leaf = 0; leaf < leaves; leaf++) {
        if (column[leaf] === ABSENT) continue;
        scale[leaf]! *= (f[column[leaf]!]! + PRIOR_OF_VALUE) / (e[column[leaf]!]! + PRIOR_OF_VALUE);
      }
    });
  }
  for (let leaf = 0; leaf < leaves; leaf++) {
    scale[leaf]! *= (failed[leaf]! + PRIOR_OF_LEAF) / (expected[leaf]! * scale[leaf]! + PRIOR_OF_LEAF);
  }
  return scale;
}
