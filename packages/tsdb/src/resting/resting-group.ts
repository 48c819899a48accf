import { crc32 } from 'node:zlib';
import { Labels, type Matcher } from '@tillwatch/model';
import { ByteReader, ByteWriter, DamagedBytes } from '../codec/bytes.ts';
import { encodeLabels } from '../codec/labels.ts';
import type { HeadSeries } from '../head/series.ts';

/** How many series a group has at most: as many as can be written in a few milliseconds. */
export const MOST_IN_GROUP = 2048;

/** What the tables of a group are written from. */
interface Tables {
  /** Every name and value that occurs. */
  readonly symbols: readonly string[];
  /** For each list of names that occurs: the numbers of the names. */
  readonly shapes: readonly Uint32Array[];
}

/**
 * Series that rest, as they are in the file: their ids, their labels as numbers of texts that many have in common, and when each had
 * its newest sample. In memory one takes a tenth of what a series of the head does.
 */
export class RestingGroup {
  readonly #tables: Tables;
  readonly ids: Float64Array;
  readonly lastMs: Float64Array;
  /** What `restingHash` gives for the labels of each. */
  readonly hashes: Uint32Array;
  readonly #shapeOf: Uint32Array;
  /** Where the values of a series begin in `#values`, which has as many as the series has names. */
  readonly #start: Uint32Array;
  readonly #values: Uint32Array;

  private constructor(
    tables: Tables,
    ids: Float64Array,
    lastMs: Float64Array,
    hashes: Uint32Array,
    shapeOf: Uint32Array,
    start: Uint32Array,
    values: Uint32Array,
  ) {
    this.#tables = tables;
    this.ids = ids;
    this.lastMs = lastMs;
    this.hashes = hashes;
    this.#shapeOf = shapeOf;
    this.#start = start;
    this.#values = values;
  }

  get length(): number {
    return this.ids.length;
  }

  /** About how much it takes in memory. */
  get byteLength(): number {
    return 1_000 + 28 * this.length + 4 * this.#values.length + 60 * this.#tables.symbols.length;
  }

