// The chunks of a series are in order of time when they are in the order of their timelines' ids. A timeline therefore has the
// second in which it begins for an id, or the next one that is free: what is imported later, but happened earlier, finds its
// place between what is stored.

/** The id that a timeline which begins at this moment (ms since the epoch) has, if it is free; at least 1. */
export function wantedId(timestampMs: number): number {
  return Math.max(1, Math.floor(timestampMs / 1_000));
}
