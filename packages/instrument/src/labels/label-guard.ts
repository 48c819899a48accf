import { OTHER } from '../cells/label-tree.ts';

/**
 * Admits the values of one label: the declared ones always, then the first others up to a limit, and `other` for
 * whatever comes later. A value once admitted stays admitted, so no series changes its meaning.
 */
export class LabelGuard {
  readonly #admitted = new Set<string>();
  /** From what callers pass to what is exposed, so that a value is cleaned once. Bounded: an attacker varies the keys. */
  readonly #memo = new Map<string, string>();
  readonly #maxValues: number;
  readonly #maxMemo: number;
  readonly #clean: (raw: string) => string;
  readonly #onFold: () => void;

  constructor(options: {
    readonly declared: readonly string[];
    readonly maxValues: number;
    readonly clean: (raw: string) => string;
    readonly onFold: () => void;
  }) {
    for (const value of options.declared) {
      this.#admitted.add(value);
      this.#memo.set(value, value);
    }
    this.#memo.set('', '');
    this.#maxValues = Math.max(options.maxValues, this.#admitted.size);
    this.#maxMemo = this.#maxValues * 4 + 1;
    this.#clean = options.clean;
    this.#onFold = options.onFold;
  }

  /** The value to expose for `raw`. `undefined` is the empty value, which is left out of the exposition. */
  admit(raw: string | undefined): string {
    if (raw === undefined || raw === null) return '';
    return this.#memo.get(raw) ?? this.#admitNew(raw);
  }

  #admitNew(raw: string): string {
    // Callers in JavaScript pass numbers and worse.
    const value = this.#clean(String(raw));
    if (value === '' || this.#admitted.has(value)) return this.#remember(raw, value);
    if (this.#admitted.size >= this.#maxValues) {
      this.#onFold();
      return OTHER;
    }
    this.#admitted.add(value);
    this.#memo.set(value, value);
    return this.#remember(raw, value);
  }

  #remember(raw: string, value: string): string {
    if (this.#memo.size < this.#maxMemo && typeof raw === 'string' && raw.length <= 128) this.#memo.set(raw, value);
    return value;
  }
}
