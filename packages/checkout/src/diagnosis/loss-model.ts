import type { Cuboid } from './slice-index.ts';

/** A slice, as the cuboid and the slice in it; `kind` is -1 when all kinds of failures are meant. */
export interface Slice {
  readonly cuboid: number;
  readonly slice: number;
  readonly kind: number;
}

/** A slice that is part of the explanation, with how strongly it acts. */
export interface Effect extends Slice {
  /** Share of attempts that fail in addition; for counts the logarithm of the factor. */
  readonly strength: number;
  /** Evidence beyond the cost of the description, in nats. */
  readonly net: number;
  /** How much more often than usual each kind is among the failures that it adds; none for counts and single kinds. */
  readonly mix?: Float64Array | undefined;
}

/** How a slice suits its leaves. */
export interface Fit {
  readonly strength: number;
  /** Evidence in nats. */
  readonly gain: number;
  /** What the slice explains anew, as a multiple of what others explain of the same leaves already. */
  readonly novelty: number;
}

/** Binomial leaves: of `trials` there were `events`, where `chance` each was to be expected. */
export interface Layer {
  /** Kinds for each leaf; 1 when kinds are not told apart. */
  readonly width: number;
  readonly cuboids: readonly Cuboid[];
  readonly events: Float64Array;
  /** One for each leaf. */
  readonly trials: Float64Array;
  readonly chance: Float64Array;
  /** How much a leaf's evidence counts, 0 to 1: a rate that is not predictable cannot bring more evidence than it has. */
  readonly weight: Float64Array;
  readonly cost: number;
}

/** What the search must know of a kind of loss. */
export interface LossModel {
  readonly layers: readonly Layer[];
  readonly smallestEffect: number;
  /** Whether slices without labels are among the candidates. */
  readonly allowsWhole: boolean;
  /** Whether slices that gained, instead of lost, are looked for as well; they are never blamed. */
  readonly seesGains: boolean;
  /** Sets the chances of all layers to what the effects let expect. */
  expect(effects: readonly Effect[]): void;
  /** The strength of a slice that suits its leaves best, and the evidence for it in nats, under the present chances. */
  fit(slice: Slice): Fit;
  /** What else an effect does, given the present chances. */
  refine(effect: Effect): Effect;
  /**
   * How well all leaves are explained, less the cost of the explanation. Leaves count as if `reference` explained them, so that two
   * explanations can be compared.
   */
  fitness(effects: readonly Effect[], reference: readonly Effect[]): number;
  /** Fits what moved the whole, given the effects. */
  fitDrift(effects: readonly Effect[]): void;
  /** Share of the slice's attempts or events that an effect costs; negative when it gained. */
  severity(strength: number): number;
}

/** Slices described in the same words and more: every leaf of `inner` is one of `outer`. */
export function isInside(inner: Slice, outer: Slice, cuboids: readonly Cuboid[]): boolean {
  if (outer.kind >= 0 && outer.kind !== inner.kind) return false;
  const innerCuboid = cuboids[inner.cuboid]!;
  const outerCuboid = cuboids[outer.cuboid]!;
  for (const a of outerCuboid.attributes) if (!innerCuboid.attributes.includes(a)) return false;
  return outerCuboid.sliceOf[innerCuboid.exampleOf[inner.slice]!] === outer.slice;
}

export function isSame(a: Slice, b: Slice): boolean {
  return a.cuboid === b.cuboid && a.slice === b.slice && a.kind === b.kind;
}
