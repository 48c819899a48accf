/** A text that a user wrote, with the name to call it by in messages. */
export interface SourceText {
  readonly file: string;
  readonly text: string;
}

/** A stretch of a source text: UTF-16 offsets, `from` included, `to` not. */
export interface Span {
  readonly file: string;
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

/** A finding in what a user wrote. Problems are values: collected, and reported all at once. */
export interface Problem {
  /** Stable, has a page: docs/problems/<code>.md. */
  readonly code: string;
  readonly severity: 'error' | 'warning';
  /** What is wrong, with the user's own words in it. */
  readonly message: string;
  /** What to do; "did you mean" when one is close. */
  readonly hint?: string | undefined;
  readonly at: Span;
}

export function spanOf(source: SourceText, from = 0, to = from): Span {
  return { file: source.file, text: source.text, from, to };
}

export function isError(problem: Problem): boolean {
  return problem.severity === 'error';
}

/** Line and column of an offset, both counted from 1; columns count code points. */
export function positionAt(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  let line = 1;
  for (let i = 0; i < lineStart; i++) if (text.charCodeAt(i) === 10) line++;
  return { line, column: [...before.slice(lineStart)].length + 1 };
}

/**
 * Prints problems as every part of Tillwatch does: place, severity, message and code; the line with a caret under the
 * place; the hint. The result ends without a newline; '' for no problems.
 */
export function formatProblems(problems: readonly Problem[]): string {
  return problems.map(formatProblem).join('\n');
}

function formatProblem(problem: Problem): string {
  const { text, from, to, file } = problem.at;
  const { line, column } = positionAt(text, from);
  const lines = [`${file}:${line}:${column}: ${problem.severity}: ${problem.message}  [${problem.code}]`];
  const lineStart = text.lastIndexOf('\n', from - 1) + 1;
  const lineEnd = text.indexOf('\n', from) === -1 ? text.length : text.indexOf('\n', from);
  const content = text.slice(lineStart, lineEnd).replaceAll('\t', ' ').replace(/\r$/, '');
  if (content.trim() !== '') {
    const number = String(line);
    const width = Math.max(1, Math.min([...text.slice(from, to)].length, [...content].length - column + 1));
    lines.push(`  ${number} | ${content}`);
    lines.push(`  ${' '.repeat(number.length)} | ${' '.repeat(column - 1)}${'^'.repeat(width)}`);
  }
  if (problem.hint !== undefined) lines.push(`  ${' '.repeat(String(line).length)} = ${problem.hint}`);
  return lines.join('\n');
}

/** The candidate closest to `word`, when it is close enough to be what was meant; for "did you mean". */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  // A third of the word may differ, but never all of it: one letter is not another one misspelt.
  let bestDistance = Math.min(Math.max(1, Math.floor(word.length / 3)) + 1, word.length);
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein distance, given up (as `limit`) once it cannot get below `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[j] as number) + 1, (current[j - 1] as number) + 1));
    }
    previous = current;
  }
  return previous[b.length] as number;
}
