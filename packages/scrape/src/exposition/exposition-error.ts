import { positionAt, quote } from '@tillwatch/model';

const EXCERPT_LENGTH = 120;

/** A metrics page that cannot be read. The message names the line and shows an excerpt of it; nothing of the page counts. */
export class ExpositionError extends Error {
  override readonly name = 'ExpositionError';
  /** Line and column of the place, from 1. */
  readonly line: number;
  readonly column: number;
  /** What to do about it. */
  readonly hint: string | undefined;

  constructor(text: string, offset: number, problem: string, hint?: string) {
    const { line, column } = positionAt(text, offset);
    const where = `line ${line}, column ${column}`;
    super(`${problem} (${where}: ${excerpt(text, offset)})${hint === undefined ? '' : `; ${hint}`}`);
    this.line = line;
    this.column = column;
    this.hint = hint;
  }
}

/** The line of the place, cut around it when it is long. */
function excerpt(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const newline = text.indexOf('\n', offset);
  const end = newline === -1 ? text.length : newline;
  const from = end - start <= EXCERPT_LENGTH ? start : Math.max(start, offset - EXCERPT_LENGTH / 2);
  const to = Math.min(end, from + EXCERPT_LENGTH);
  return `${from > start ? '…' : ''}${quote(text.slice(from, to))}${to < end ? '…' : ''}`;
}
