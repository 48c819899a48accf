import { ABSENT, type LeafTable } from './leaf-table.ts';

/** Longer descriptions than this are never needed to say which part is broken. */
export const MAX_LABELS = 3;
const MAX_ATTRIBUTES = 8;

/** All slices that name the same labels. */
export interface Cuboid {
  readonly attributes: readonly number[];
  /** The slice of each leaf, or -1. */
  readonly sliceOf: Int32Array;
  readonly slices: number;
  /** A leaf of each slice, from which its values can be read. */
  readonly exampleOf: Int32Array;
  /** What it costs to say which slice is meant, in nats. */
  readonly cost: number;
}

/**
 * Lists the cuboids of up to three labels, those with fewer labels first, the one without labels at its head. Of a table with
 * more than eight labels only the first eight are used.
 */
export function cuboidsOf(table: LeafTable, labelCount: number): Cuboid[] {
  const used = Math.min(MAX_ATTRIBUTES, table.attributes.length);
  const cuboids: Cuboid[] = [];
  for (const attributes of subsets(used)) cuboids.push(cuboid(table, attributes, labelCount));
  return cuboids;
}

function* subsets(count: number): Generator<number[]> {
  let level: number[][] = [[]];
  for (let size = 0; size <= MAX_LABELS; size++) {
    yield* level;
    level = level.flatMap((set) => {
      const next: number[][] = [];
      for (let i = (set.at(-1) ?? -1) + 1; i < count; i++) next.push([...set, i]);
      return next;
    });
  }
}

function cuboid(table: LeafTable, attributes: readonly number[], labelCount: number): Cuboid {
  const { leaves, codes, sizes } = table;
  const sliceOf = new Int32Array(leaves);
  const known = new Map<number, number>();
  const examples: number[] = [];
  for (let leaf = 0; leaf < leaves; leaf++) {
    let key = 0;
    for (const a of attributes) {
      const code = codes[a]![leaf]!;
      key = code === ABSENT || key < 0 ? -1 : key * sizes[a]! + code;
    }
    let slice = key < 0 ? -1 : known.get(key);
    if (slice === undefined) {
      slice = examples.length;
      known.set(key, slice);
      examples.push(leaf);
    }
    sliceOf[leaf] = slice;
  }
  let cost = logChoose(labelCount, attributes.length);
  for (const a of attributes) cost += Math.log(sizes[a]!);
  return { attributes, sliceOf, slices: examples.length, exampleOf: Int32Array.from(examples), cost };
}

/** The logarithm of the number of ways to choose `k` of `n`. */
export function logChoose(n: number, k: number): number {
  let sum = 0;
  for (let i = 0; i < k; i++) sum += Math.log((n - i) / (i + 1));
  return sum;
}

/** Which value of which label a slice names. */
export function labelsOf(table: LeafTable, { attributes, exampleOf }: Cuboid, slice: number): [number, number][] {
  return attributes.map((a) => [a, table.codes[a]![exampleOf[slice]!]!]);
}
