import type { Problem, SourceText } from '@tillwatch/model';
import { spanOf } from '@tillwatch/model';
import { describeToken, type Token } from './lexer.ts';

/**
 * Says what is wrong at the token where the grammar could not go on. The grammar's tree around an error is a guess, so the
 * context is read from the tokens before it, with Prometheus's words for each context.
 */
export function syntaxProblem(source: SourceText, tokens: readonly Token[], offset: number): Problem {
  const index = errorIndex(tokens, offset);
  const token = tokens[index] as Token;
  const { message, hint } = explain(tokens, index, token);
  return { code: 'promql-syntax', severity: 'error', message, hint, at: spanOf(source, token.from, token.to) };
}

function errorIndex(tokens: readonly Token[], offset: number): number {
  const index = tokens.findIndex((token) => token.to > offset || token.kind === 'end');
  return index === -1 ? tokens.length - 1 : index;
}

function explain(
  tokens: readonly Token[],
  index: number,
  token: Token,
): { message: string; hint?: string | undefined } {
  const previous = tokens[index - 1];
  if (previous === undefined && token.kind === 'end') {
    return { message: 'no expression found in input', hint: 'write an expression, for instance up == 0' };
  }
  if (token.text === ')' && previous?.text === ',' && enclosing(tokens, index) === 'call') {
    return { message: 'trailing commas not allowed in function call args', hint: 'remove the comma' };
  }
  const unexpected = `unexpected ${describeToken(token)}`;
  const [context, expected] = contextOf(tokens, index);
  if (context === undefined) return { message: unexpected, hint: hintFor(tokens, index, token) };
  return { message: `${unexpected} in ${context}, expected ${expected}` };
}

const DURATION_EXPECTED = 'number, duration, step(), or range()';

/** The construct the token stands in, and what could stand there instead. */
function contextOf(tokens: readonly Token[], index: number): readonly [context?: string, expected?: string] {
  const previous = tokens[index - 1];
  if (previous === undefined) return [];
  const word = previous.kind === 'keyword' ? previous.text.toLowerCase() : '';
  if (word === 'offset') return ['offset', DURATION_EXPECTED];
  if (previous.text === '@') return ['@', 'timestamp'];
  if (['by', 'without', 'on', 'ignoring'].includes(word)) return ['grouping opts', '"("'];
  switch (enclosing(tokens, index)) {
    case 'grouping':
      return ['grouping opts', previous.text === '(' || previous.text === ',' ? 'label' : '"," or ")"'];
    case 'braces':
      return ['label matching', expectedInBraces(previous)];
    case 'brackets':
      return ['subquery or range selector', DURATION_EXPECTED];
    default:
      return [];
  }
}

function expectedInBraces(previous: Token): string {
  if (previous.text === '{' || previous.text === ',') return 'identifier or "}"';
  if (previous.kind === 'identifier') return 'label matching operator';
  if (previous.kind === 'string') return '"," or "}"';
  return 'string';
}

type Enclosure = 'braces' | 'brackets' | 'grouping' | 'call' | 'none';

/** What the innermost bracket that is open before the token belongs to. */
function enclosing(tokens: readonly Token[], index: number): Enclosure {
  let depth = 0;
  for (let i = index - 1; i >= 0; i--) {
    const token = tokens[i] as Token;
    if (token.kind !== 'mark') continue;
    if (token.text === ')' || token.text === '}' || token.text === ']') depth++;
    else if (token.text === '(' || token.text === '{' || token.text === '[') {
      if (depth-- > 0) continue;
      if (token.text !== '(') return token.text === '{' ? 'braces' : 'brackets';
      return beforeParen(tokens[i - 1]);
    }
  }
  return 'none';
}

function beforeParen(token: Token | undefined): Enclosure {
  if (token?.kind === 'keyword' && /^(?:by|without|on|ignoring|group_left|group_right)$/i.test(token.text))
    return 'grouping';
  return token?.kind === 'identifier' || token?.kind === 'aggregator' || token?.text === ')' ? 'call' : 'none';
}

function hintFor(tokens: readonly Token[], index: number, token: Token): string | undefined {
  const previous = tokens[index - 1];
  if (token.kind === 'end') return 'something is missing after the last operator';
  if (previous?.kind === 'aggregator')
    return `write ${previous.text.toLowerCase()}(…) or ${previous.text.toLowerCase()} by (…) (…)`;
  if (token.text === '=') return 'comparisons are written ==, label matchers stand in braces';
  if (token.text === '&' || token.text === '|') return 'set operators are and, or, unless';
  return undefined;
}
