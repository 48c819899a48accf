// Series that had no samples for some minutes rest: what is to be known of them is in the file (table `resting`), in groups, and only
// queries that reach back far enough read it. What is in memory then depends on how many series there are at a time, and not
// on how many there ever were: new releases and new machines bring new series all the time.
import { type Labels, type Matcher, METRIC_NAME } from '@tillwatch/model';
import type { Database, Statement } from 'better-sqlite3';
import { ByteWriter, DamagedBytes } from '../codec/bytes.ts';
import { checksumOfBytes, checksumOfText, isIntact } from '../codec/checksum.ts';
import { HeadSeries } from '../head/series.ts';
import { storeFailure } from '../sqlite/store-failure.ts';
import { IdSet } from './id-set.ts';
import { RestingGroup, restingHash, writeGroup } from './resting-group.ts';
import { type RestingPlace, RestingTable } from './resting-table.ts';

/** How much is kept of the groups that queries read: some two hundred thousand series. */
const MOST_GROUP_BYTES = 16 * 2 ** 20;
/** How many series are kept at hand, as queries need them. */
const MOST_SERIES = 16_384;
/** Of groups with more metrics it is not noted which they are. */
const MOST_METRICS = 32;
/** More than a group has rows: numbers a place. */
const ROWS = 65_536;

type GroupRow = [number: number, body: Buffer, crc: number];
type RousedRow = [id: number, number: number, row: number, crc: number];

/** What is known of a group while it is not read. */
interface Known {
  readonly maxMs: number;
  readonly length: number;
  /** The names of its metrics; `undefined` when they are many. */
  readonly metrics: ReadonlySet<string> | undefined;
  /** Rows whose series do not rest any more, or are deleted. */
  readonly roused: Set<number>;
}

/** Which series of a group satisfy some matchers, when so many of its rows were roused. */
interface Found {
  readonly series: readonly HeadSeries[];
  readonly roused: number;
}

/** The resting series of a file. */
export class RestingSeries {
  /** How many times a damaged group had to be left out. */
  leftOut = 0;
  readonly #known = new Map<number, Known>();
  readonly #ids = new IdSet();
  #highestId = 0;
  #lastNumber = 0;
  #lastRousedId = 0;
  /** Roused rows of groups that are not known yet. */
  readonly #early = new Map<number, Set<number>>();
  /** Only a writer looks for series by their labels. */
  readonly #table: RestingTable | undefined;
  /** Roused, and not noted in the file for sure: the first `#noted` of them are, once the transaction under way is committed. */
  #unnoted: RestingPlace[] = [];
  #noted = 0;
  /** Those that were asked for last come last. */
  readonly #groups = new Map<number, RestingGroup>();
  #groupBytes = 0;
  #series = new Map<number, HeadSeries>();
  /** What was found in groups, by the list of matchers itself: rules and dashboards ask with the same lists again and again. */
  #answers = new WeakMap<readonly Matcher[], Map<number, Found>>();
  #answered = 0;
  readonly #writer = new ByteWriter();
  readonly #newGroups: Statement<[number], GroupRow>;
  readonly #newRoused: Statement<[number], RousedRow>;
  readonly #group: Statement<[number], [body: Buffer, crc: number]>;
  readonly #insert: Statement<[number, Uint8Array, number]>;
  readonly #insertRoused: Statement<[number, number, number, number]>;
  readonly #delete: Statement<[number]>;
  readonly #deleteRoused: Statement<[number]>;
  readonly #lastIdOf: Statement<[string], number>;

  constructor(db: Database) {
    if (!db.readonly) this.#table = new RestingTable();
    this.#newGroups = db.prepare('SELECT number, body, crc FROM resting WHERE number > ? ORDER BY number');
    this.#newGroups.raw();
    this.#newRoused = db.prepare('SELECT id, number, row, crc FROM roused WHERE id > ? ORDER BY id');
    this.#newRoused.raw();
    this.#group = db.prepare('SELECT body, crc FROM resting WHERE number = ?');
    this.#group.raw();
    this.#insert = db.prepare('INSERT INTO resting (number, body, crc) VALUES (?, ?, ?)');
    this.#insertRoused = db.prepare('INSERT INTO roused (id, number, row, crc) VALUES (?, ?, ?, ?)');
    this.#delete = db.prepare('DELETE FROM resting WHERE number = ?');
    this.#deleteRoused = db.prepare('DELETE FROM roused WHERE number = ?');
    this.#lastIdOf = db.prepare<[string], number>('SELECT seq FROM sqlite_sequence WHERE name = ?').pluck();
  }

