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
    const own: Label[] = [];
    for (const [name, value] of pairs) own.push([name, value]);
    return Labels.#ofSorted(withoutEmpty(sortedByName(own)));
  }

  static #ofSorted(pairs: readonly Label[]): Labels {
    return pairs.length === 0 ? Labels.empty : new Labels(pairs);
  }

  /** A string that is equal for equal sets and different for different ones. Not for display. */
  get key(): string {
    if (this.#key === undefined) {
      let key = '';
      for (const [name, value] of this.#pairs) key += `${keyPart(name)}\u0001${keyPart(value)}\u0002`;
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
    return Labels.#ofSorted(withoutEmpty(overlaid(this.#pairs, [[name, value]])));
  }

  /** This set overlaid with other labels; the others win, empty values remove. */
  merge(others: Iterable<Label>): Labels {
    const over = others instanceof Labels ? others.#pairs : sortedByName(Array.from(others, ([n, v]): Label => [n, v]));
    return over.length === 0 ? this : Labels.#ofSorted(withoutEmpty(overlaid(this.#pairs, over)));
  }

  /** This set without the named labels. */
  without(names: Iterable<string>): Labels {
    const gone = new Set(names);
    const kept = this.#pairs.filter(([name]) => !gone.has(name));
    return kept.length === this.#pairs.length ? this : Labels.#ofSorted(kept);
  }

  /** This set with only the named labels. */
  keep(names: Iterable<string>): Labels {
    const wanted = new Set(names);
    const kept = this.#pairs.filter(([name]) => wanted.has(name));
    return kept.length === this.#pairs.length ? this : Labels.#ofSorted(kept);
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

/** Up to this many pairs a plain insertion sort beats a map and the general sort; above, its square would tell. */
const FEW = 32;

/** Sorts pairs by name in place, the later of two with one name winning. Scraping and reading build most sets in order. */
function sortedByName(pairs: Label[]): Label[] {
  let i = 1;
  while (i < pairs.length && compareText(pairs[i - 1]![0], pairs[i]![0]) < 0) i++;
  if (i >= pairs.length) return pairs;
  if (pairs.length > FEW) return [...new Map(pairs)].sort((a, b) => compareText(a[0], b[0]));

  let length = i;
  for (; i < pairs.length; i++) {
    const pair = pairs[i]!;
    let at = length;
    while (at > 0 && compareText(pairs[at - 1]![0], pair[0]) > 0) at--;
    if (at > 0 && pairs[at - 1]![0] === pair[0]) {
      pairs[at - 1] = pair;
      continue;
    }
    for (let j = length; j > at; j--) pairs[j] = pairs[j - 1]!;
    pairs[at] = pair;
    length++;
  }
  pairs.length = length;
  return pairs;
}

/** Two sorted lists as one, the upper winning where both have a name. */
function overlaid(lower: readonly Label[], upper: readonly Label[]): Label[] {
  const out: Label[] = [];
  let i = 0;
  for (const pair of upper) {
    while (i < lower.length) {
      const order = compareText(lower[i]![0], pair[0]);
      if (order > 0) break;
      if (order < 0) out.push(lower[i]!);
      i++;
    }
    out.push(pair);
  }
  while (i < lower.length) out.push(lower[i++]!);
  return out;
}

function withoutEmpty(pairs: Label[]): Label[] {
  for (const pair of pairs) if (pair[1] === '') return pairs.filter(([, value]) => value !== '');
  return pairs;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that keys are built with.
const KEY_MARK = /[\u0000-\u0002]/;

/** Text as part of a key: what separates parts is escaped, so that no value can pass for several labels. */
function keyPart(text: string): string {
  if (!KEY_MARK.test(text)) return text;
  return text.replace(new RegExp(KEY_MARK, 'g'), (mark) => `\u0000${mark.charCodeAt(0)}`);
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

/**
 * Writes text as Go's `%q` does: in double quotes, with escapes for what is not printable. Lone surrogates U+DC80 to U+DCFF
 * stand for single bytes that are not UTF-8 and come out as bytes.
 */
export function quote(text: string): string {
  if (NEEDS_NO_ESCAPE.test(text)) return `"${text}"`;
  let out = '"';
  for (const char of text) out += ESCAPES[char] ?? (PRINTABLE.test(char) ? char : escapeChar(char));
  return `${out}"`;
}

const NEEDS_NO_ESCAPE = /^[ !#-[\]-~]*$/;
const PRINTABLE = /[ \p{L}\p{M}\p{N}\p{P}\p{S}]/u;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

function escapeChar(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  const hex = (digits: number, of = code) => of.toString(16).padStart(digits, '0');
  if (code >= 0xdc80 && code <= 0xdcff) return `\\x${hex(2, code - 0xdc00)}`;
  if (code < 0x80) return `\\x${hex(2)}`;
  return code < 0x10000 ? `\\u${hex(4)}` : `\\U${hex(8)}`;
}
