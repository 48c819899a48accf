import { DatabaseError } from './port.ts';

/** More than this many waiting requests are turned away at once: they would not be served in time anyway. */
const MAX_WAITING = 500;

interface Waiter {
  readonly grant: () => void;
}

/** A limited number of permissions, first come first served, for which one waits a limited time. */
export class Slots {
  readonly #max: number;
  readonly #timeoutMs: number;
  readonly #waiters: Waiter[] = [];
  #taken = 0;

  constructor(max: number, timeoutMs: number) {
    this.#max = max;
    this.#timeoutMs = timeoutMs;
  }

  get idle(): number {
    return this.#max - this.#taken;
  }

  get waiting(): number {
    return this.#waiters.length;
  }

  /** @throws {DatabaseError} when none becomes free in time */
  take(): Promise<void> {
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
      }, this.#timeoutMs);
      this.#waiters.push(waiter);
    });
  }

  release(): void {
    const next = this.#waiters.shift();
    if (next === undefined) this.#taken--;
    else next.grant();
  }
}

function exhausted(): DatabaseError {
  return new DatabaseError('pool_exhausted', 'no database connection became free in time');
}
