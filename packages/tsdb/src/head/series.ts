import type { Labels } from '@tillwatch/model';
import type { Segment, Timeline } from './timeline.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: the characters that label keys use as separators
const UNUSUAL = /[\u0000-\u0002\ud800-\udfff]/;

/** What the store keeps in memory of one series. */
export class HeadSeries {
  readonly labels: Labels;
  /** Do keys as strings have the order of labels? Not with characters at or below a key's separators, or beyond UTF-16's order. */
  readonly hasPlainLabels: boolean;
  /** 0 until the series is in the file. */
  id = 0;
  /** False once the series was dropped or the head was read again: whoever holds it has to look it up anew. */
  isAlive = true;
  /** Can chunks of it be in the file? */
  hasChunks = false;
  /** The newest sample: its time, and its value as two words. */
  lastMs = Number.NEGATIVE_INFINITY;
  lastLow = 0;
  lastHigh = 0;
  /** The newest timeline it was in. It only ever moves to newer ones, so chunks in the order of timelines are in order of time. */
  lastTimelineId = 0;
  /** The newest segment in memory, and the older ones. */
  timeline: Timeline | undefined;
  slot = 0;
  earlier: Segment[] = [];
  /** Notes of the batch that last staged a sample of it. */
  stagedBy: unknown;
  stagedMs = 0;
  stagedLow = 0;
  stagedHigh = 0;
  /** The group of samples that last had one of it: no group has two. */
  placedIn: unknown;

  constructor(labels: Labels) {
    this.labels = labels;
    this.hasPlainLabels = ![...labels].some(([name, value]) => UNUSUAL.test(name) || UNUSUAL.test(value));
  }

  /** A fresh one for the same labels, to take the place of one that is no longer alive. */
  reborn(): HeadSeries {
    return new HeadSeries(this.labels);
  }

  /** Can the next row of its timeline take its next sample? */
  get isOpen(): boolean {
    return this.timeline?.isOpen(this.slot) === true;
  }

  /** Starts a new segment in a slot of `timeline`. */
  enter(timeline: Timeline, slot: number): void {
    if (this.timeline !== undefined) this.earlier.push({ timeline: this.timeline, slot: this.slot });
    this.timeline = timeline;
    this.slot = slot;
    this.lastTimelineId = timeline.id;
  }

  /** Forgets what it had in a timeline that is in chunks now. */
  leave(timeline: Timeline): void {
    if (this.earlier.length > 0) this.earlier = this.earlier.filter((segment) => segment.timeline !== timeline);
    if (this.timeline === timeline) this.timeline = undefined;
  }

  /** Its segments in memory, oldest first. */
  *segments(): Iterable<Segment> {
    yield* this.earlier;
    if (this.timeline !== undefined) yield { timeline: this.timeline, slot: this.slot };
  }
}
