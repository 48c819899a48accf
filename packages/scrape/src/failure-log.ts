import { appendFile } from 'node:fs/promises';
import type { Clock, Logger } from '@tillwatch/model';

/** Lines that wait to be written; what comes on top of them is left out, for instance while the disk is slow. */
const MOST_WAITING = 10_000;

/** The `scrape_failure_log_file` of a job: one line of JSON for each scrape that failed, in Prometheus's words. */
export class FailureLog {
  readonly #path: string;
  readonly #job: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #waiting: string[] = [];
  #isWriting = false;
  #isBroken = false;

  constructor(path: string, job: string, ports: { readonly clock: Clock; readonly logger: Logger }) {
    this.#path = path;
    this.#job = job;
    this.#clock = ports.clock;
    this.#logger = ports.logger;
  }

  /** Writes a failure down in its own time. `target` is a URL without credentials. */
  add(target: string, message: string): void {
    if (this.#waiting.length >= MOST_WAITING) return;
    const time = new Date(this.#clock.nowMs()).toISOString();
    this.#waiting.push(`${JSON.stringify({ time, level: 'ERROR', msg: message, job_name: this.#job, target })}\n`);
    if (!this.#isWriting) void this.#write();
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      const text = this.#waiting.join('');
      this.#waiting = [];
      try {
        await appendFile(this.#path, text, { mode: 0o640 });
        this.#isBroken = false;
      } catch (cause) {
        const fields = { job: this.#job, file: this.#path, err: (cause as Error).message };
        if (!this.#isBroken) this.#logger.warn('cannot write the log of failed scrapes', fields);
        this.#isBroken = true;
      }
    }
    this.#isWriting = false;
  }
}
