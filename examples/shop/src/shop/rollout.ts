/** A rolling deploy replaces the instances of a shop one after the other; ours behaves as if it had four. */
const STEPS = 4;
const STEP_MS = 30_000;

/** How far a rolling deploy has come, and how far a rollback has gone back again: in steps, as instances are replaced. */
export class Rollout {
  readonly #nowMs: () => number;
  readonly #onStep: () => void;
  #from = 0;
  #to = 0;
  #sinceMs = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `onStep` is called at each step, when an instance is replaced. */
  constructor(onStep: () => void, nowMs: () => number = Date.now) {
    this.#onStep = onStep;
    this.#nowMs = nowMs;
  }

  /** Replaces the instances (`true`), or puts the old ones back (`false`), starting with the first one at once. */
  turn(isNew: boolean): void {
    this.#from = this.share();
    this.#to = isNew ? 1 : 0;
    this.#sinceMs = this.#nowMs();
    this.stop();
    this.#onStep();
    this.#timer = setInterval(() => {
      this.#onStep();
      if (this.share() === this.#to) this.stop();
    }, STEP_MS);
    this.#timer.unref();
  }

  /** The share of the instances, 0 to 1, that run the new version. */
  share(): number {
    if (this.#from === this.#to) return this.#to;
    const replaced = (1 + Math.floor((this.#nowMs() - this.#sinceMs) / STEP_MS)) / STEPS;
    return this.#to > this.#from
      ? Math.min(this.#to, this.#from + replaced)
      : Math.max(this.#to, this.#from - replaced);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
