import { RecentFailures, readFailureLine } from '@tillwatch/checkout';
import type { Clock, Ledger, Logger } from '@tillwatch/model';
import { FileFollower } from './follow-file.ts';

const LOOK_EVERY_MS = 1_000;
const SAVE_EVERY_MS = 15_000;

/** What was read so far. */
export interface LogStats {
  /** Failure lines taken in. */
  readonly failures: number;
  /** Other lines. */
  readonly others: number;
  /** Bytes passed over because more was written than is read. */
  readonly skippedBytes: number;
  /** Files that could not be read the last time. */
  readonly unreadable: number;
}

/** Reads the failure lines of the shop's log files, and remembers the last ones. */
export interface LogReader {
  readonly failures: RecentFailures;
  stats(): LogStats;
  start(): void;
  /** Ends after what is being read, and saves it. */
  stop(): Promise<void>;
  /** Looks at every file once; for tests with a clock that is turned by hand, and used by the loop itself. */
  look(): Promise<void>;
}

/** Follows `files` (absolute paths). A file that cannot be read is told once and tried again. */
export function createLogReader(options: {
  readonly files: readonly string[];
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly logger: Logger;
}): LogReader {
  const { clock, logger } = options;
  const failures = new RecentFailures(options.ledger);
  const followers = options.files.map((file) => ({ follower: new FileFollower(file), error: '' }));
  const stopping = new AbortController();
  const counted = { failures: 0, others: 0, skippedBytes: 0 };
  let loop: Promise<void> = Promise.resolve();

  async function look(): Promise<void> {
    for (const one of followers) {
      try {
        const { lines, skippedBytes } = await one.follower.read();
        one.error = '';
        counted.skippedBytes += skippedBytes;
        for (const line of lines) {
          const example = readFailureLine(line, clock.nowMs());
          if (example === undefined) counted.others++;
          else {
            counted.failures++;
            failures.add(example);
          }
        }
      } catch (error) {
        const { message } = error as Error;
        if (message !== one.error) logger.warn('log file cannot be read', { file: one.follower.file, err: message });
        one.error = message;
      }
    }
  }

  async function save(): Promise<void> {
    try {
      await failures.save();
    } catch (error) {
      logger.warn('failure examples could not be saved', { err: (error as Error).message });
    }
  }

  async function run(): Promise<void> {
    let savedAtMs = clock.nowMs();
    while (!stopping.signal.aborted) {
      await look();
      if (clock.nowMs() - savedAtMs >= SAVE_EVERY_MS) {
        savedAtMs = clock.nowMs();
        await save();
      }
      await clock.sleep(LOOK_EVERY_MS, stopping.signal).catch(() => undefined);
    }
  }

  return {
    failures,
    look,
    stats: () => ({ ...counted, unreadable: followers.filter(({ error }) => error !== '').length }),
    start() {
      if (followers.length > 0) loop = run();
    },
    async stop() {
      stopping.abort();
      await loop;
      await save();
    },
  };
}