  /** How many rest. */
  get size(): number {
    return this.#ids.size;
  }

  /** The highest id of a series that rests or did so. */
  get highestId(): number {
    return this.#highestId;
  }

  /** When the newest sample of those that rest was; -Infinity when none does. */
  get newestMs(): number {
    let newestMs = Number.NEGATIVE_INFINITY;
    for (const { maxMs } of this.#known.values()) newestMs = Math.max(newestMs, maxMs);
    return newestMs;
  }

  has(id: number): boolean {
    return this.#ids.has(id);
  }

  /** The first id from `id` on that is not one of a series that rests. */
  nextAwake(id: number): number {
    return this.#ids.nextAbsent(id);
  }

  /**
   * Learns what was added to the file since the last call: which series rest since, and which did until then. One may be both.
   * @throws {DamagedBytes}
   */
  refresh(): { readonly rested: readonly number[]; readonly roused: readonly number[] } {
    // A row is roused after its group was written, and before its series rests again: in this order both are seen right.
    const roused: number[] = [];
    for (const [id, number, row, crc] of this.#newRoused.all(this.#lastRousedId)) {
      if (!isIntact(crc, checksumOfText(String(id), `${number} ${row}`))) {
        throw new DamagedBytes(`row ${id} of those that were roused is not what was written`);
      }
      this.#lastRousedId = id;
      const seriesId = this.#noteRoused({ number, row });
      if (seriesId !== undefined) roused.push(seriesId);
    }
    const rested: number[] = [];
    for (const [number, body, crc] of this.#newGroups.iterate(this.#lastNumber)) {
      if (!isIntact(crc, checksumOfBytes(number, 0, body))) {
        throw new DamagedBytes(`group ${number} of resting series is not what was written`);
      }
      this.#lastNumber = number;
      rested.push(...this.#learn(number, RestingGroup.read(body)));
    }
    this.#early.clear();
    return { rested, roused };
  }

  /** Notes a group, and returns the ids of those who rest in it. */
  #learn(number: number, group: RestingGroup): readonly number[] {
    const roused = this.#early.get(number) ?? new Set<number>();
    const ids: number[] = [];
    let maxMs = Number.NEGATIVE_INFINITY;
    for (let row = 0; row < group.length; row++) {
      const id = group.ids[row]!;
      this.#highestId = Math.max(this.#highestId, id);
      maxMs = Math.max(maxMs, group.lastMs[row]!);
      if (roused.has(row)) continue;
      this.#ids.add(id);
      this.#table?.add(group.hashes[row]!, { number, row });
      ids.push(id);
    }
    this.#known.set(number, { maxMs, length: group.length, metrics: this.#metricsOf(group), roused });
    return ids;
  }

  #metricsOf(group: RestingGroup): ReadonlySet<string> | undefined {
    const names = new Set<string>();
    for (let row = 0; row < group.length; row++) {
      const name = group.valueOf(row, METRIC_NAME);
      if (names.has(name)) continue;
      if (names.size === MOST_METRICS) return undefined;
      names.add(name);
    }
    return names;
  }

