/** Where progress is shown. */
export interface ProgressScreen {
  write(text: string): void;
  /** Can a line be written over? */
  readonly isTerminal: boolean;
  /** How wide a line is. */
  readonly columns: number;
}

const BAR = 24;
const REDRAW_MS = 100;
const LINE_EVERY_MS = 10_000;

/**
 * Shows how far long work has come: a bar that is written over on a terminal, a line from time to time elsewhere. Nothing
 * is shown of work that is quick.
 */
export class Progress {
  readonly #screen: ProgressScreen;
  readonly #nowMs: () => number;
  readonly #startedMs: number;
  #shownMs: number;
  #hasBar = false;

  constructor(screen: ProgressScreen, nowMs: () => number) {
    this.#screen = screen;
    this.#nowMs = nowMs;
    this.#startedMs = nowMs();
    this.#shownMs = this.#startedMs;
  }

  /** Tells what is done now, and how much of it, 0 to 1. */
  update(what: string, share: number, detail = ''): void {
    const nowMs = this.#nowMs();
    const { isTerminal } = this.#screen;
    if (nowMs - this.#shownMs < (isTerminal ? REDRAW_MS : LINE_EVERY_MS)) return;
    this.#shownMs = nowMs;
    const part = Math.max(0, Math.min(1, share));
    const percent = `${Math.floor(100 * part)} %`;
    const text = `${what} ${percent}${detail === '' ? '' : `, ${detail}`}`;
    if (!isTerminal) {
      this.#screen.write(`${text}\n`);
      return;
    }
    const done = Math.round(BAR * part);
    const line = `[${'='.repeat(done)}${' '.repeat(BAR - done)}] ${text}`;
    this.#screen.write(`\r\u001b[2K${line.slice(0, Math.max(20, this.#screen.columns - 1))}`);
    this.#hasBar = true;
  }

  /** Takes the bar away. */
  end(): void {
    if (this.#hasBar) this.#screen.write('\r\u001b[2K');
    this.#hasBar = false;
  }

  /** How long it has taken, ms. */
  get tookMs(): number {
    return this.#nowMs() - this.#startedMs;
  }
}
