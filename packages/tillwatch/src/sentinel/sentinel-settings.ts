import type { SentinelOptions, TillwatchConfig } from '@tillwatch/checkout';

/** What a tillwatch.yaml tells the sentinel about the shop. */
export function sentinelSettings(config: TillwatchConfig): Omit<SentinelOptions, 'reader'> {
  return {
    jobs: [...new Set(config.targets.map(({ job }) => job))],
    pageRoutes: config.journey.pageRoutes,
    slowSeconds: config.objectives.stepP95Seconds,
  };
}
