/**
 * Lets work that holds up the event loop for some milliseconds be done piece by piece, in the order in which it was asked for. Between
 * two pieces the loop goes round twice: what the first has to store is stored, and what is due meanwhile is done, such as
 * sending the requests of other scrapes.
 */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  #isRunning = false;

  /** Resolves when it is the caller's turn. What it does has to be done without waiting for anything. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#isRunning) return;
      this.#isRunning = true;
      setImmediate(() => this.#run());
    });
  }

  #run(): void {
    const resolve = this.#waiting.shift();
    if (resolve === undefined) {
      this.#isRunning = false;
      return;
    }
    resolve();
    setImmediate(() => setImmediate(() => this.#run()));
  }
}
