import { DatabaseError, type PoolState } from './port.ts';

/** More than this many waiting requests are turned away at once: they would not be served in time anyway. */
const MAX_WAITING = 500;

interface Waiter {
  readonly grant: () => void;
}

/**
 * A pool in which the connections are mere permissions: the embedded database has a single connection, but an application
 * in front of it can run out of its pool all the same.
 */
export class Slots {
  readonly #max: number;
  readonly #timeoutMs: number;
  readonly #waiters: Waiter[] = [];
  #taken = 0;

  constructor(max: number, timeoutMs: number) {
    this.#max = max;
    this.#timeoutMs = timeoutMs;
  }

  /** Runs `work` while holding a slot. @throws {DatabaseError} when none becomes free in time */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    await this.take(this.#timeoutMs);
    try {
      return await work();
    } finally {
      this.release();
    }
  }

  /** Takes a slot, first come first served, waiting at most `timeoutMs`. */
  take(timeoutMs: number): Promise<void> {
    if (this.#taken < this.#max) {
      this.#taken++;
      return Promise.resolve();
    }
    if (this.#waiters.length >= MAX_WAITING) return Promise.reject(exhausted());
    return new Promise((resolve, reject) => {
      const waiter = {
        grant: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      const timer = setTimeout(() => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(exhausted());
      }, timeoutMs);
      this.#waiters.push(waiter);
    });
  }

  release(): void {
    const next = this.#waiters.shift();
    if (next === undefined) this.#taken--;
    else next.grant();
  }

  state(): PoolState {
    return { max: this.#max, total: this.#max, idle: this.#max - this.#taken, waiting: this.#waiters.length };
  }
}

function exhausted(): DatabaseError {
  return new DatabaseError('pool_exhausted', 'no database connection became free in time');
}
