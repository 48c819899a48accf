import type { Labels } from '@tillwatch/model';
import type { SeriesIndex } from './series-index.ts';
import type { Segment, Timeline } from './timeline.ts';

/** A sample: its time, and the bits of its value as two words. */
export interface LastSample {
  readonly timestampMs: number;
  readonly low: number;
  readonly high: number;
}

const NONE: readonly Segment[] = [];

/** What the store keeps in memory of one series. There are many: a field here costs megabytes. */
export class HeadSeries {
  readonly labels: Labels;
  /** 0 until the series is in the file. */
  id = 0;
  /** The index that it is in; `undefined` before it was entered and after it was dropped. */
  index: SeriesIndex | undefined;
  /** The newest packed timeline it was in, as far as that is known; 0 when no chunks of it can be in the file. */
  packedId = 0;
  /** The timeline up to which its chunks are in bundles, as far as that is known. */
  bundledId = 0;
  /** The newest timeline it was in. It only ever moves to newer ones, so chunks in the order of timelines are in order of time. */
  lastTimelineId = 0;
  /** The newest segment in memory; the timeline knows the one before. */
  timeline: Timeline | undefined;
  slot = 0;
  /** Its newest sample, if that is not in memory. */
  #packedLast: LastSample | undefined;
  /** The batch that last staged a sample of it, and which of the batch's samples that was. */
  stagedBy: unknown;
  stagedAt = 0;

  constructor(labels: Labels) {
    this.labels = labels;
  }

  /** A fresh one for the same labels, to take the place of one that is in no index any more. */
  reborn(): HeadSeries {
    return new HeadSeries(this.labels);
  }

  /** False once the series was dropped. */
  get isAlive(): boolean {
    return this.index !== undefined;
  }

  /** When its newest sample was; -Infinity when it has none. */
  get lastMs(): number {
    const { timeline, slot } = this;
    if (timeline?.hasRows(slot) === true) return timeline.timestampsMs[timeline.slotTo[slot]! - 1]!;
    return this.last?.timestampMs ?? Number.NEGATIVE_INFINITY;
  }

  /** Its newest sample. */
  get last(): LastSample | undefined {
    const { timeline, slot } = this;
    if (timeline?.hasRows(slot) === true) return timeline.lastOf(slot);
    const before = timeline?.segmentBefore(slot);
    return before === undefined ? this.#packedLast : before.timeline.lastOf(before.slot);
  }

  /** Tells it of its newest sample, which is in chunks. */
  set last(last: LastSample | undefined) {
    this.#packedLast = last;
  }

  /** Starts a new segment in a slot of `timeline`, with the row that is added next. */
  enter(timeline: Timeline, slot: number): void {
    if (this.timeline !== undefined) this.#packedLast = undefined;
    this.timeline = timeline;
    this.slot = slot;
    this.lastTimelineId = timeline.id;
  }

  /** Forgets what it had in a timeline that is read from chunks from now on. */
  leave(timeline: Timeline): void {
    this.packedId = timeline.id;
    if (this.timeline !== timeline) return;
    this.#packedLast = this.last;
    this.timeline = undefined;
  }

  /** Has it samples in memory? */
  get isInHead(): boolean {
    return this.timeline !== undefined;
  }

  /** Can chunks of it be in the file? */
  get hasChunks(): boolean {
    return this.packedId !== 0;
  }

  /** Its segments in memory, oldest first. */
  segments(): readonly Segment[] {
    const { timeline, slot } = this;
    if (timeline === undefined) return NONE;
    const segments: Segment[] = [{ timeline, slot }];
    let before = timeline.segmentBefore(slot);
    if (before === undefined) return segments;
    for (; before !== undefined; before = before.timeline.segmentBefore(before.slot)) segments.push(before);
    return segments.reverse();
  }
}
