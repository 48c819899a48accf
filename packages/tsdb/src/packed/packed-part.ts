import type { ChunkRows } from '../chunk-rows.ts';
import { getBits, sumOfBits } from '../codec/bits.ts';
import { ByteReader } from '../codec/bytes.ts';
import { readPieceRows } from '../codec/chunk.ts';
import { type ColumnIndex, INDEX_LINE, INDEX_OTHER, INDEX_STEPS, indexColumn, readColumn } from '../codec/column.ts';
import type { TimelineDirectory } from '../head/timeline-directory.ts';

/** What a piece takes in memory beside its bytes and marks, and a part beside its pieces: arrays of typed numbers are large objects. */
const BYTES_PER_PIECE = 80;
const BYTES_PER_PART = 900;
/** What is known of a piece, in this order. One array for all of it: there are as many parts in memory as series that are looked at. */
const FACTS = 9;
const FIRST_ROW = 0;
const LENGTH = 1;
const KIND = 2;
const BASE = 3;
const RISE = 4;
const WIDTH = 5;
const START = 6;
const DIVISOR = 7;
const MARK_START = 8;
/** Steps are summed up once for each so many: a value is then a mark and the few steps behind it. They begin with a byte. */
const STEPS_PER_MARK = 16;
const MOST_IN_MARK = 2 ** 31;
/** Values are finite. */
const UNKNOWN = Number.NEGATIVE_INFINITY;

/**
 * Pieces of the chunks of one series, oldest first, as they are in the file, and an index of them: values are read where they
 * are, without decoding what lies before. Never changed once it is made.
 */
export class PackedPart {
  readonly count: number;
  /** The timeline of the last piece; 0 when there is none. */
  readonly lastId: number;
  /** Of each piece its timeline. */
  readonly timelineIds: Float64Array;
  readonly #facts: Float64Array;
  readonly #bytes: Uint8Array;
  #view: DataView | undefined;
  /** Sums of steps, piece by piece. */
  readonly #marks: Int32Array;
  /** What `lostBefore` found out. */
  #lost: Float64Array | undefined;

  constructor(bytes: Uint8Array, draft: Draft) {
    this.count = draft.count;
    this.timelineIds = draft.timelineIds.slice(0, draft.count);
    this.lastId = draft.count === 0 ? 0 : this.timelineIds[draft.count - 1]!;
    this.#facts = draft.facts.slice(0, draft.count * FACTS);
    this.#bytes = bytes;
    this.#marks = draft.marks.slice(0, draft.markCount);
  }

  get byteLength(): number {
    return this.#bytes.length + BYTES_PER_PART + this.count * BYTES_PER_PIECE + this.#marks.byteLength;
  }

  /** The first row of a piece in its timeline. */
  firstRow(piece: number): number {
    return this.#facts[piece * FACTS + FIRST_ROW]!;
  }

  /** How many values a piece has. */
  length(piece: number): number {
    return this.#facts[piece * FACTS + LENGTH]!;
  }

  /** Is any value of a piece read without the others? Such a piece never falls and is finite. */
  isDirect(piece: number): boolean {
    return this.#facts[piece * FACTS + KIND] !== INDEX_OTHER;
  }

  /** Value `i` of a direct piece. */
  valueAt(piece: number, i: number): number {
    ONE[0] = i;
    this.valuesAt(piece, ONE, 0, 1, 0, ONE_VALUE);
    return ONE_VALUE[0]!;
  }

  /** What a counter lost between a piece and the one before: the last value there, if the first one here is lower. */
  lostBefore(piece: number): number {
    this.#lost ??= new Float64Array(this.count).fill(UNKNOWN);
    let lost = this.#lost[piece]!;
    if (lost !== UNKNOWN) return lost;
    const before = this.valueAt(piece - 1, this.length(piece - 1) - 1);
    lost = this.valueAt(piece, 0) < before ? before : 0;
    this.#lost[piece] = lost;
    return lost;
  }

