const LONG_ENOUGH_MS = 2_000;
const FEWEST = 3;
const MOST = 200;

/**
 * The median time of some runs: at least 3, as many as fit in about two seconds. The first one warms up and is not counted,
 * unless it takes so long that warming up is nothing beside it.
 */
export async function medianMs(action: () => Promise<unknown>): Promise<number> {
  const warmUp = await timeOf(action);
  const times = warmUp > LONG_ENOUGH_MS ? [warmUp] : [];
  let sum = 0;
  while (times.length < FEWEST || (sum < LONG_ENOUGH_MS && times.length < MOST)) {
    const took = await timeOf(action);
    times.push(took);
    sum += took;
  }
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)]!;
}

async function timeOf(action: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await action();
  return performance.now() - started;
}
