import { formatProblems, type Problem } from '@tillwatch/model';
import { type Expr, parse, QueryError } from '@tillwatch/promql';

/** The code of a selector that every series would satisfy. */
const EMPTY_SELECTOR = 'promql-empty-selector';

/**
 * An expression that cannot be read. `message` is what Prometheus says, with line and column of the first problem; `details`
 * are all problems, each with its place, a caret and a way out.
 */
export class UnreadableQuery extends QueryError {
  readonly details: string | undefined;

  constructor(message: string, details: string | undefined) {
    super('parse', message);
    this.details = details;
  }

  /** What is said about the problems of a text. */
  static of(problems: readonly Problem[]): UnreadableQuery {
    const [first] = problems;
    const message = first === undefined ? 'parse error' : `${place(first)}: parse error: ${first.message}`;
    return new UnreadableQuery(message, formatProblems(problems));
  }
}

/** The tree of an expression. @throws {UnreadableQuery} */
export function readQuery(text: string): Expr {
  if (text.trim() === '') return refuse('1:1: parse error: no expression found in input');
  const result = parse(text);
  if (!result.ok) throw UnreadableQuery.of(result.problems);
  return result.expr;
}

/** The tree of one series selector, such as `up{job="shop"}`. @throws {UnreadableQuery} */
export function readSeriesSelector(text: string): Extract<Expr, { kind: 'vectorSelector' }> {
  const result = parse(text);
  if (!result.ok) {
    const isEmpty = result.problems.every(({ code }) => code === EMPTY_SELECTOR);
    if (isEmpty) refuse('match[] must contain at least one non-empty matcher', formatProblems(result.problems));
    throw UnreadableQuery.of(result.problems);
  }
  const { expr } = result;
  const isPlain = expr.kind === 'vectorSelector' && expr.offsetMs === 0 && expr.atModifier === undefined;
  return isPlain ? expr : refuse(`${JSON.stringify(text)} is not a series selector; write name{label="value"}`);
}

function refuse(message: string, details?: string): never {
  throw new UnreadableQuery(message, details);
}

/** Line and column of a problem, both from 1 on; like Prometheus's, columns count bytes. */
function place({ at: { text, from } }: Problem): string {
  const before = text.slice(0, from).split('\n');
  return `${before.length}:${Buffer.byteLength(before.at(-1)!) + 1}`;
}