  labelsOf(row: number): Labels {
    const { symbols, shapes } = this.#tables;
    const flat: string[] = [];
    const start = this.#start[row]!;
    shapes[this.#shapeOf[row]!]!.forEach((name, i) => {
      flat.push(symbols[name]!, symbols[this.#values[start + i]!]!);
    });
    return Labels.fromFlat(flat);
  }

  /** The value of a label of a series; '' when it has none. */
  valueOf(row: number, name: string): string {
    const { symbols, shapes } = this.#tables;
    const at = shapes[this.#shapeOf[row]!]!.findIndex((symbol) => symbols[symbol] === name);
    return at === -1 ? '' : symbols[this.#values[this.#start[row]! + at]!]!;
  }

  /** Whose newest sample is not older than `fromMs`. */
  *rowsSince(fromMs: number): Iterable<number> {
    for (let row = 0; row < this.length; row++) if (this.lastMs[row]! >= fromMs) yield row;
  }

  /** Those that satisfy all matchers. */
  *find(matchers: readonly Matcher[]): Iterable<number> {
    const tests = matchers.map((matcher) => this.#test(matcher));
    for (let row = 0; row < this.length; row++) if (tests.every((test) => test(row))) yield row;
  }

  /** Each text is tried once, and each list of names is looked through once. */
  #test(matcher: Matcher): (row: number) => boolean {
    const { symbols, shapes } = this.#tables;
    const name = symbols.indexOf(matcher.name);
    const placeIn = shapes.map((names) => (name === -1 ? -1 : names.indexOf(name)));
    const acceptsNone = matcher.matches('');
    const verdicts = new Uint8Array(symbols.length);
    return (row) => {
      const place = placeIn[this.#shapeOf[row]!]!;
      if (place === -1) return acceptsNone;
      const symbol = this.#values[this.#start[row]! + place]!;
      if (verdicts[symbol] === 0) verdicts[symbol] = matcher.matches(symbols[symbol]!) ? 2 : 1;
      return verdicts[symbol] === 2;
    };
  }

  /** All names of labels. */
  labelNames(): ReadonlySet<string> {
    const { symbols, shapes } = this.#tables;
    return new Set(shapes.flatMap((names) => Array.from(names, (name) => symbols[name]!)));
  }

  /** @throws {DamagedBytes} */
  static read(body: Uint8Array): RestingGroup {
    const input = new ByteReader(body);
    const count = boundedBy(MOST_IN_GROUP, input.varint());
    const tables = readTables(input);
    const ids = new Float64Array(count);
    const lastMs = new Float64Array(count);
    const hashes = new Uint32Array(count);
    const shapeOf = new Uint32Array(count);
    const start = new Uint32Array(count);
    const values: number[] = [];
    for (let row = 0, id = 0; row < count; row++) {
      id += input.zigzag();
      ids[row] = id;
      lastMs[row] = input.f64();
      hashes[row] = input.u32();
      const shape = below(tables.shapes.length, input.varint());
      shapeOf[row] = shape;
      start[row] = values.length;
      for (let i = tables.shapes[shape]!.length; i > 0; i--) values.push(below(tables.symbols.length, input.varint()));
    }
    return new RestingGroup(tables, ids, lastMs, hashes, shapeOf, start, Uint32Array.from(values));
  }
}

function readTables(input: ByteReader): Tables {
  const text = new TextDecoder().decode(input.take(input.varint()));
  const symbols = readSymbols(text);
  const shapes: Uint32Array[] = [];
  for (let count = boundedBy(MOST_IN_GROUP, input.varint()); count > 0; count--) {
    const names = new Uint32Array(boundedBy(symbols.length, input.varint()));
    for (let i = 0; i < names.length; i++) names[i] = below(symbols.length, input.varint());
    shapes.push(names);
  }
  return { symbols, shapes };
}

function readSymbols(text: string): readonly string[] {
  try {
    const symbols: unknown = JSON.parse(text);
    if (Array.isArray(symbols) && symbols.every((symbol) => typeof symbol === 'string')) return symbols;
  } catch {
    // Said below.
  }
  throw new DamagedBytes('the texts of resting series are not readable');
}

/** Writes series as a group. */
export function writeGroup(output: ByteWriter, series: readonly HeadSeries[]): void {
  const symbols = new Map<string, number>();
  const numberOf = (text: string) => {
    const known = symbols.get(text);
    if (known !== undefined) return known;
    symbols.set(text, symbols.size);
    return symbols.size - 1;
  };
  const shapes = new Map<string, { readonly number: number; readonly names: readonly number[] }>();
  const rows = new ByteWriter();
  let lastId = 0;
  for (const { id, labels, lastMs } of series) {
    const numbers = labels.flat.map(numberOf);
    const names = numbers.filter((_, i) => i % 2 === 0);
    const key = names.join(' ');
    const shape = shapes.get(key) ?? { number: shapes.size, names };
    shapes.set(key, shape);
    rows.zigzag(id - lastId);
    rows.f64(lastMs);
    rows.u32(restingHash(labels));
    rows.varint(shape.number);
    for (let i = 1; i < numbers.length; i += 2) rows.varint(numbers[i]!);
    lastId = id;
  }
  output.varint(series.length);
  const text = new TextEncoder().encode(JSON.stringify([...symbols.keys()]));
  output.varint(text.length);
  output.bytes(text);
  output.varint(shapes.size);
  for (const { names } of shapes.values()) {
    output.varint(names.length);
    for (const name of names) output.varint(name);
  }
  output.bytes(rows.finish());
}

/** A number of 32 bits that is equal for equal labels, in this version and every other. */
export function restingHash(labels: Labels): number {
  return crc32(encodeLabels(labels));
}

function boundedBy(most: number, value: number): number {
  if (value > most) throw new DamagedBytes('more of something than there can be');
  return value;
}

function below(end: number, value: number): number {
  if (value >= end) throw new DamagedBytes('a number stands for nothing');
  return value;
}
