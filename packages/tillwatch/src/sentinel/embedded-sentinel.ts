import { setImmediate as breath } from 'node:timers/promises';
import {
  createSentinel,
  queryableReader,
  type SentinelReader,
  type SentinelSample,
  type TillwatchConfig,
} from '@tillwatch/checkout';
import {
  type Appendable,
  type Clock,
  isStaleAt,
  type Labels,
  type Logger,
  Matcher,
  METRIC_NAME,
  type Queryable,
  StoreError,
} from '@tillwatch/model';
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

/** What was not published for this long has ended for every query already: Prometheus's lookback. */
const LOOKBACK_MS = 5 * 60_000;

/**
 * Stores samples as one batch; series that are no longer published end with a staleness marker, as after a scrape. That holds for
 * what a publisher before this one left in the store, too: before a restart or a reload.
 */
export function publisherTo(
  store: Queryable & Appendable,
): (samples: readonly SentinelSample[], atMs: number) => Promise<void> {
  let published: ReadonlyMap<string, Labels> | undefined;
  return async (samples, atMs) => {
    published ??= leftIn(store, atMs);
    const batch = store.batch();
    const now = new Map<string, Labels>();
    for (const { labels, value } of samples) {
      batch.append(labels, atMs, value);
      now.set(labels.key, labels);
    }
    for (const [key, labels] of published) if (!now.has(key)) batch.appendStale(labels, atMs);
    try {
      await batch.commit();
    } catch (error) {
      // While the disk is full the rules see it in memory, and that is what evidence is for.
      if (!(error instanceof StoreError) || !error.isHeld) throw error;
    }
    published = now;
  };
}

/** The sentinel's series that have not ended at `atMs`. Those with a job and an instance were scraped from another sentinel. */
function leftIn(store: Queryable, atMs: number): ReadonlyMap<string, Labels> {
  const left = new Map<string, Labels>();
  const matchers = [new Matcher(METRIC_NAME, '=~', 'tillwatch_(incident|incident_.+|evidence|sentinel_.+)')];
  for (const { labels, values } of store.select(matchers, atMs - LOOKBACK_MS, atMs)) {
    const isScraped = labels.has('job') && labels.has('instance');
    const hasEnded = isStaleAt(values, values.length - 1);
    if (!isScraped && !hasEnded) left.set(labels.key, labels);
  }
  return left;
}