  /** Puts values `indices[w] + shift` of a direct piece into `out[w]`, for each w from `from` up to `to`. */
  valuesAt(piece: number, indices: Int32Array, from: number, to: number, shift: number, out: Float64Array): void {
    const facts = this.#facts;
    const at = piece * FACTS;
    const width = facts[at + WIDTH]!;
    if (facts[at + KIND] === INDEX_LINE) this.#onLine(piece, indices, from, to, shift, out);
    else if (width > 0 && width <= 8) this.#smallSteps(piece, indices, from, to, shift, out);
    else {
      const [base, rise, divisor] = [facts[at + BASE]!, facts[at + RISE]!, facts[at + DIVISOR]!];
      for (let w = from; w < to; w++) {
        const i = indices[w]! + shift;
        out[w] = (base + i * rise + (width === 0 ? 0 : this.#sumOfSteps(piece, i))) / divisor;
      }
    }
  }

  #onLine(piece: number, indices: Int32Array, from: number, to: number, shift: number, out: Float64Array): void {
    const facts = this.#facts;
    const at = piece * FACTS;
    const [base, rise, divisor] = [facts[at + BASE]!, facts[at + RISE]!, facts[at + DIVISOR]!];
    const [width, start, bytes] = [facts[at + WIDTH]!, facts[at + START]!, this.#bytes];
    const steps = Math.max(1, this.length(piece) - 1);
    for (let w = from; w < to; w++) {
      const i = indices[w]! + shift;
      out[w] = (base + Math.floor((rise * i) / steps) + getBits(bytes, start + i * width, width)) / divisor;
    }
  }

  // Queries of rates spend their time here, so it is written out: eight small steps lie in two words, as in `readDelta`, and
  // those behind the wanted value are masked, since a loop over the others would be mispredicted. See store.bench.ts.
  #smallSteps(piece: number, indices: Int32Array, from: number, to: number, shift: number, out: Float64Array): void {
    const facts = this.#facts;
    const at = piece * FACTS;
    const [base, rise, divisor] = [facts[at + BASE]!, facts[at + RISE]!, facts[at + DIVISOR]!];
    const width = facts[at + WIDTH]! | 0;
    const { buffer, byteOffset, byteLength } = this.#bytes;
    this.#view ??= new DataView(buffer, byteOffset, byteLength);
    const [marks, view] = [this.#marks, this.#view];
    const firstByte = facts[at + START]! >>> 3;
    const firstMark = facts[at + MARK_START]! | 0;
    const mask = (1 << width) - 1;
    const [twice, thrice, half, odd] = [2 * width, 3 * width, width >>> 1, (width & 1) * 4];
    const lastSafe = view.byteLength - 2 * width - 4;
    for (let w = from; w < to; w++) {
      const i = indices[w]! + shift;
      const mark = i >>> 4;
      let byte = firstByte + 2 * mark * width;
      if (byte > lastSafe) {
        out[w] = (base + i * rise + this.#sumOfSteps(piece, i)) / divisor;
        continue;
      }
      let sum = marks[firstMark + mark]!;
      let rest = i & 15;
      if (rest >= 8) {
        const low = view.getInt32(byte, true);
        const high = view.getInt32(byte + half, true) >>> odd;
        sum += (low & mask) + ((low >>> width) & mask) + ((low >>> twice) & mask) + ((low >>> thrice) & mask);
        sum += (high & mask) + ((high >>> width) & mask) + ((high >>> twice) & mask) + ((high >>> thrice) & mask);
        byte += width;
        rest -= 8;
      }
      const lowBits = Math.min(rest, 4) * width;
      const low = view.getInt32(byte, true) & (lowBits === 32 ? -1 : (1 << lowBits) - 1);
      const high = (view.getInt32(byte + half, true) >>> odd) & ((1 << (Math.max(rest - 4, 0) * width)) - 1);
      sum += (low & mask) + ((low >>> width) & mask) + ((low >>> twice) & mask) + (low >>> thrice);
      sum += (high & mask) + ((high >>> width) & mask) + (high >>> twice);
      out[w] = (base + i * rise + sum) / divisor;
    }
  }

  #sumOfSteps(piece: number, count: number): number {
    const facts = this.#facts;
    const at = piece * FACTS;
    const width = facts[at + WIDTH]!;
    const mark = Math.floor(count / STEPS_PER_MARK);
    const before = mark * STEPS_PER_MARK;
    const position = facts[at + START]! + before * width;
    return this.#marks[facts[at + MARK_START]! + mark]! + sumOfBits(this.#bytes, position, width, count - before);
  }

  /** Puts all values of a piece at the beginning of `into`. @throws {DamagedBytes} */
  readInto(piece: number, into: Float64Array): void {
    const length = this.length(piece);
    const target = into.subarray(0, length);
    if (this.isDirect(piece)) for (let i = 0; i < length; i++) target[i] = this.valueAt(piece, i);
    else {
      const input = new ByteReader(this.#bytes);
      input.offset = this.#facts[piece * FACTS + START]!;
      readColumn(input, target);
    }
  }
}

const ONE = new Int32Array(1);
const ONE_VALUE = new Float64Array(1);

/** Room in which a part is put together, used again for the next. */
class Draft {
  count = 0;
  timelineIds = new Float64Array(512);
  facts = new Float64Array(512 * FACTS);
  markCount = 0;
  marks = new Int32Array(4_096);
  readonly #index: ColumnIndex = { kind: INDEX_STEPS, base: 0, rise: 0, width: 0, start: 0, column: 0, divisor: 1 };

  /** Adds the piece that the input is at, of a timeline with `rows` rows. @throws {DamagedBytes} */
  add(timelineId: number, rows: number, input: ByteReader): void {
    const at = this.count;
    if (at === this.timelineIds.length) this.#grow();
    const [first, end] = readPieceRows(input, rows);
    const index = this.#index;
    indexColumn(input, end - first, index);
    const markStart = this.markCount;
    if (index.kind === INDEX_STEPS && index.width > 0) this.#mark(input.bytes, end - first);
    this.timelineIds[at] = timelineId;
    const { kind, base, rise, width, start, divisor } = index;
    // In the order of the constants above.
    this.facts.set([first, end - first, kind, base, rise, width, start, divisor, markStart], at * FACTS);
    this.count++;
  }

  /** Sums up the steps of the column that was indexed last. */
  #mark(bytes: Uint8Array, count: number): void {
    const index = this.#index;
    const marks = Math.floor((count - 1) / STEPS_PER_MARK) + 1;
    while (this.markCount + marks > this.marks.length) {
      const grown = new Int32Array(this.marks.length * 2);
      grown.set(this.marks);
      this.marks = grown;
    }
    let sum = 0;
    for (let mark = 0; mark < marks; mark++) {
      if (sum >= MOST_IN_MARK) {
        index.kind = INDEX_OTHER;
        index.start = index.column;
        return;
      }
      this.marks[this.markCount + mark] = sum;
      if (mark + 1 === marks) break;
      sum += sumOfBits(bytes, index.start + mark * STEPS_PER_MARK * index.width, index.width, STEPS_PER_MARK);
    }
    this.markCount += marks;
  }

  #grow(): void {
    const larger = (array: Float64Array) => {
      const grown = new Float64Array(array.length * 2);
      grown.set(array);
      return grown;
    };
    this.timelineIds = larger(this.timelineIds);
    this.facts = larger(this.facts);
  }
}

/** Reads parts from the file. */
export class PartReader {
  readonly #chunkRows: ChunkRows;
  readonly #directory: TimelineDirectory;
  readonly #draft = new Draft();

  constructor(chunkRows: ChunkRows, directory: TimelineDirectory) {
    this.#chunkRows = chunkRows;
    this.#directory = directory;
  }

  /** How many times damaged rows had to be left out. */
  get leftOut(): number {
    return this.#chunkRows.leftOut;
  }

  /** The pieces of a series in packed timelines from `lowId` to `highId`. @throws {DamagedBytes} */
  read(seriesId: number, lowId: number, highId: number): PackedPart {
    const draft = this.#draft;
    draft.count = 0;
    draft.markCount = 0;
    let bytes: Uint8Array | undefined;
    this.#chunkRows.each(seriesId, lowId, highId, (timelineId, input, end) => {
      const packed = this.#directory.get(timelineId);
      if (packed !== undefined && timelineId >= lowId && timelineId <= highId) {
        bytes = input.bytes;
        while (input.offset < end) draft.add(timelineId, packed.count, input);
      }
      input.offset = end;
    });
    return new PackedPart(bytes ?? new Uint8Array(0), draft);
  }
}
