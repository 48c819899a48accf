/** The label that holds the metric name. */
export const METRIC_NAME = '__name__';

/** One label: its name and its value. */
export type Label = readonly [name: string, value: string];

/**
 * An immutable label set, sorted by name. A label with an empty value is the same as no label (Prometheus's data model),
 * so empty values are dropped on construction. Two sets are equal exactly when their `key`s are equal.
 */
export class Labels implements Iterable<Label> {
  static readonly empty: Labels = new Labels([]);

  readonly #pairs: readonly Label[];
  #key: string | undefined;

  private constructor(sortedPairs: readonly Label[]) {
    this.#pairs = sortedPairs;
  }

  /** Builds a set from a record. */
  static of(record: Readonly<Record<string, string>>): Labels {
    return Labels.from(Object.entries(record));
  }

  /** Builds a set from pairs in any order. Where a name comes twice, the later pair wins. */
  static from(pairs: Iterable<Label>): Labels {
    const byName = new Map<string, string>();
    for (const [name, value] of pairs) byName.set(name, value);
    const sorted: Label[] = [];
    for (const [name, value] of byName) if (value !== '') sorted.push([name, value]);
    if (sorted.length === 0) return Labels.empty ?? new Labels([]);
    sorted.sort((a, b) => compareText(a[0], b[0]));
    return new Labels(sorted);
  }

  /** A string that is equal for equal sets and different for different ones. Not for display. */
  get key(): string {
    if (this.#key === undefined) {
      let key = '';
      for (const [name, value] of this.#pairs) key += `${name}\u0001${value}\u0002`;
      this.#key = key;
    }
    return this.#key;
  }

  get size(): number {
    return this.#pairs.length;
  }

  /** The metric name, or '' when the set has none. */
  get metricName(): string {
    return this.get(METRIC_NAME);
  }

  /** The value of a label, '' when it is absent: in Prometheus's data model the two are the same. */
  get(name: string): string {
    for (const pair of this.#pairs) if (pair[0] === name) return pair[1];
    return '';
  }

  has(name: string): boolean {
    for (const pair of this.#pairs) if (pair[0] === name) return true;
    return false;
  }

  names(): string[] {
    return this.#pairs.map(([name]) => name);
  }

  /** This set with one label set or, for an empty value, removed. */
  with(name: string, value: string): Labels {
    return this.merge([[name, value]]);
  }

  /** This set overlaid with other labels; the others win, empty values remove. */
  merge(others: Iterable<Label>): Labels {
    return Labels.from([...this.#pairs, ...others]);
  }

  /** This set without the named labels. */
  without(names: Iterable<string>): Labels {
    const gone = new Set(names);
    const kept = this.#pairs.filter(([name]) => !gone.has(name));
    return kept.length === this.#pairs.length ? this : fromSorted(kept);
  }

  /** This set with only the named labels. */
  keep(names: Iterable<string>): Labels {
    const wanted = new Set(names);
    const kept = this.#pairs.filter(([name]) => wanted.has(name));
    return kept.length === this.#pairs.length ? this : fromSorted(kept);
  }

  equals(other: Labels): boolean {
    return this === other || this.key === other.key;
  }

  toRecord(): Record<string, string> {
    return Object.fromEntries(this.#pairs);
  }

  toJSON(): Record<string, string> {
    return this.toRecord();
  }

  /** PromQL notation: `name{a="b"}`; a metric name that is not a classic identifier is written quoted inside the braces. */
  toString(): string {
    const name = this.metricName;
    const bare = name !== '' && CLASSIC_METRIC_NAME.test(name);
    const inside: string[] = [];
    if (name !== '' && !bare) inside.push(quote(name));
    for (const [labelName, value] of this.#pairs) {
      if (labelName === METRIC_NAME) continue;
      inside.push(`${CLASSIC_LABEL_NAME.test(labelName) ? labelName : quote(labelName)}=${quote(value)}`);
    }
    if (bare) return inside.length === 0 ? name : `${name}{${inside.join(', ')}}`;
    return `{${inside.join(', ')}}`;
  }

  [Symbol.iterator](): Iterator<Label> {
    return this.#pairs[Symbol.iterator]();
  }
}

const CLASSIC_METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const CLASSIC_LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

function fromSorted(sorted: readonly Label[]): Labels {
  return Labels.from(sorted);
}

/**
 * Orders label sets as Prometheus does: pair by pair, first by name, then by value; a set that is a prefix of another
 * comes first.
 */
export function compareLabels(a: Labels, b: Labels): number {
  const right = b[Symbol.iterator]();
  for (const [name, value] of a) {
    const next = right.next();
    if (next.done === true) return 1;
    const byName = compareText(name, next.value[0]);
    if (byName !== 0) return byName;
    const byValue = compareText(value, next.value[1]);
    if (byValue !== 0) return byValue;
  }
  return right.next().done === true ? 0 : -1;
}

/** Orders text by code point, as Go orders UTF-8 bytes (JavaScript's own order differs beyond the basic plane). */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    let left = a.charCodeAt(i);
    let right = b.charCodeAt(i);
    if (left === right) continue;
    // Surrogates stand for code points above every other UTF-16 unit.
    if (left >= 0xd800 && left <= 0xdfff) left += 0x10000;
    if (right >= 0xd800 && right <= 0xdfff) right += 0x10000;
    return left < right ? -1 : 1;
  }
  return a.length < b.length ? -1 : 1;
}

/** Writes text as Go's `%q` does for what occurs in labels: double quotes with escapes. */
export function quote(text: string): string {
  let out = '"';
  for (const char of text) {
    switch (char) {
      case '"':
        out += '\\"';
        break;
      case '\\':
        out += '\\\\';
        break;
      case '\n':
        out += '\\n';
        break;
      case '\t':
        out += '\\t';
        break;
      case '\r':
        out += '\\r';
        break;
      default: {
        const code = char.codePointAt(0) ?? 0;
        out += code < 0x20 || code === 0x7f ? `\\x${code.toString(16).padStart(2, '0')}` : char;
      }
    }
  }
  return `${out}"`;
}
