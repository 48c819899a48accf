/** A growing buffer of bytes, little-endian. Reused between encodings: `reset` keeps the memory. */
export class ByteWriter {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  reset(): void {
    this.#length = 0;
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#length, value, true);
    this.#length += 4;
  }

  f64(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** An unsigned integer up to 2^53, seven bits a byte, low bits first. */
  varint(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  /** A signed integer of up to 52 bits and its sign. */
  zigzag(value: number): void {
    this.varint(value < 0 ? -value * 2 - 1 : value * 2);
  }

  bytes(source: Uint8Array): void {
    this.#reserve(source.length);
    this.#bytes.set(source, this.#length);
    this.#length += source.length;
  }

  /** `count` zero bytes, returned as a view to be filled in before the next write. */
  zeros(count: number): Uint8Array {
    this.#reserve(count);
    const hole = this.#bytes.subarray(this.#length, this.#length + count);
    hole.fill(0);
    this.#length += count;
    return hole;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** Bytes that end too early or say what they cannot say: the file is damaged. */
export class DamagedBytes extends Error {
  override readonly name = 'DamagedBytes';
}

/** What the last seven bits of a number up to 2^53 count, of those that `ByteWriter` writes. */
const LAST_FACTOR = 2 ** 49;

/** Reads what `ByteWriter` wrote. @throws {DamagedBytes} at a premature end, and for numbers that it never writes. */
export class ByteReader {
  readonly bytes: Uint8Array;
  #view: DataView | undefined;
  offset = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.offset >= this.bytes.length;
  }

  u8(): number {
    return this.bytes[this.#take(1)]!;
  }

  u32(): number {
    return this.#dataView().getUint32(this.#take(4), true);
  }

  f64(): number {
    return this.#dataView().getFloat64(this.#take(8), true);
  }

  varint(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.bytes[this.#take(1)]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      // Beyond, there would be no whole numbers any more, and soon no numbers at all.
      if (factor === LAST_FACTOR) throw new DamagedBytes('a number is too long');
      factor *= 0x80;
    }
  }

  zigzag(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** The next `count` bytes, without copying. */
  take(count: number): Uint8Array {
    const start = this.#take(count);
    return this.bytes.subarray(start, start + count);
  }

  /** Passes over the next `count` bytes and says where they begin in `bytes`. */
  skip(count: number): number {
    return this.#take(count);
  }

  /** Made when it is needed: most chunks need none. */
  #dataView(): DataView {
    this.#view ??= new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    return this.#view;
  }

  #take(count: number): number {
    const start = this.offset;
    if (start + count > this.bytes.length) throw new DamagedBytes('bytes end too early');
    this.offset = start + count;
    return start;
  }
}
