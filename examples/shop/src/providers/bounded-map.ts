/** A map from text that forgets its oldest entry when it would grow beyond its limit. */
export class BoundedMap<Value> {
  readonly #limit: number;
  readonly #entries = new Map<string, Value>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key);
  }

  /** Adds or replaces; a replaced entry keeps its age. Gives back the entry that had to go, if one had to. */
  set(key: string, value: Value): Value | undefined {
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#limit) return undefined;
    const [oldestKey, oldest] = this.#entries.entries().next().value as [string, Value];
    this.#entries.delete(oldestKey);
    return oldest;
  }

  delete(key: string): boolean {
    return this.#entries.delete(key);
  }

  entries(): IterableIterator<[string, Value]> {
    return this.#entries.entries();
  }
}
