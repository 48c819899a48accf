// SQLite reads its write-ahead log up to the first frame whose checksum is wrong and passes over the rest, since that is how a
// log ends that was being written when the power went. A damaged byte in the middle looks the same, and takes with it whatever
// was committed behind it. So before SQLite opens the file, we look whether there is anything behind.
import { readFileSync } from 'node:fs';

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const MAGIC = 0x377f_0682;

/**
 * Says what is wrong with a write-ahead log of which SQLite will not read all that was committed; `undefined` when it will, or when
 * there is none.
 */
export function damageOfLog(file: string): string | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch {
    return undefined;
  }
  if (bytes.length < HEADER_BYTES + FRAME_HEADER_BYTES) return undefined;
  const log = new Log(bytes);
  if (!log.isHeaderValid)
    return 'the header of the write-ahead log is damaged: nothing that was committed in it can be read';
  const readable = log.readableFrames();
  const lost = log.commitsBehind(readable);
  return lost === 0
    ? undefined
    : `the write-ahead log is damaged after ${readable} of ${log.frameCount} pages: ${lost} later transactions cannot be read`;
}

class Log {
  readonly #bytes: Buffer;
  readonly #isBigEndian: boolean;
  readonly #frameBytes: number;
  readonly frameCount: number;
  readonly isHeaderValid: boolean;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    const magic = bytes.readUInt32BE(0);
    this.#isBigEndian = (magic & 1) === 1;
    const pageBytes = bytes.readUInt32BE(8);
    this.#frameBytes = FRAME_HEADER_BYTES + pageBytes;
    this.frameCount = Math.floor((bytes.length - HEADER_BYTES) / this.#frameBytes);
    const isKnown = (magic & ~1) === MAGIC && pageBytes >= 512 && pageBytes <= 65_536;
    this.isHeaderValid = isKnown && equal(this.#sum([0, 0], 0, 24), this.#storedSum(24));
  }

  /** How many frames SQLite takes. */
  readableFrames(): number {
    let frame = 0;
    while (frame < this.frameCount && this.#isValid(frame)) frame++;
    return frame;
  }

  /**
   * How many transactions end behind the first frame that cannot be read. Each checksum goes on from the one that is written
   * before it, so what stands behind damage can be told from what an earlier log left there.
   */
  commitsBehind(firstBad: number): number {
    let commits = 0;
    for (let frame = firstBad + 1; frame < this.frameCount; frame++) {
      const isCommit = this.#bytes.readUInt32BE(this.#offset(frame) + 4) !== 0;
      if (isCommit && this.#isValid(frame)) commits++;
    }
    return commits;
  }

  #isValid(frame: number): boolean {
    const at = this.#offset(frame);
    if (this.#bytes.compare(this.#bytes, 16, 24, at + 8, at + 16) !== 0) return false;
    const before = frame === 0 ? this.#storedSum(24) : this.#storedSum(this.#offset(frame - 1) + 16);
    const head = this.#sum(before, at, at + 8);
    return equal(this.#sum(head, at + FRAME_HEADER_BYTES, at + this.#frameBytes), this.#storedSum(at + 16));
  }

  #offset(frame: number): number {
    return HEADER_BYTES + frame * this.#frameBytes;
  }

  #storedSum(at: number): readonly [number, number] {
    return [this.#bytes.readUInt32BE(at), this.#bytes.readUInt32BE(at + 4)];
  }

  #sum([first, second]: readonly [number, number], from: number, to: number): readonly [number, number] {
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length);
    const isLittleEndian = !this.#isBigEndian;
    let [a, b] = [first, second];
    for (let at = from; at < to; at += 8) {
      a = (a + view.getUint32(at, isLittleEndian) + b) >>> 0;
      b = (b + view.getUint32(at + 4, isLittleEndian) + a) >>> 0;
    }
    return [a, b];
  }
}

function equal(left: readonly [number, number], right: readonly [number, number]): boolean {
  return left[0] === right[0] && left[1] === right[1];
}
