/** What the list needs of an attempt. The links belong to the list. */
export interface OpenAttempt {
  lastSeenMs: number;
  previous: OpenAttempt | undefined;
  next: OpenAttempt | undefined;
}

/**
 * The open attempts, the longest silent one first.
 *
 * All attempts share one timeout, so the order in which they were last seen is the order in which they expire: a linked
 * list gives start, sign of life and end in constant time, and one slow timer looks at its head. No timer per attempt.
 */
export class OpenAttempts<A extends OpenAttempt> {
  #first: OpenAttempt | undefined;
  #last: OpenAttempt | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The longest silent attempt. */
  get first(): A | undefined {
    return this.#first as A | undefined;
  }

  add(attempt: A, nowMs: number): void {
    this.#append(attempt, nowMs);
    this.#size++;
  }

  /** Notes a sign of life of an attempt that is in the list. */
  touch(attempt: A, nowMs: number): void {
    if (this.#last === attempt) {
      attempt.lastSeenMs = nowMs;
      return;
    }
    this.#unlink(attempt);
    this.#append(attempt, nowMs);
  }

  /** Takes an attempt out that is in the list. */
  remove(attempt: A): void {
    this.#unlink(attempt);
    this.#size--;
  }

  #append(attempt: OpenAttempt, nowMs: number): void {
    attempt.lastSeenMs = nowMs;
    attempt.previous = this.#last;
    if (this.#last === undefined) this.#first = attempt;
    else this.#last.next = attempt;
    this.#last = attempt;
  }

  #unlink(attempt: OpenAttempt): void {
    const { previous, next } = attempt;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    attempt.previous = undefined;
    attempt.next = undefined;
  }
}
