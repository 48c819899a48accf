import { setFlagsFromString } from 'node:v8';

/**
 * Fits V8's garbage collector to a process that keeps much and makes little garbage: with 100,000 series in memory the defaults
 * look through all of them every few seconds, on every thread of the pool, and that is more work than scraping them. Before it looks
 * through everything again the heap may grow by half; after it has grown, its room is made smaller once, two minutes later, instead of
 * three times after eight seconds; and what is young is so little that one thread is enough for it. Code that is needed seldom, when a deployment
 * brings many new series, stays compiled for the next time.
 * For our own commands only: the flags hold for the whole process (https://nodejs.org/api/v8.html#v8setflagsfromstringflags).
 */
export function settleGarbageCollector(): void {
  const flags = hasMemoryReducerFlag() ? [...FLAGS, '--memory-reducer-single-gc'] : FLAGS;
  for (const flag of flags) setFlagsFromString(flag);
}

/** V8 grumbles on standard error about flags that it does not know, and later versions do not know this one. */
function hasMemoryReducerFlag(): boolean {
  return Number.parseInt(process.versions.v8, 10) <= 11;
}

const FLAGS = [
  '--heap-growing-percent=50',
  '--gc-memory-reducer-start-delay-ms=120000',
  '--no-parallel-scavenge',
  '--no-flush-bytecode',
];
