import { wantedId } from '../timeline-ids.ts';

/** A timeline that series of an import share. */
export interface SharedTimeline {
  readonly id: number;
  readonly timestampsMs: Float64Array;
}

/** Rows of a timeline, `end` excluded. */
type Rows = readonly [from: number, end: number];

/** Samples that have found their timeline, and which of its rows they have. */
export interface Place {
  readonly timeline: SharedTimeline;
  readonly rows: readonly Rows[];
}

/** A chunk that missed rows has a piece between each two gaps: with more of them a timeline of its own is cheaper. */
const MOST_GAPS = 4;
/** So many slices of time are remembered, for series that come later: a file that goes series by series needs all of its own. */
const MOST_SLICES = 2_048;

/** Finds timelines for series of an import, and makes new ones where none fits. */
export class SharedTimelines {
  readonly #isTaken: (id: number) => boolean;
  readonly #bySlice = new Map<number, SharedTimeline[]>();
  readonly #taken = new Set<number>();
  #fresh: SharedTimeline[] = [];

  constructor(isTaken: (id: number) => boolean) {
    this.#isTaken = isTaken;
  }

  /**
   * The place of samples in a slice of time, in a timeline with an id between `aboveId` and `belowId`; `undefined` when there is
   * no free id.
   */
  place(slice: number, timestampsMs: Float64Array, aboveId: number, belowId: number): Place | undefined {
    const known = this.#timelinesOf(slice);
    for (const timeline of known) {
      if (timeline.id <= aboveId || timeline.id >= belowId) continue;
      const rows = rowsWithin(timeline.timestampsMs, timestampsMs);
      if (rows !== undefined) return { timeline, rows };
    }
    const id = this.#freeId(wantedId(timestampsMs[0]!), aboveId, belowId);
    if (id === undefined) return undefined;
    const timeline = { id, timestampsMs: timestampsMs.slice() };
    this.#taken.add(id);
    this.#fresh.push(timeline);
    known.push(timeline);
    return { timeline, rows: [[0, timestampsMs.length]] };
  }

  /** The timelines that were made since the last call: they are to be written. */
  takeFresh(): readonly SharedTimeline[] {
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }

  #timelinesOf(slice: number): SharedTimeline[] {
    let known = this.#bySlice.get(slice);
    if (known !== undefined) return known;
    known = [];
    this.#bySlice.set(slice, known);
    if (this.#bySlice.size > MOST_SLICES) this.#bySlice.delete(this.#bySlice.keys().next().value as number);
    return known;
  }

  #freeId(wanted: number, aboveId: number, belowId: number): number | undefined {
    const isFree = (id: number) => !this.#taken.has(id) && !this.#isTaken(id);
    for (let id = Math.max(aboveId + 1, wanted); id < belowId; id++) if (isFree(id)) return id;
    for (let id = Math.min(wanted, belowId) - 1; id > aboveId && id > 0; id--) if (isFree(id)) return id;
    return undefined;
  }
}

/** Which rows of a timeline have these timestamps; `undefined` when it has not all of them, or there are too many gaps. */
function rowsWithin(timeline: Float64Array, timestampsMs: Float64Array): readonly Rows[] | undefined {
  const count = timestampsMs.length;
  if (count > timeline.length) return undefined;
  const rows: Rows[] = [];
  let at = 0;
  for (let i = 0; i < count; ) {
    const atMs = timestampsMs[i]!;
    while (at < timeline.length && timeline[at]! < atMs) at++;
    if (timeline[at] !== atMs || rows.length > MOST_GAPS) return undefined;
    const from = at;
    while (i < count && timeline[at] === timestampsMs[i]) {
      at++;
      i++;
    }
    rows.push([from, at]);
  }
  return rows;
}
