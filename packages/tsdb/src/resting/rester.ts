import type { Database } from 'better-sqlite3';
import type { LoadedHead } from '../head/load-head.ts';
import type { HeadSeries } from '../head/series.ts';
import { MOST_IN_GROUP } from './resting-group.ts';

/**
 * After how long without a sample a series rests. Intervals are shorter than that, since PromQL looks back for five minutes; and no
 * rows of it are in memory any more.
 */
const IDLE_MS = 360_000;
/** Fewer are left until there are more: each group is read for itself. */
const FEWEST = 1024;

/** Lets series rest that get no samples any more, a group at a time. */
export class Rester {
  readonly #db: Database;
  readonly #fewest: number;

  constructor(db: Database, fewest = FEWEST) {
    this.#db = db;
    this.#fewest = fewest;
  }

  /** One pass over all series, yielding between groups so that other work gets its turn. */
  *pass(loaded: LoadedHead, nowMs: number): Generator<void> {
    const isIdle = (series: HeadSeries) =>
      !series.isInHead && series.hasChunks && Number.isFinite(series.lastMs) && series.lastMs < nowMs - IDLE_MS;
    const idle = byMetric(loaded.head.index.all().filter(isIdle));
    for (let first = 0; idle.length - first >= this.#fewest; first += MOST_IN_GROUP) {
      // One may have got a sample since.
      const group = idle.slice(first, first + MOST_IN_GROUP).filter((series) => series.isAlive && isIdle(series));
      if (group.length > 0) this.#rest(loaded, group);
      yield;
    }
  }

  #rest({ head, resting }: LoadedHead, group: readonly HeadSeries[]): void {
    let isCommitted = false;
    // A group that is lost leaves its series where they were, so nobody waits for the log to be synced.
    this.#db.pragma('synchronous = NORMAL');
    try {
      const written = this.#db.transaction(() => resting.write(group)).immediate();
      isCommitted = true;
      head.index.remove(new Set(group));
      resting.learn(written);
    } finally {
      resting.settle(isCommitted);
      this.#db.pragma('synchronous = FULL');
    }
  }
}

/** Those of a metric together: whoever looks for it need not read the groups without it. */
function byMetric(series: readonly HeadSeries[]): HeadSeries[] {
  const metrics = new Map<string, HeadSeries[]>();
  for (const one of series) {
    const name = one.labels.metricName;
    const known = metrics.get(name);
    if (known === undefined) metrics.set(name, [one]);
    else known.push(one);
  }
  return [...metrics.values()].flat();
}
