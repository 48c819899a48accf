import type { SampleRow } from '@tillwatch/model';
import type { SeriesIndex } from './series-index.ts';
import type { Timeline } from './timeline.ts';

/**
 * Where the series of a row of samples are, when all of them go on in one timeline. While the timeline only gets rows in which
 * nobody is missing, the next row can be filled in by slots, without a look at the single series.
 */
export class RowPlace {
  readonly timeline: Timeline;
  /** The slot of each series of the row. */
  readonly slots: Uint32Array;
  readonly #index: SeriesIndex;
  readonly #version: number;
  /** For each slot one more than the place in the row of its series; 0 for others. */
  readonly #places: Uint32Array;

  private constructor(index: SeriesIndex, timeline: Timeline, slots: Uint32Array, places: Uint32Array) {
    this.timeline = timeline;
    this.slots = slots;
    this.#index = index;
    this.#version = timeline.version;
    this.#places = places;
  }

  /** Where the series of `row` are now; `undefined` when that is not in one timeline. It is noted at the row. */
  static of(row: SampleRow, index: SeriesIndex): RowPlace | undefined {
    const { note } = row;
    if (note instanceof RowPlace && note.holdsIn(index)) return note;
    const place = RowPlace.#find(row, index);
    row.note = place;
    return place;
  }

  static #find({ labels }: SampleRow, index: SeriesIndex): RowPlace | undefined {
    const timeline = labels[0] === undefined ? undefined : index.get(labels[0])?.timeline;
    if (timeline === undefined || timeline.isSealed) return undefined;
    const slots = new Uint32Array(labels.length);
    const places = new Uint32Array(timeline.slotSeries.length);
    for (let i = 0; i < labels.length; i++) {
      const series = index.get(labels[i]!);
      // One that comes twice needs a decision each time.
      if (series?.timeline !== timeline || !timeline.isOpen(series.slot) || places[series.slot] !== 0) return undefined;
      slots[i] = series.slot;
      places[series.slot] = i + 1;
    }
    return new RowPlace(index, timeline, slots, places);
  }

  /** Is it still right, in a store with this index? */
  holdsIn(index: SeriesIndex): boolean {
    return this.#index === index && !this.timeline.isSealed && this.timeline.version === this.#version;
  }

  /** Which place in the row the series in a slot of the timeline has; -1 when it is none of the row's. */
  placeOf(slot: number): number {
    return (this.#places[slot] ?? 0) - 1;
  }
}
