/** The time, and waiting. Loops are given a clock so that tests can turn it by hand. */
export interface Clock {
  /** Milliseconds since the epoch. */
  nowMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep(ms, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason);
        return;
      }
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      let timer: ReturnType<typeof setTimeout>;
      const wait = (restMs: number) => {
        const partMs = Math.min(restMs, LONGEST_TIMER_MS);
        timer = setTimeout(() => {
          if (restMs > partMs) {
            wait(restMs - partMs);
            return;
          }
          signal?.removeEventListener('abort', onAbort);
          resolve();
        }, partMs);
      };
      wait(ms);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  },
};

/** Node's timers hold 31 bits: a longer one would fire at once, so longer sleeps are made of several. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
