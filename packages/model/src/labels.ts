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

  /** Names and values in turn: one array a set, because there are as many sets in memory as there are series. */
  readonly #flat: readonly string[];
  #key: string | undefined;

  #note: unknown;

  private constructor(flat: readonly string[]) {
    this.#flat = flat;
  }

  /** Builds a set from a record. */
  static of(record: Readonly<Record<string, string>>): Labels {
    return Labels.from(Object.entries(record));
  }

  /** Builds a set from pairs in any order. Where a name comes twice, the later pair wins. */
  static from(pairs: Iterable<Label>): Labels {
    if (pairs instanceof Labels) return pairs;
    const flat: string[] = [];
    for (const pair of pairs) flat.push(pair[0], pair[1]);
    return Labels.#ofSorted(sortedByName(flat));
  }

  /** Builds a set from names and values in turn, as `flat` gives them, in any order. Where a name comes twice, the later wins. */
  static fromFlat(flat: readonly string[]): Labels {
    return Labels.#ofSorted(sortedByName(flat.slice()));
  }

  static #ofSorted(flat: readonly string[]): Labels {
    const kept = withoutEmpty(flat);
    return kept.length === 0 ? Labels.empty : new Labels(kept);
  }

  /** A string that is equal for equal sets and different for different ones. Not for display. It is kept once it was asked for. */
  get key(): string {
    if (this.#key === undefined) {
      const flat = this.#flat;
      let key = '';
      for (let i = 0; i < flat.length; i += 2) key += `${keyPart(flat[i]!)}\u0001${keyPart(flat[i + 1]!)}\u0002`;
      this.#key = key;
    }
    return this.#key;
  }

  /**
   * Room for one note of whoever keeps something for this set, so that it need not look it up by the set's value again: the
   * store remembers its series here. A note is no part of the value. Others may overwrite it, so whoever finds one has to
   * check that it is its own and still holds.
   */
  get note(): unknown {
    return this.#note;
  }

  set note(note: unknown) {
    this.#note = note;
  }

  /** Names and values in turn, sorted by name. */
  get flat(): readonly string[] {
    return this.#flat;
  }

  /** A number of 32 bits that is equal for equal sets. It is computed anew at every call. */
  get hash(): number {
    let hash = 0x811c_9dc5;
    for (const text of this.#flat) {
      for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x0100_0193);
      // What ends a text must count as well: "ab", "c" is not "a", "bc".
      hash = Math.imul(hash ^ 0x1_0000, 0x0100_0193);
    }
    hash ^= hash >>> 15;
    hash = Math.imul(hash, 0x2c1b_3c6d);
    return (hash ^ (hash >>> 13)) >>> 0;
  }

  get size(): number {
    return this.#flat.length / 2;
  }

  /** The metric name, or '' when the set has none. */
  get metricName(): string {
    return this.get(METRIC_NAME);
  }

  /** The value of a label, '' when it is absent: in Prometheus's data model the two are the same. */
  get(name: string): string {
    const flat = this.#flat;
    for (let i = 0; i < flat.length; i += 2) if (flat[i] === name) return flat[i + 1]!;
    return '';
  }

  has(name: string): boolean {
    const flat = this.#flat;
    for (let i = 0; i < flat.length; i += 2) if (flat[i] === name) return true;
    return false;
  }

  names(): string[] {
    return this.#flat.filter((_, i) => i % 2 === 0);
  }

  /** This set with one label set or, for an empty value, removed. */
  with(name: string, value: string): Labels {
    return Labels.#ofSorted(overlaid(this.#flat, [name, value]));
  }

  /** This set overlaid with other labels; the others win, empty values remove. */
  merge(others: Iterable<Label>): Labels {
    let over: readonly string[];
    if (others instanceof Labels) over = others.#flat;
    else over = sortedByName([...others].flat());
    return over.length === 0 ? this : Labels.#ofSorted(overlaid(this.#flat, over));
  }

  /** This set without the named labels. */
  without(names: Iterable<string>): Labels {
    const gone = new Set(names);
    const kept = filtered(this.#flat, (name) => !gone.has(name));
    return kept.length === this.#flat.length ? this : Labels.#ofSorted(kept);
  }

  /** This set with only the named labels. */
  keep(names: Iterable<string>): Labels {
    const wanted = new Set(names);
    const kept = filtered(this.#flat, (name) => wanted.has(name));
    return kept.length === this.#flat.length ? this : Labels.#ofSorted(kept);
  }

  equals(other: Labels): boolean {
    if (this === other) return true;
    const left = this.#flat;
    const right = other.#flat;
    if (left.length !== right.length) return false;
    // From the end, where sets of one metric differ first.
    for (let i = left.length - 1; i >= 0; i--) if (left[i] !== right[i]) return false;
    return true;
  }

  toRecord(): Record<string, string> {
    return Object.fromEntries(this);
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
    for (const [labelName, value] of this) {
      if (labelName === METRIC_NAME) continue;
      inside.push(`${CLASSIC_LABEL_NAME.test(labelName) ? labelName : quote(labelName)}=${quote(value)}`);
    }
    if (bare) return inside.length === 0 ? name : `${name}{${inside.join(', ')}}`;
    return `{${inside.join(', ')}}`;
  }

  [Symbol.iterator](): Iterator<Label> {
    return new Pairs(this.#flat);
  }
}

const CLASSIC_METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const CLASSIC_LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Up to this many pairs a plain insertion sort beats a map and the general sort; above, its square would tell. */
const FEW = 32;

/** Sorts names with their values in place, the later of two with one name winning. Scraping and reading build most sets in order. */
function sortedByName(flat: string[]): string[] {
  let i = 2;
  while (i < flat.length && compareText(flat[i - 2]!, flat[i]!) < 0) i += 2;
  if (i >= flat.length) return flat;
  if (flat.length > 2 * FEW) return sortedMany(flat);

  let length = i;
  for (; i < flat.length; i += 2) {
    const name = flat[i]!;
    const value = flat[i + 1]!;
    let at = length;
    while (at > 0 && compareText(flat[at - 2]!, name) > 0) at -= 2;
    if (at > 0 && flat[at - 2] === name) {
      flat[at - 1] = value;
      continue;
    }
    flat.copyWithin(at + 2, at, length);
    flat[at] = name;
    flat[at + 1] = value;
    length += 2;
  }
  flat.length = length;
  return flat;
}

function sortedMany(flat: readonly string[]): string[] {
  const values = new Map<string, string>();
  for (let i = 0; i < flat.length; i += 2) values.set(flat[i]!, flat[i + 1]!);
  return [...values].sort((a, b) => compareText(a[0], b[0])).flat();
}

/** Two sorted lists of names and values as one, the upper winning where both have a name. */
function overlaid(lower: readonly string[], upper: readonly string[]): string[] {
  const out: string[] = [];
  let i = 0;
  for (let j = 0; j < upper.length; j += 2) {
    while (i < lower.length) {
      const order = compareText(lower[i]!, upper[j]!);
      if (order > 0) break;
      if (order < 0) out.push(lower[i]!, lower[i + 1]!);
      i += 2;
    }
    out.push(upper[j]!, upper[j + 1]!);
  }
  for (; i < lower.length; i++) out.push(lower[i]!);
  return out;
}

/** A copy without labels that have no value; its array has no room to spare, as one that grew has. */
function withoutEmpty(flat: readonly string[]): string[] {
  for (let i = 1; i < flat.length; i += 2) {
    if (flat[i] === '') return flat.filter((_, at) => flat[at | 1] !== '').slice();
  }
  return flat.slice();
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
  const left = a.flat;
  const right = b.flat;
  const shared = Math.min(left.length, right.length);
  for (let i = 0; i < shared; i++) {
    // Equal texts are the same object as a rule.
    if (left[i] === right[i]) continue;
    return compareText(left[i]!, right[i]!);
  }
  return left.length - right.length;
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

function filtered(flat: readonly string[], isKept: (name: string) => boolean): string[] {
  const kept: string[] = [];
  for (let i = 0; i < flat.length; i += 2) if (isKept(flat[i]!)) kept.push(flat[i]!, flat[i + 1]!);
  return kept;
}

/** Goes through names and values in turn as pairs. By hand, because a generator takes three times as long. */
class Pairs implements Iterator<Label> {
  readonly #flat: readonly string[];
  #at = 0;

  constructor(flat: readonly string[]) {
    this.#flat = flat;
  }

  next(): IteratorResult<Label> {
    const at = this.#at;
    if (at >= this.#flat.length) return { done: true, value: undefined };
    this.#at = at + 2;
    return { done: false, value: [this.#flat[at]!, this.#flat[at + 1]!] };
  }
}
