import type { ChunkRows } from '../chunk-rows.ts';
import { getBits, sumOfBits } from '../codec/bits.ts';
import { ByteReader } from '../codec/bytes.ts';
import { readPieceRows } from '../codec/chunk.ts';
import { type ColumnIndex, INDEX_LINE, INDEX_OTHER, INDEX_STEPS, indexColumn, readColumn } from '../codec/column.ts';
import type { TimelineDirectory } from '../head/timeline-directory.ts';

/** What a piece takes in memory beside its bytes and marks. */
const BYTES_PER_PIECE = 58;
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
  /** Of each piece its timeline, its first row there, and its number of values. */
  readonly timelineIds: Float64Array;
  readonly firstRows: Int32Array;
  readonly lengths: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #kinds: Uint8Array;
  readonly #bases: Float64Array;
  readonly #rises: Float64Array;
  readonly #widths: Uint8Array;
  readonly #starts: Int32Array;
  readonly #divisors: Float64Array;
  readonly #view: DataView;
  /** Sums of steps, and where those of each piece begin. */
  readonly #marks: Int32Array;
  readonly #markStarts: Int32Array;
  /** What `lostBefore` found out. */
  #lost: Float64Array | undefined;

  constructor(bytes: Uint8Array, draft: Draft) {
    this.count = draft.count;
    this.timelineIds = draft.timelineIds.slice(0, draft.count);
    this.lastId = draft.count === 0 ? 0 : this.timelineIds[draft.count - 1]!;
    this.firstRows = draft.firstRows.slice(0, draft.count);
    this.lengths = draft.lengths.slice(0, draft.count);
    this.#bytes = bytes;
    this.#kinds = draft.kinds.slice(0, draft.count);
    this.#bases = draft.bases.slice(0, draft.count);
    this.#rises = draft.rises.slice(0, draft.count);
    this.#widths = draft.widths.slice(0, draft.count);
    this.#starts = draft.starts.slice(0, draft.count);
    this.#divisors = draft.divisors.slice(0, draft.count);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#marks = draft.marks.slice(0, draft.markCount);
    this.#markStarts = draft.markStarts.slice(0, draft.count);
  }

  get byteLength(): number {
    return this.#bytes.length + this.count * BYTES_PER_PIECE + this.#marks.byteLength;
  }

  /** Is any value of a piece read without the others? Such a piece never falls and is finite. */
  isDirect(piece: number): boolean {
    return this.#kinds[piece] !== INDEX_OTHER;
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
    const before = this.valueAt(piece - 1, this.lengths[piece - 1]! - 1);
    lost = this.valueAt(piece, 0) < before ? before : 0;
    this.#lost[piece] = lost;
    return lost;
  }

  /** Puts values `indices[w] + shift` of a direct piece into `out[w]`, for each w from `from` up to `to`. */
  valuesAt(piece: number, indices: Int32Array, from: number, to: number, shift: number, out: Float64Array): void {
    const width = this.#widths[piece]!;
    if (this.#kinds[piece] === INDEX_LINE) this.#onLine(piece, indices, from, to, shift, out);
    else if (width > 0 && width <= 8) this.#smallSteps(piece, indices, from, to, shift, out);
    else {
      const [base, rise, divisor] = [this.#bases[piece]!, this.#rises[piece]!, this.#divisors[piece]!];
      for (let w = from; w < to; w++) {
        const i = indices[w]! + shift;
        out[w] = (base + i * rise + (width === 0 ? 0 : this.#sumOfSteps(piece, i))) / divisor;
      }
    }
  }

  #onLine(piece: number, indices: Int32Array, from: number, to: number, shift: number, out: Float64Array): void {
    const [base, rise, divisor] = [this.#bases[piece]!, this.#rises[piece]!, this.#divisors[piece]!];
    const [width, start, bytes] = [this.#widths[piece]!, this.#starts[piece]!, this.#bytes];
    const steps = Math.max(1, this.lengths[piece]! - 1);
    for (let w = from; w < to; w++) {
      const i = indices[w]! + shift;
      out[w] = (base + Math.floor((rise * i) / steps) + getBits(bytes, start + i * width, width)) / divisor;
    }
  }

  // Queries of rates spend their time here, so it is written out: eight small steps lie in two words, as in `readDelta`, and
  // those behind the wanted value are masked, since a loop over the others would be mispredicted. See store.bench.ts.
  #smallSteps(piece: number, indices: Int32Array, from: number, to: number, shift: number, out: Float64Array): void {
    const [base, rise, divisor] = [this.#bases[piece]!, this.#rises[piece]!, this.#divisors[piece]!];
    const [width, marks, view] = [this.#widths[piece]!, this.#marks, this.#view];
    const firstByte = this.#starts[piece]! >>> 3;
    const firstMark = this.#markStarts[piece]!;
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
    const width = this.#widths[piece]!;
    const mark = Math.floor(count / STEPS_PER_MARK);
    const before = mark * STEPS_PER_MARK;
    const position = this.#starts[piece]! + before * width;
    return this.#marks[this.#markStarts[piece]! + mark]! + sumOfBits(this.#bytes, position, width, count - before);
  }

  /** Puts all values of a piece at the beginning of `into`. @throws {DamagedBytes} */
  readInto(piece: number, into: Float64Array): void {
    const length = this.lengths[piece]!;
    const target = into.subarray(0, length);
    if (this.isDirect(piece)) for (let i = 0; i < length; i++) target[i] = this.valueAt(piece, i);
    else {
      const input = new ByteReader(this.#bytes);
      input.offset = this.#starts[piece]!;
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
  firstRows = new Int32Array(512);
  lengths = new Int32Array(512);
  kinds = new Uint8Array(512);
  bases = new Float64Array(512);
  rises = new Float64Array(512);
  widths = new Uint8Array(512);
  starts = new Int32Array(512);
  divisors = new Float64Array(512);
  markCount = 0;
  marks = new Int32Array(4_096);
  markStarts = new Int32Array(512);
  readonly #index: ColumnIndex = { kind: INDEX_STEPS, base: 0, rise: 0, width: 0, start: 0, column: 0, divisor: 1 };

  /** Adds the piece that the input is at, of a timeline with `rows` rows. @throws {DamagedBytes} */
  add(timelineId: number, rows: number, input: ByteReader): void {
    const at = this.count;
    if (at === this.kinds.length) this.#grow();
    const [first, end] = readPieceRows(input, rows);
    const index = this.#index;
    indexColumn(input, end - first, index);
    this.markStarts[at] = this.markCount;
    if (index.kind === INDEX_STEPS && index.width > 0) this.#mark(input.bytes, end - first);
    this.timelineIds[at] = timelineId;
    this.firstRows[at] = first;
    this.lengths[at] = end - first;
    this.kinds[at] = index.kind;
    this.bases[at] = index.base;
    this.rises[at] = index.rise;
    this.widths[at] = index.width;
    this.starts[at] = index.start;
    this.divisors[at] = index.divisor;
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
    const larger = <T extends Float64Array | Int32Array | Uint8Array>(array: T): T => {
      const grown = new (array.constructor as new (length: number) => T)(array.length * 2);
      grown.set(array);
      return grown;
    };
    this.timelineIds = larger(this.timelineIds);
    this.firstRows = larger(this.firstRows);
    this.lengths = larger(this.lengths);
    this.kinds = larger(this.kinds);
    this.bases = larger(this.bases);
    this.rises = larger(this.rises);
    this.widths = larger(this.widths);
    this.starts = larger(this.starts);
    this.divisors = larger(this.divisors);
    this.markStarts = larger(this.markStarts);
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
