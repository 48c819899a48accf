/**
 * A value that must not be seen: printing it, logging it or turning it into JSON gives `<secret>`. `reveal` gives the value
 * to the one place that needs it.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  /** An empty secret is none; known without revealing it. */
  get isEmpty(): boolean {
    return this.#value === '';
  }

  toString(): string {
    return '<secret>';
  }

  toJSON(): string {
    return '<secret>';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '<secret>';
  }
}
