/** Who writes the pieces. */
export interface PieceSource {
  /** Asks for one more piece, which comes by `push`. */
  pull(): void;
  /** Nobody reads on. Not called after the last piece, or after `fail`. */
  cancel(): void;
}

/** So many pieces are asked for before somebody reads them: an answer up to this size occupies its thread no longer than it takes to write. */
const READ_AHEAD = 16;

/** The pieces of one large answer, from a thread that writes them to one reader that takes its time; a bounded number waits in between. */
export class PieceStream {
  readonly #source: PieceSource;
  readonly #waiting: Uint8Array[] = [];
  #isLastHere = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(source: PieceSource) {
    this.#source = source;
    for (let i = 0; i < READ_AHEAD; i++) source.pull();
  }

  /** A piece has come. */
  push(piece: Uint8Array, isLast: boolean): void {
    if (piece.length > 0) this.#waiting.push(piece);
    this.#isLastHere ||= isLast;
    this.#wake?.();
  }

  /** No more will come: the reader is told why behind what is there already. */
  fail(error: Error): void {
    if (this.#isLastHere) return;
    this.#error ??= error;
    this.#wake?.();
  }

  /** The pieces in order, for one reader. A reader that stops early cancels what is left. Throws what `fail` was told. */
  async *pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for (;;) {
        const piece = this.#waiting.shift();
        if (piece !== undefined) {
          if (!this.#isLastHere && this.#error === undefined) this.#source.pull();
          yield piece;
        } else if (this.#error !== undefined) {
          throw this.#error;
        } else if (this.#isLastHere) {
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          this.#wake = undefined;
        }
      }
    } finally {
      if (!this.#isLastHere && this.#error === undefined) this.#source.cancel();
    }
  }
}
