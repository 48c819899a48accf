import { createEnricher, type TillwatchConfig } from '@tillwatch/checkout';
import type { AlertEnricher, Clock, Ledger, Logger, Querier } from '@tillwatch/model';
import { createLogReader, type LogReader, type LogStats } from './logs/log-reader.ts';

/** Messages in the words of the shop's teams, with the last failures out of its log; follows a reloaded tillwatch.yaml. */
export interface ShopBriefings {
  /** Says nothing while there is no tillwatch.yaml. */
  readonly enricher: AlertEnricher;
  /** Takes over another tillwatch.yaml, its texts and its log files. */
  apply(checkout: TillwatchConfig | undefined): Promise<void>;
  logStats(): LogStats;
  stop(): Promise<void>;
}

/** Starts to read the log files. Call `stop` before the ledger is closed. */
export function createShopBriefings(
  options: {
    readonly querier: Querier;
    readonly ledger: Ledger;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly pageUrl: string;
  },
  checkout: TillwatchConfig | undefined,
): ShopBriefings {
  const { querier, ledger, clock, logger, pageUrl } = options;
  let current = open(checkout);

  function open(config: TillwatchConfig | undefined): { enricher: AlertEnricher | undefined; logs: LogReader } {
    const logs = createLogReader({ files: config?.logs.map(({ file }) => file) ?? [], ledger, clock, logger });
    logs.start();
    const { failures } = logs;
    const enricher =
      config === undefined ? undefined : createEnricher({ querier, config, clock, pageUrl, ledger, failures });
    return { enricher, logs };
  }

  return {
    enricher: { brief: async (notification) => current.enricher?.brief(notification) },
    async apply(config) {
      await current.logs.stop();
      current = open(config);
    },
    logStats: () => current.logs.stats(),
    stop: () => current.logs.stop(),
  };
}
