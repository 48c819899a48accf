import type { Sentinel, SentinelSample } from '@tillwatch/checkout';
import type { Clock, Logger } from '@tillwatch/model';

export interface SentinelLoopOptions {
  readonly sentinel: Sentinel;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How often it looks: several times per scrape, since each target is scraped at a moment of its own. */
  readonly intervalMs: number;
  /** Takes what is to be published after each look. A rejection is logged, and the next look publishes anew. */
  publish(samples: readonly SentinelSample[], atMs: number): Promise<void>;
}

/** A sentinel that looks again and again. */
export interface SentinelLoop {
  start(): void;
  /** Resolves when nothing of it runs anymore. */
  stop(): Promise<void>;
}

/** While a store does not answer, every look fails alike: that is said at the first, and again after so many. */
const SAY_AGAIN_AFTER = 40;

/**
 * Learns the past once, then looks at every full multiple of the interval. A look that fails is made up for by the next: the
 * sentinel reads on from where it was.
 */
export function createSentinelLoop({
  sentinel,
  clock,
  logger,
  intervalMs,
  publish,
}: SentinelLoopOptions): SentinelLoop {
  const ending = new AbortController();
  let running: Promise<void> | undefined;
  let failures = 0;

  async function run(): Promise<void> {
    await learn();
    while (!ending.signal.aborted) {
      await clock.sleep(intervalMs - (clock.nowMs() % intervalMs), ending.signal);
      const atMs = clock.nowMs();
      await attempt('the sentinel could not look', async () => {
        await sentinel.tick(atMs);
        await publish(sentinel.samples(), atMs);
      });
    }
  }

  async function learn(): Promise<void> {
    const fromMs = clock.nowMs();
    await attempt('the sentinel could not learn all of the past', () => sentinel.learn(fromMs));
    logger.info('the sentinel watches', { learningMs: clock.nowMs() - fromMs });
  }

  async function attempt(complaint: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      if (failures > 0) logger.info('the sentinel looks again', { failures });
      failures = 0;
    } catch (error) {
      if (failures++ % SAY_AGAIN_AFTER === 0) logger.warn(complaint, { err: (error as Error).message, failures });
    }
  }

  return {
    start() {
      running ??= run().catch(() => undefined);
    },
    async stop() {
      ending.abort();
      await running;
    },
  };
}
