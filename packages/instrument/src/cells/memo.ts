/**
 * Remembers what three label values lead to, without building a key. Holds at most `maxEntries`: what comes later is
 * made anew each time, which is slower and right all the same.
 */
export class Memo<V> {
  readonly #root = new Map<string, Map<string, Map<string, V>>>();
  readonly #maxEntries: number;
  #size = 0;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  get(a: string, b: string, c: string, create: () => V): V {
    return this.#root.get(a)?.get(b)?.get(c) ?? this.#add(a, b, c, create());
  }

  #add(a: string, b: string, c: string, value: V): V {
    if (this.#size >= this.#maxEntries) return value;
    this.#size++;
    let second = this.#root.get(a);
    if (second === undefined) {
      second = new Map();
      this.#root.set(a, second);
    }
    const third = second.get(b);
    if (third === undefined) second.set(b, new Map([[c, value]]));
    else third.set(c, value);
    return value;
  }
}
