// The head is the newest part of the store, in memory: which series there are, and the rows that are not in chunks yet.
// Everything in it is also in the file (tables `series` and `rounds`), from which it is read when the store is opened.
import type { Round } from '../codec/round.ts';
import { wantedId } from '../timeline-ids.ts';
import type { RowPlace } from './row-place.ts';
import type { HeadSeries } from './series.ts';
import { SeriesIndex } from './series-index.ts';
import { Timeline } from './timeline.ts';

/** Samples with one timestamp, to be placed in rows. `words` holds each value as two 32-bit halves. */
export interface Group {
  readonly timestampMs: number;
  readonly series: readonly HeadSeries[];
  readonly words: Uint32Array;
}

export class Head {
  readonly index: SeriesIndex;
  readonly timelines = new Map<number, Timeline>();
  nextTimelineId = 1;
  /** Samples in rows, for the statistics. */
  sampleCount = 0;

  constructor(index = new SeriesIndex()) {
    this.index = index;
  }

  /**
   * Puts the samples of one moment into rows. A series goes on in its timeline; those that have none to go on in join the
   * one that most of the others are in. Each row is reported, to be written to the file.
   */
  place(group: Group, nowMs: number, written: (timeline: Timeline, round: Round) => void): void {
    const common = commonTimeline(group.series);
    if (common !== undefined) {
      written(common, this.#addRow(common, group));
      return;
    }
    for (const [timeline, members] of this.#assign(group, nowMs)) {
      const newSeriesIds: number[] = [];
      for (const member of members) {
        const series = group.series[member]!;
        if (series.timeline === timeline && timeline.isOpen(series.slot)) continue;
        series.enter(timeline, timeline.addSlot(series));
        newSeriesIds.push(series.id);
      }
      written(timeline, this.#addRow(timeline, group, members, newSeriesIds));
    }
  }

  /** Adds a row of all of the group, or of some members of it; each has its slot. */
  #addRow(timeline: Timeline, group: Group, members?: readonly number[], newSeriesIds: readonly number[] = []): Round {
    const { timestampMs, series, words } = group;
    const count = members?.length ?? series.length;
    const row = new Float64Array(timeline.slotSeries.length);
    const rowWords = new Uint32Array(row.buffer);
    const present = count < row.length ? new Uint8Array((row.length + 7) >> 3) : undefined;
    const { slotTo } = timeline;
    const length = timeline.length + 1;
    for (let i = 0; i < count; i++) {
      const member = members === undefined ? i : members[i]!;
      const { slot } = series[member]!;
      rowWords[2 * slot] = words[2 * member]!;
      rowWords[2 * slot + 1] = words[2 * member + 1]!;
      slotTo[slot] = length;
      if (present !== undefined) present[slot >> 3]! |= 1 << (slot & 7);
    }
    this.#push(timeline, timestampMs, row, count, newSeriesIds.length);
    return { timestampMs, newSeriesIds, row, present };
  }

  /**
   * Puts the samples of one moment into the next row of a timeline that has an open slot for each: `values` by `place`, and
   * those of `group` beside them.
   */
  placeRow(place: RowPlace, values: Float64Array, group: Group): Round {
    const { timeline, slots } = place;
    const { slotTo } = timeline;
    const row = new Float64Array(timeline.slotSeries.length);
    const rowWords = new Uint32Array(row.buffer);
    const count = slots.length + group.series.length;
    const present = count < row.length ? new Uint8Array((row.length + 7) >> 3) : undefined;
    const length = timeline.length + 1;
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i]!;
      const value = values[i]!;
      slotTo[slot] = length;
      if (value === value) row[slot] = value;
      else rowWords[2 * slot + 1] = 0x7ff8_0000;
      if (present !== undefined) present[slot >> 3]! |= 1 << (slot & 7);
    }
    for (let i = 0; i < group.series.length; i++) {
      const { slot } = group.series[i]!;
      slotTo[slot] = length;
      rowWords[2 * slot] = group.words[2 * i]!;
      rowWords[2 * slot + 1] = group.words[2 * i + 1]!;
      if (present !== undefined) present[slot >> 3]! |= 1 << (slot & 7);
    }
    this.#push(timeline, group.timestampMs, row, count, 0);
    return { timestampMs: group.timestampMs, newSeriesIds: [], row, present };
  }

  /** Takes a round from the file. Returns false when it speaks of a series that is not there. */
  replay(timelineId: number, round: Round, nowMs: number): boolean {
    const timeline = this.timelines.get(timelineId) ?? this.#newTimeline(nowMs, timelineId);
    for (const id of round.newSeriesIds) {
      const series = this.index.byId(id);
      if (series === undefined) return false;
      series.enter(timeline, timeline.addSlot(series));
    }
    const { row, present } = round;
    if (row.length !== timeline.slotSeries.length) return false;
    const length = timeline.length + 1;
    let count = 0;
    for (let slot = 0; slot < row.length; slot++) {
      if (present !== undefined && ((present[slot >> 3]! >> (slot & 7)) & 1) === 0) continue;
      timeline.slotTo[slot] = length;
      count++;
    }
    this.#push(timeline, round.timestampMs, row, count, round.newSeriesIds.length);
    return true;
  }

  /** Lets go of a timeline whose samples are read from chunks from now on. */
  drop(timeline: Timeline): void {
    this.timelines.delete(timeline.id);
    for (const other of this.timelines.values()) other.forget(timeline);
    for (let slot = 0; slot < timeline.slotSeries.length; slot++) {
      const series = timeline.slotSeries[slot]!;
      series.leave(timeline);
      this.sampleCount -= timeline.slotTo[slot]! - timeline.slotFrom[slot]!;
    }
  }

  #newTimeline(nowMs: number, id = Math.max(this.nextTimelineId, wantedId(nowMs))): Timeline {
    const timeline = new Timeline(id, nowMs);
    this.timelines.set(id, timeline);
    this.nextTimelineId = Math.max(this.nextTimelineId, id + 1);
    return timeline;
  }

  /** Which members of the group go to which timeline. */
  #assign(group: Group, nowMs: number): Map<Timeline, number[]> {
    const byTimeline = new Map<Timeline, number[]>();
    const joining: number[] = [];
    let largest: Timeline | undefined;
    let lastTimeline: Timeline | undefined;
    let lastMembers: number[] | undefined;
    for (let i = 0; i < group.series.length; i++) {
      const series = group.series[i]!;
      const timeline = series.timeline;
      if (timeline === undefined || !timeline.isOpen(series.slot)) {
        joining.push(i);
        continue;
      }
      if (timeline !== lastTimeline || lastMembers === undefined) {
        lastTimeline = timeline;
        lastMembers = byTimeline.get(timeline);
        if (lastMembers === undefined) {
          lastMembers = [];
          byTimeline.set(timeline, lastMembers);
        }
      }
      lastMembers.push(i);
    }
    for (const [timeline, members] of byTimeline) {
      if (largest === undefined || members.length > byTimeline.get(largest)!.length) largest = timeline;
    }
    let fresh: Timeline | undefined;
    for (const i of joining) {
      // Only towards newer timelines, so that the chunks of a series stay in order of time. Into the same one again is fine.
      let target = largest;
      if (target === undefined || target.id < group.series[i]!.lastTimelineId) {
        fresh ??= this.#newTimeline(nowMs);
        target = fresh;
      }
      const members = byTimeline.get(target);
      if (members === undefined) byTimeline.set(target, [i]);
      else members.push(i);
    }
    return byTimeline;
  }

  #push(timeline: Timeline, timestampMs: number, row: Float64Array, count: number, added: number): void {
    timeline.pushRow(timestampMs, row);
    if (count < timeline.openSlots + added) timeline.version++;
    timeline.openSlots = count;
    this.sampleCount += count;
    // Slots of series that left are carried along in every row: too many of them, and a fresh timeline is cheaper.
    const isMostlyDead = row.length > 64 && count * 4 < row.length;
    if (timeline.length >= timeline.capacity || isMostlyDead) timeline.isSealed = true;
  }
}

/** The timeline in which all of them go on; `undefined` when there is none. */
function commonTimeline(series: readonly HeadSeries[]): Timeline | undefined {
  const timeline = series[0]?.timeline;
  if (timeline === undefined || timeline.isSealed) return undefined;
  for (const one of series) if (one.timeline !== timeline || !timeline.isOpen(one.slot)) return undefined;
  return timeline;
}
