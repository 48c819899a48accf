/** The moments at which a node is evaluated: `startMs + k * stepMs` for k from 0 to `count - 1`. */
export interface Timeline {
  readonly startMs: number;
  /** 0 when every step looks at the same moment (`@`), or when there is one step only. */
  readonly stepMs: number;
  readonly count: number;
}

export function timeAt(timeline: Timeline, step: number): number {
  return timeline.startMs + step * timeline.stepMs;
}

export function endOf(timeline: Timeline): number {
  return timeAt(timeline, timeline.count - 1);
}
