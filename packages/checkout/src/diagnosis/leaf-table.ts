/** The value of a label that a leaf does not have: it belongs to no slice of that label. */
export const ABSENT = 0xffff;

/** Leaves (the finest cells that are counted) by their labels, column by column. */
export interface LeafTable {
  /** Label names, in the order of `codes`. */
  readonly attributes: readonly string[];
  /** How many values each label has. */
  readonly sizes: readonly number[];
  /** For each label the value of every leaf, as a number below its size, or `ABSENT`. */
  readonly codes: readonly Uint16Array[];
  readonly leaves: number;
}

/** Events of each leaf, counted over a window and over one before it that was `windows` times as long. */
export interface CountTable extends LeafTable {
  readonly before: Float64Array;
  readonly now: Float64Array;
  readonly windows: number;
  /** By how much the whole may rise or fall for no reason worth a name: the standard deviation of its logarithm. */
  readonly driftSd: number;
  /** A smaller share of a slice's events lost is not worth a name. */
  readonly smallestEffect: number;
}

/** Attempts and failures of each leaf, before and now. Failures are told apart by kind, which attempts do not have. */
export interface RatioTable extends LeafTable {
  readonly attemptsBefore: Float64Array;
  readonly attemptsNow: Float64Array;
  /** The label that only failures have, such as `reason`. */
  readonly kindLabel: string;
  readonly kinds: number;
  /** Row by row: `leaf * kinds + kind`. */
  readonly failuresBefore: Float64Array;
  readonly failuresNow: Float64Array;
  /** Labels on which it depends which kinds of failures occur, the first with kinds of its own. */
  readonly kindsDependOn: readonly string[];
  readonly driftSd: number;
  /** Whether everything failing alike is an explanation too, instead of a drift however large. */
  readonly mayFailAsAWhole: boolean;
  /** A slice of whose attempts a smaller share fails in addition is not worth a name. */
  readonly smallestEffect: number;
}

/** A slice to which a loss is put down, by the numbers of a table. */
export interface Cause {
  /** Label index and value of each label that the slice names. */
  readonly labels: readonly (readonly [attribute: number, value: number])[];
  /** The kind of failure, when it is a single one. */
  readonly kind: number | undefined;
  /** Extra failures, or events lost. */
  readonly extra: number;
  /** Share of the slice's attempts that fail in addition, or of its events that are lost, 0 to 1. */
  readonly severity: number;
  /** Evidence in nats, beyond what it costs to describe the slice. */
  readonly evidence: number;
}
