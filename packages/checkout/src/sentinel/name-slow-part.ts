import { type Slice, sliceLabels } from './slice.ts';

/** Evidence of a part beside the slowest that makes it slow as well. */
const ALSO_SLOW = 2.5;

/** The labels of the step that is slow, of its provider when no other one is, and of the instance when no other one is. */
export function nameSlowPart(slices: readonly Slice[], leader: Slice): Readonly<Record<string, string>> {
  const timed = slices.filter(({ slowness }) => slowness !== undefined);
  const labels: Record<string, string> = {};
  const instance = onlySlow(timed.filter(({ dimension }) => dimension === 'instance'));
  if (instance !== undefined) labels.instance = instance.value;

  const timings = timed.filter(({ dimension }) => dimension === 'timing');
  const [worst] = timings
    .filter((slice) => !slice.value.includes('\u0000') && slownessOf(slice) > ALSO_SLOW)
    .sort((a, b) => slownessOf(b) - slownessOf(a));
  const step = leader.dimension === 'timing' ? leader.value.split('\u0000')[0] : worst?.value;
  if (step === undefined) return instance === undefined ? sliceLabels(leader) : labels;
  labels.step = step;
  const provider = onlySlow(timings.filter(({ value }) => value.startsWith(`${step}\u0000`)));
  if (provider !== undefined) labels.provider = provider.value.split('\u0000')[1]!;
  return labels;
}

/** The one that is slow among several, if it is one. */
function onlySlow(slices: readonly Slice[]): Slice | undefined {
  const slow = slices.filter((slice) => slownessOf(slice) > ALSO_SLOW);
  return slices.length > 1 && slow.length === 1 ? slow[0] : undefined;
}

function slownessOf({ slowness }: Slice): number {
  return slowness?.test.peak() ?? 0;
}
