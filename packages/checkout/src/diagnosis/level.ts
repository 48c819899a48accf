import type { Cuboid } from './slice-index.ts';

/** Below this relative error two slices say the same. */
const BLUR = 0.05;
const STEPS = 120;

/** How much the slices of one or two labels moved, as logarithms with their standard errors. */
export function movesOf(cuboids: readonly Cuboid[], observed: Float64Array, expected: Float64Array): Float64Array[] {
  const moves: number[] = [];
  const errors: number[] = [];
  for (const { attributes, sliceOf, slices } of cuboids) {
    if (attributes.length < 1 || attributes.length > 2) continue;
    const x = new Float64Array(slices);
    const e = new Float64Array(slices);
    for (let leaf = 0; leaf < sliceOf.length; leaf++) {
      if (sliceOf[leaf]! < 0) continue;
      x[sliceOf[leaf]!]! += observed[leaf]!;
      e[sliceOf[leaf]!]! += expected[leaf]!;
    }
    for (let i = 0; i < slices; i++) {
      if (e[i]! < 5) continue;
      moves.push(Math.log((x[i]! + 0.5) / (e[i]! + 0.5)));
      errors.push(Math.sqrt(1 / (x[i]! + 1) + BLUR * BLUR));
    }
  }
  return [Float64Array.from(moves), Float64Array.from(errors)];
}

/** Where most slices agree: the level of the whole when some parts of it are broken. 0 without slices. */
export function densest(moves: Float64Array, errors: Float64Array): number {
  if (moves.length === 0) return 0;
  const low = Math.max(-2, Math.min(...moves));
  const high = Math.min(2, Math.max(...moves));
  let best = { at: 0, density: -1 };
  for (let step = 0; step <= STEPS; step++) {
    const at = low + ((high - low) * step) / STEPS;
    let density = 0;
    for (let i = 0; i < moves.length; i++) {
      const z = (moves[i]! - at) / errors[i]!;
      if (z * z < 30) density += Math.exp(-0.5 * z * z) / errors[i]!;
    }
    if (density > best.density) best = { at, density };
  }
  return best.at;
}
