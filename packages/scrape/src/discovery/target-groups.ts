import { readTargetFile, type StaticConfig } from '@tillwatch/config';
import { formatProblems, isError, type Label, METRIC_NAME } from '@tillwatch/model';
import type { DiscoveredTarget } from './discoverer.ts';

/** A list of targets that is larger than this is refused: reading it must stay bounded. */
export const LARGEST_LIST_BYTES = 16 * 1024 * 1024;

/**
 * Reads a list of target groups as `file_sd_configs` and `http_sd_configs` have them.
 * @throws {Error} that says what is wrong with it, and where.
 */
export function readTargetGroups(name: string, text: string): StaticConfig[] {
  const { groups, problems } = readTargetFile({ file: name, text });
  const errors = problems.filter(isError);
  if (errors.length > 0) throw new Error(formatProblems(errors.slice(0, 3)));
  return groups;
}

/** The targets of groups; `labels` are added to each, and the address. */
export function targetsOf(groups: readonly StaticConfig[], labels: readonly Label[] = []): DiscoveredTarget[] {
  return groups.flatMap((group) => {
    const own = [...group.labels].filter(([name]) => name !== METRIC_NAME);
    return group.targets.map((address): DiscoveredTarget => [...own, ...labels, ['__address__', address]]);
  });
}
