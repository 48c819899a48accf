import { performance } from 'node:perf_hooks';

/** Milliseconds on a clock that never goes back. Bound once: it is read ten times per attempt. */
export const monotonicMs: () => number = performance.now.bind(performance);
