/** A tree of maps, one level per label, from label values to a cell. */
type Level<C> = Map<string, Level<C> | C>;

/**
 * Finds cells by their label values without building a key: one map look-up per label.
 *
 * At most `maxCells` are made. What comes after falls into the cell of `fold(values)`, and `onFold` hears of it, so a
 * label set that nobody thought of costs accuracy instead of memory. Cells of folded label sets may exceed the limit:
 * `fold` must map to few sets.
 */
export class LabelTree<C> {
  readonly cells: C[] = [];
  readonly #root: Level<C> = new Map();
  readonly #depth: number;
  readonly #maxCells: number;
  readonly #create: (values: readonly string[]) => C;
  readonly #fold: (values: readonly string[]) => readonly string[];
  readonly #onFold: () => void;

  constructor(options: {
    readonly depth: number;
    readonly maxCells: number;
    readonly create: (values: readonly string[]) => C;
    readonly fold: (values: readonly string[]) => readonly string[];
    readonly onFold: () => void;
  }) {
    this.#depth = options.depth;
    this.#maxCells = options.maxCells;
    this.#create = options.create;
    this.#fold = options.fold;
    this.#onFold = options.onFold;
  }

  /** The cell of these label values, made if it is new. A missing value is an empty one. */
  resolve(values: readonly string[]): C {
    return this.#find(values) ?? this.#insert(values);
  }

  #find(values: readonly string[]): C | undefined {
    let level: Level<C> | C | undefined = this.#root;
    for (let i = 0; i < this.#depth; i++) {
      level = (level as Level<C>).get(values[i] ?? '');
      if (level === undefined) return undefined;
    }
    // A tree without labels holds its only cell under the empty value.
    return this.#depth === 0 ? (this.#root.get('') as C | undefined) : (level as C);
  }

  #insert(wanted: readonly string[]): C {
    let values = wanted;
    if (this.cells.length >= this.#maxCells) {
      this.#onFold();
      values = this.#fold(wanted);
      const folded = this.#find(values);
      if (folded !== undefined) return folded;
    }
    const cell = this.#create(values);
    this.cells.push(cell);
    let level = this.#root;
    for (let i = 0; i < this.#depth - 1; i++) {
      const value = values[i] ?? '';
      let next = level.get(value) as Level<C> | undefined;
      if (next === undefined) {
        next = new Map();
        level.set(value, next);
      }
      level = next;
    }
    level.set(this.#depth === 0 ? '' : (values[this.#depth - 1] ?? ''), cell);
    return cell;
  }
}

/** What a family does when it is full. */
export interface Limit {
  /** How many label sets a family may hold. */
  readonly maxCells: number;
  /** Called for each event that fell into the overflow cell. */
  readonly onFold: (metricName: string) => void;
  /** The labels, by name, that keep their value in the overflow cell because their values are a closed list. */
  readonly keep?: readonly string[];
}

/** The value that stands for all values beyond a limit. */
export const OTHER = 'other';

/** A limit that a family cannot reach when its label values are bounded elsewhere. */
export const roomy: Limit = { maxCells: 10_000, onFold: () => {} };

/** Replaces every non-empty value by `other`, but for the labels in `keep`. */
export function foldAll(
  names: readonly string[],
  keep: readonly string[] = [],
): (values: readonly string[]) => string[] {
  return (values) => names.map((name, i) => (keep.includes(name) ? (values[i] ?? '') : OTHER));
}
