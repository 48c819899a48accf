/** Lets one in at a time, in the order in which they came. */
export class Lock {
  #last: Promise<void> = Promise.resolve();

  /** Resolves with the function that lets the next one in. */
  async take(): Promise<() => void> {
    let release = () => {};
    const before = this.#last;
    this.#last = new Promise((resolve) => {
      release = resolve;
    });
    await before;
    return release;
  }
}
