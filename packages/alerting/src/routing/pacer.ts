/** Keeps the distance between messages that a receiver asks for, over all lanes that lead to it. */
export class Pacer {
  readonly #freeAtMs = new Map<string, number>();

  /** When the next message may leave. */
  freeAtMs(key: string): number {
    return this.#freeAtMs.get(key) ?? 0;
  }

  /** A message leaves now. */
  take(pace: { readonly key: string; readonly intervalMs: number }, nowMs: number): void {
    for (const [key, freeAtMs] of this.#freeAtMs) if (freeAtMs <= nowMs) this.#freeAtMs.delete(key);
    this.#freeAtMs.set(pace.key, nowMs + pace.intervalMs);
  }
}
