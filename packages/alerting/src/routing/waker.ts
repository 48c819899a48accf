import type { Clock } from '@tillwatch/model';

/** A pause that can be cut short, for a loop that waits for a time or for something to do. */
export class Waker {
  readonly #clock: Clock;
  #sleep: AbortController | undefined;
  #awake = false;
  #stopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Ends the current or, when there is none, the next pause. */
  wake(): void {
    this.#awake = true;
    this.#sleep?.abort();
  }

  /** Ends this pause and all later ones. */
  stop(): void {
    this.#stopped = true;
    this.wake();
  }

  /** Allows pauses again after `stop`. */
  reset(): void {
    this.#stopped = false;
    this.#awake = false;
  }

  /** Resolves at `atMs`, or when woken. */
  async sleepUntil(atMs: number): Promise<void> {
    if (!this.#awake && !this.#stopped) {
      this.#sleep = new AbortController();
      const ms = Math.min(MAX_SLEEP_MS, Math.max(0, atMs - this.#clock.nowMs()));
      try {
        await this.#clock.sleep(ms, this.#sleep.signal);
      } catch {
        // Woken.
      }
      this.#sleep = undefined;
    }
    this.#awake = false;
  }
}

/** Timers of the platform overflow after 24 days; a clock that was set is noticed within the hour. */
const MAX_SLEEP_MS = 3_600_000;
