import { setImmediate as breath } from 'node:timers/promises';
import {
  createSentinel,
  queryableReader,
  type SentinelReader,
  type SentinelSample,
  type TillwatchConfig,
} from '@tillwatch/checkout';
import type { Appendable, Clock, Labels, Logger, Queryable } from '@tillwatch/model';
import { createSentinelLoop, type SentinelLoop } from './sentinel-loop.ts';
import { sentinelSettings } from './sentinel-settings.ts';

/** Scrapes of several targets arrive at different moments: whoever looks at each soon is sure sooner. */
const LOOK_EVERY_MS = 5_000;

/** A sentinel that is part of the watching process: reads its store, and writes its evidence there for the rules. */
export function createEmbeddedSentinel(options: {
  readonly config: TillwatchConfig;
  readonly store: Queryable & Appendable;
  readonly clock: Clock;
  readonly logger: Logger;
}): SentinelLoop {
  const { config, store, clock, logger } = options;
  return createSentinelLoop({
    sentinel: createSentinel({ ...sentinelSettings(config), reader: breathing(queryableReader(store)), logger }),
    clock,
    logger,
    intervalMs: Math.min(LOOK_EVERY_MS, config.scrape.evaluationIntervalMs),
    publish: publisherTo(store),
  });
}

/** Lets others have their turn before each reading: at the start, days of samples are read. */
function breathing(reader: SentinelReader): SentinelReader {
  return {
    async read(...asked) {
      await breath();
      return reader.read(...asked);
    },
  };
}

/** Stores samples as one batch; series that are no longer published end with a staleness marker, as after a scrape. */
export function publisherTo(store: Appendable): (samples: readonly SentinelSample[], atMs: number) => Promise<void> {
  let published = new Map<string, Labels>();
  return async (samples, atMs) => {
    const batch = store.batch();
    const now = new Map<string, Labels>();
    for (const { labels, value } of samples) {
      batch.append(labels, atMs, value);
      now.set(labels.key, labels);
    }
    for (const [key, labels] of published) if (!now.has(key)) batch.appendStale(labels, atMs);
    await batch.commit();
    published = now;
  };
}