  /** Returns the id of the series if it was known to rest there. */
  #noteRoused({ number, row }: RestingPlace): number | undefined {
    const known = this.#known.get(number);
    if (known === undefined) {
      const early = this.#early.get(number) ?? new Set();
      this.#early.set(number, early.add(row));
      return undefined;
    }
    if (known.roused.has(row)) return undefined;
    known.roused.add(row);
    const group = this.#read(number);
    if (group === undefined) return undefined;
    const id = group.ids[row]!;
    this.#ids.delete(id);
    this.#table?.delete(group.hashes[row]!, { number, row });
    return id;
  }

  /** Those that satisfy all matchers and have samples that are not older than `fromMs`, in no order. */
  *find(matchers: readonly Matcher[], fromMs: number): Iterable<HeadSeries> {
    const metric = matchers.find(({ name, op }) => name === METRIC_NAME && op === '=')?.value;
    for (const [number, { maxMs, metrics }] of this.#known) {
      if (maxMs < fromMs || (metric !== undefined && metrics?.has(metric) === false)) continue;
      for (const series of this.#findIn(number, matchers)) if (series.lastMs >= fromMs) yield series;
    }
  }

  #findIn(number: number, matchers: readonly Matcher[]): readonly HeadSeries[] {
    const roused = this.#known.get(number)!.roused;
    let answers = this.#answers.get(matchers);
    const answer = answers?.get(number);
    if (answer?.roused === roused.size) return answer.series;
    const group = this.#read(number);
    if (group === undefined) return [];
    const rows = [...group.find(matchers)].filter((row) => !roused.has(row));
    const series = rows.map((row) => this.#seriesAt(number, group, row));
    this.#answered += 1 + series.length;
    if (this.#answered > MOST_SERIES) {
      this.#answers = new WeakMap();
      this.#answered = 0;
      answers = undefined;
    }
    answers ??= new Map();
    this.#answers.set(matchers, answers.set(number, { series, roused: roused.size }));
    return series;
  }

  /** The names of labels of those that have samples that are not older than `fromMs`. */
  labelNames(fromMs: number): ReadonlySet<string> {
    const names = new Set<string>();
    for (const [, , group] of this.#since(fromMs)) for (const name of group.labelNames()) names.add(name);
    return names;
  }

  /** The values of a label of those that have samples that are not older than `fromMs`, each with one of its series at a time. */
  *labelValues(name: string, fromMs: number): Iterable<readonly [value: string, series: () => HeadSeries]> {
    for (const [number, known, group] of this.#since(fromMs)) {
      for (const row of group.rowsSince(fromMs)) {
        const value = known.roused.has(row) ? '' : group.valueOf(row, name);
        if (value !== '') yield [value, () => this.#seriesAt(number, group, row)];
      }
    }
  }

  *#since(fromMs: number): Iterable<readonly [number: number, known: Known, group: RestingGroup]> {
    for (const [number, known] of this.#known) {
      if (known.maxMs < fromMs) continue;
      const group = this.#read(number);
      if (group !== undefined) yield [number, known, group];
    }
  }

  /** The series with these labels, which does not rest any more. Only a writer can ask. */
  rouse(labels: Labels): HeadSeries | undefined {
    if (this.size === 0 || this.#table === undefined) return undefined;
    for (const place of this.#table.get(restingHash(labels))) {
      const group = this.#read(place.number);
      if (group === undefined || !group.labelsOf(place.row).equals(labels)) continue;
      const series = newSeries(labels, place.number, group, place.row);
      this.#noteRoused(place);
      this.#unnoted.push(place);
      return series;
    }
    return undefined;
  }

  /** Notes in the file who was roused. Inside a transaction with what they were roused for, after which `settle` is to be called. */
  noteRoused(): void {
    if (this.#noted === this.#unnoted.length) return;
    // The group of some may be deleted by now.
    this.noteGone(this.#unnoted.slice(this.#noted).filter(({ number }) => this.#known.has(number)));
    this.#noted = this.#unnoted.length;
  }

  /** What was noted is in the file for good, or has to be noted again. */
  settle(isCommitted: boolean): void {
    if (isCommitted && this.#noted > 0) this.#unnoted = this.#unnoted.slice(this.#noted);
    this.#noted = 0;
  }

  /** Writes a group of series. Inside a transaction, after which the group is to be learned. */
  write(series: readonly HeadSeries[]): { readonly number: number; readonly body: Uint8Array } {
    this.noteRoused();
    this.#writer.reset();
    writeGroup(this.#writer, series);
    const body = this.#writer.finish();
    const number = Math.max(this.#lastNumber, this.#lastIdOf.get('resting') ?? 0) + 1;
    this.#insert.run(number, body, checksumOfBytes(number, 0, body));
    return { number, body };
  }

  /** Learns of a group that was written. */
  learn({ number, body }: { readonly number: number; readonly body: Uint8Array }): void {
    this.#lastNumber = number;
    this.#learn(number, RestingGroup.read(body));
  }

  /** The numbers of all groups, oldest first. */
  numbers(): readonly number[] {
    return [...this.#known.keys()];
  }

  /** The series that rest in a group, by their rows. */
  seriesIn(number: number): readonly (readonly [row: number, series: HeadSeries])[] {
    const group = this.#read(number);
    if (group === undefined) return [];
    return Array.from({ length: group.length }, (_, row) => row)
      .filter((row) => this.isAt(number, row))
      .map((row) => [row, newSeries(group.labelsOf(row), number, group, row)] as const);
  }

  /** Does the series of a row rest there still? */
  isAt(number: number, row: number): boolean {
    return this.#known.get(number)?.roused.has(row) === false;
  }

  /** Notes in the file that series are deleted. Inside a transaction, after which they are to be forgotten. */
  noteGone(places: readonly RestingPlace[]): void {
    let id = Math.max(this.#lastRousedId, this.#lastIdOf.get('roused') ?? 0);
    for (const { number, row } of places) {
      id++;
      this.#insertRoused.run(id, number, row, checksumOfText(String(id), `${number} ${row}`));
    }
    this.#lastRousedId = id;
  }

  /** Forgets series that are deleted. */
  forget(places: readonly RestingPlace[]): void {
    for (const place of places) this.#noteRoused(place);
  }

  /** Does nobody rest in a group any more? */
  isEmpty(number: number): boolean {
    const known = this.#known.get(number);
    return known !== undefined && known.roused.size === known.length;
  }

  /** Deletes a group. Inside a transaction. */
  delete(number: number): void {
    this.#delete.run(number);
    this.#deleteRoused.run(number);
    this.#known.delete(number);
    this.#drop(number);
  }

  #seriesAt(number: number, group: RestingGroup, row: number): HeadSeries {
    const key = number * ROWS + row;
    let series = this.#series.get(key);
    if (series === undefined) {
      if (this.#series.size >= MOST_SERIES) this.#series = new Map();
      series = newSeries(group.labelsOf(row), number, group, row);
      this.#series.set(key, series);
    }
    return series;
  }

  /** A group, from memory or from the file; `undefined` when it is damaged, or not there any more. */
  #read(number: number): RestingGroup | undefined {
    const known = this.#groups.get(number);
    if (known !== undefined) {
      this.#groups.delete(number);
      this.#groups.set(number, known);
      return known;
    }
    const group = this.#readFromFile(number);
    if (group === undefined) return undefined;
    this.#groups.set(number, group);
    this.#groupBytes += group.byteLength;
    for (const oldest of this.#groups.keys()) {
      if (this.#groupBytes <= MOST_GROUP_BYTES || oldest === number) break;
      this.#drop(oldest);
    }
    return group;
  }

  #readFromFile(number: number): RestingGroup | undefined {
    try {
      const row = this.#group.get(number);
      if (row === undefined) {
        // Somebody else deleted it, when all of its series had become too old.
        this.#known.delete(number);
        return undefined;
      }
      const [body, crc] = row;
      if (isIntact(crc, checksumOfBytes(number, 0, body))) return RestingGroup.read(body);
    } catch (cause) {
      if (storeFailure(cause, '').reason !== 'corrupt') throw cause;
    }
    this.leftOut++;
    return undefined;
  }

  #drop(number: number): void {
    this.#groupBytes -= this.#groups.get(number)?.byteLength ?? 0;
    this.#groups.delete(number);
  }
}

/** A series as queries need it. */
function newSeries(labels: Labels, number: number, group: RestingGroup, row: number): HeadSeries {
  const series = new HeadSeries(labels);
  series.id = group.ids[row]!;
  // Of the value nobody asks while it rests.
  series.last = { timestampMs: group.lastMs[row]!, low: 0, high: 0 };
  // No timeline has this number, and it is another one each time that the series rests: so what is remembered of its chunks is looked
  // through for new ones.
  series.packedId = -number;
  return series;
}
