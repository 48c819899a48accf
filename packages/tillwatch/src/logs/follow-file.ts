import { type FileHandle, open, stat } from 'node:fs/promises';

/** At the start the end of a file is read, for the failures of before. */
const FIRST_READ_BYTES = 256 * 1024;
/** At most so much at once; whoever writes faster is skipped over, since the last failures matter. */
const MOST_BYTES = 1024 * 1024;
const LONGEST_LINE_BYTES = 16 * 1024;
const NEWLINE = 10;

/** What came of one look at a file. */
export interface FollowResult {
  readonly lines: readonly string[];
  /** Bytes that were passed over because more was written than is read. */
  readonly skippedBytes: number;
}

/**
 * Follows one log file by looking at it now and then. A file that was replaced (rotated) or emptied is read from its beginning;
 * one that is not there yet may come.
 */
export class FileFollower {
  readonly file: string;
  #inode: number | undefined;
  #offset = 0;
  /** The beginning of a line whose end has not been written yet. */
  #rest = Buffer.alloc(0);

  constructor(file: string) {
    this.file = file;
  }

  /** The whole lines that were written since the last time. Rejects when the file is there but cannot be read. */
  async read(): Promise<FollowResult> {
    let size: number;
    let inode: number;
    try {
      ({ size, ino: inode } = await stat(this.file));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      if (this.#inode !== undefined) this.#restart(undefined);
      // What comes later is new from its first byte on.
      this.#inode ??= 0;
      return { lines: [], skippedBytes: 0 };
    }
    if (this.#inode === undefined) {
      this.#inode = inode;
      if (size > FIRST_READ_BYTES) return this.#readFrom(size - FIRST_READ_BYTES, size, false);
    } else if (inode !== this.#inode || size < this.#offset) {
      this.#restart(inode);
    }
    const from = Math.max(this.#offset, size - MOST_BYTES);
    return this.#readFrom(from, size, from > this.#offset);
  }

  #restart(inode: number | undefined): void {
    this.#inode = inode ?? 0;
    this.#offset = 0;
    this.#rest = Buffer.alloc(0);
  }

  async #readFrom(from: number, to: number, isSkip: boolean): Promise<FollowResult> {
    const skippedBytes = isSkip ? from - this.#offset : 0;
    const isInside = from !== this.#offset;
    if (isInside) this.#rest = Buffer.alloc(0);
    if (to <= from) return { lines: [], skippedBytes };
    const handle = await open(this.file);
    try {
      const written = await readBytes(handle, from, to - from);
      this.#offset = from + written.length;
      const bytes = Buffer.concat([this.#rest, written]);
      // In the middle of a line nobody knows what it is.
      const start = isInside ? bytes.indexOf(NEWLINE) + 1 : 0;
      const end = bytes.lastIndexOf(NEWLINE) + 1;
      const rest = bytes.subarray(Math.max(start, end));
      this.#rest = rest.length > LONGEST_LINE_BYTES ? Buffer.alloc(0) : Buffer.from(rest);
      const text = end > start ? bytes.toString('utf8', start, end - 1) : '';
      const lines = text.split('\n').filter((line) => line !== '' && line.length <= LONGEST_LINE_BYTES);
      return { lines, skippedBytes };
    } finally {
      await handle.close();
    }
  }
}

async function readBytes(handle: FileHandle, from: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let read = 0;
  while (read < length) {
    const { bytesRead } = await handle.read(buffer, read, length - read, from + read);
    if (bytesRead === 0) break;
    read += bytesRead;
  }
  return buffer.subarray(0, read);
}
