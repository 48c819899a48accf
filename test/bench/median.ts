const LONG_ENOUGH_MS = 2_000;
const FEWEST = 3;
const MOST = 200;

/** What one run of something takes: the median time by the clock, and the mean time of processors. */
export interface Took {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/**
 * What some runs take: at least 3, as many as fit in about two seconds. The first one warms up and is not counted, unless it takes
 * so long that warming up is nothing beside it. `cpuMs` tells what the process that does the work has used up so far.
 */
export async function measure(action: () => Promise<unknown>, cpuMs: () => number): Promise<Took> {
  let cpuBefore = cpuMs();
  const warmUp = await timeOf(action);
  const isLong = warmUp > LONG_ENOUGH_MS;
  const times = isLong ? [warmUp] : [];
  if (!isLong) cpuBefore = cpuMs();
  let sum = 0;
  while (times.length < FEWEST || (sum < LONG_ENOUGH_MS && times.length < MOST)) {
    const took = await timeOf(action);
    times.push(took);
    sum += took;
  }
  const cpuAfter = cpuMs();
  times.sort((a, b) => a - b);
  return { wallMs: times[Math.floor(times.length / 2)]!, cpuMs: (cpuAfter - cpuBefore) / times.length };
}

async function timeOf(action: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await action();
  return performance.now() - started;
}
