import type { HeadSeries } from '../head/series.ts';
import type { PackedPart, PartReader } from './packed-part.ts';

/** How much is kept: 64 MB hold a month of some hundred series as they are in the file. */
const MOST_BYTES = 64 * 2 ** 20;
/** What an entry takes in memory beside its parts. */
const BYTES_PER_ENTRY = 400;
/** When there are more parts they are read again as one, and only what is still asked for: a part takes more room than what is in it. */
const MOST_PARTS = 3;

interface Entry {
  /** Everything from this timeline on is in the parts, up to what the series had when `packedId` was its newest packed timeline. */
  fromId: number;
  packedId: number;
  doubts: number;
  parts: readonly PackedPart[];
  bytes: number;
}

/**
 * Keeps what queries read of packed series, as it is in the file. Chunks of a packed timeline never change, and a series gets new
 * ones only behind those it has, so only what is missing at either end is read. What was not used for long is forgotten: entries
 * that are used move to a young half, and when that is full the other half is given up and it becomes the old one.
 */
export class PackedCache {
  readonly #reader: PartReader;
  #young = new Map<number, Entry>();
  #youngBytes = 0;
  #old = new Map<number, Entry>();
  #doubts = 0;

  constructor(reader: PartReader) {
    this.#reader = reader;
  }

  /** Any series may have got chunks: timelines were packed of which nobody here knows whose they are. */
  doubt(): void {
    this.#doubts++;
  }

  /** The parts of a series, oldest first, with at least its pieces in packed timelines from `lowId` on. @throws {DamagedBytes} */
  parts(series: HeadSeries, lowId: number): readonly PackedPart[] {
    const known = this.#take(series.id);
    if (known !== undefined && this.#isComplete(known, series, lowId)) return known.parts;
    const leftOutBefore = this.#reader.leftOut;
    const entry = known === undefined || known.parts.length > MOST_PARTS ? this.#load(series, lowId) : known;
    this.#complete(entry, series, lowId);
    // What is damaged is looked for again the next time: every answer in which it is missing has to say so.
    if (this.#reader.leftOut !== leftOutBefore) this.#forget(series.id);
    else this.#keep(series.id, entry);
    return entry.parts;
  }

  /** The parts of a series if all from `lowId` on are at hand; nothing is read for it. */
  known(series: HeadSeries, lowId: number): readonly PackedPart[] | undefined {
    const entry = this.#young.get(series.id) ?? this.#old.get(series.id);
    return entry !== undefined && this.#isComplete(entry, series, lowId) ? entry.parts : undefined;
  }

  /** An entry, which is young from now on. */
  #take(id: number): Entry | undefined {
    const young = this.#young.get(id);
    if (young !== undefined) return young;
    const old = this.#old.get(id);
    if (old !== undefined) this.#add(id, old);
    return old;
  }

  #keep(id: number, entry: Entry): void {
    const before = this.#young.get(id);
    if (before !== undefined) this.#youngBytes -= before.bytes;
    entry.bytes = entry.parts.reduce((sum, part) => sum + part.byteLength, BYTES_PER_ENTRY);
    this.#add(id, entry);
  }

  #add(id: number, entry: Entry): void {
    if (this.#youngBytes + entry.bytes > MOST_BYTES / 2) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngBytes = 0;
    }
    this.#young.set(id, entry);
    this.#youngBytes += entry.bytes;
  }

  #forget(id: number): void {
    this.#youngBytes -= this.#young.get(id)?.bytes ?? 0;
    this.#young.delete(id);
    this.#old.delete(id);
  }

  #load({ id, packedId }: HeadSeries, fromId: number): Entry {
    const parts = [this.#reader.read(id, fromId, Number.MAX_SAFE_INTEGER)];
    return { fromId, packedId, doubts: this.#doubts, parts, bytes: 0 };
  }

  #complete(entry: Entry, { id, packedId }: HeadSeries, lowId: number): void {
    const add = (part: PackedPart, isOlder: boolean) => {
      if (part.count > 0) entry.parts = isOlder ? [part, ...entry.parts] : [...entry.parts, part];
    };
    if (lowId < entry.fromId) {
      add(this.#reader.read(id, lowId, entry.fromId - 1), true);
      entry.fromId = lowId;
    }
    if (entry.packedId !== packedId || entry.doubts !== this.#doubts) {
      const lastId = entry.parts.at(-1)?.lastId ?? 0;
      add(this.#reader.read(id, Math.max(entry.fromId, lastId + 1), Number.MAX_SAFE_INTEGER), false);
      entry.packedId = packedId;
      entry.doubts = this.#doubts;
    }
  }

  #isComplete({ fromId, packedId, doubts }: Entry, series: HeadSeries, lowId: number): boolean {
    return fromId <= lowId && packedId === series.packedId && doubts === this.#doubts;
  }
}
