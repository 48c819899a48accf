import type { HeadSeries } from '../head/series.ts';
import type { TimelineDirectory } from '../head/timeline-directory.ts';
import type { PackedPart, PartReader } from './packed-part.ts';

/** How much is kept: 64 MB hold a month of some hundred series as they are in the file. */
const MOST_BYTES = 64 * 2 ** 20;
/** What an entry takes in memory beside its parts. */
const BYTES_PER_ENTRY = 400;
/** So many parts are put together again to one. */
const MOST_PARTS = 6;

interface Entry {
  /** Everything from this timeline on is in the parts, as far as it was packed at `version`. */
  fromId: number;
  version: number;
  parts: readonly PackedPart[];
  bytes: number;
}

/**
 * Keeps what queries read of packed series, as it is in the file. Chunks of a packed timeline never change, and a series gets new
 * ones only behind those it has, so only what is missing at either end is read.
 */
export class PackedCache {
  readonly #reader: PartReader;
  readonly #directory: TimelineDirectory;
  /** The one that was used last comes last. */
  readonly #entries = new Map<number, Entry>();
  #bytes = 0;

  constructor(reader: PartReader, directory: TimelineDirectory) {
    this.#reader = reader;
    this.#directory = directory;
  }

  /** The parts of a series, oldest first, with at least its pieces in packed timelines from `lowId` on. @throws {DamagedBytes} */
  parts({ id }: HeadSeries, lowId: number): readonly PackedPart[] {
    const known = this.#entries.get(id);
    if (known !== undefined && this.#isReady(known, lowId)) return known.parts;
    if (known !== undefined) {
      this.#entries.delete(id);
      this.#bytes -= known.bytes;
    }
    const leftOutBefore = this.#reader.leftOut;
    const entry = known === undefined || known.parts.length > MOST_PARTS ? this.#load(id, lowId) : known;
    this.#complete(id, entry, lowId);
    // What is damaged is looked for again the next time: every answer in which it is missing has to say so.
    if (this.#reader.leftOut !== leftOutBefore) return entry.parts;
    entry.bytes = entry.parts.reduce((sum, part) => sum + part.byteLength, BYTES_PER_ENTRY);
    this.#entries.set(id, entry);
    this.#bytes += entry.bytes;
    for (const [oldest, { bytes }] of this.#entries) {
      if (this.#bytes <= MOST_BYTES || oldest === id) break;
      this.#entries.delete(oldest);
      this.#bytes -= bytes;
    }
    return entry.parts;
  }

  /** The parts of a series if all from `lowId` on are at hand; nothing is read for it. */
  known({ id }: HeadSeries, lowId: number): readonly PackedPart[] | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.fromId > lowId || entry.version !== this.#directory.version) return undefined;
    return entry.parts;
  }

  /** Is nothing missing, and is there so much room that which one was used last does not matter yet? */
  #isReady({ fromId, version }: Entry, lowId: number): boolean {
    return fromId <= lowId && version === this.#directory.version && this.#bytes < MOST_BYTES / 2;
  }

  #load(id: number, fromId: number): Entry {
    const parts = [this.#reader.read(id, fromId, Number.MAX_SAFE_INTEGER)];
    return { fromId, version: this.#directory.version, parts, bytes: 0 };
  }

  #complete(id: number, entry: Entry, lowId: number): void {
    const add = (part: PackedPart, isOlder: boolean) => {
      if (part.count > 0) entry.parts = isOlder ? [part, ...entry.parts] : [...entry.parts, part];
    };
    if (lowId < entry.fromId) {
      add(this.#reader.read(id, lowId, entry.fromId - 1), true);
      entry.fromId = lowId;
    }
    if (entry.version !== this.#directory.version) {
      const lastId = entry.parts.at(-1)?.lastId ?? 0;
      add(this.#reader.read(id, Math.max(entry.fromId, lastId + 1), Number.MAX_SAFE_INTEGER), false);
      entry.version = this.#directory.version;
    }
  }
}
