import { parser as grammar } from '@prometheus-io/lezer-promql';
import { isError, type Problem, type SourceText, spanOf } from '@tillwatch/model';
import type { Feature } from '../features.ts';
import type { Expr } from './ast.ts';
import { buildTree, MAX_DEPTH } from './build-tree.ts';
import { functionSignature } from './functions.ts';
import { lex, type Token } from './lexer.ts';
import { syntaxProblem } from './syntax-error.ts';

/** Longer texts are refused: no hand writes them, and reading them takes seconds. UTF-16 units. */
const MAX_LENGTH = 256 * 1024;

/** More problems than this in one expression help nobody. */
const MAX_PROBLEMS = 100;

/** How a text is to be read. */
export interface ParseOptions {
  /** What the text is called in problems; `query` when not given. */
  readonly file?: string | undefined;
  /** Parts of the language to switch on; none by default, as in Prometheus. */
  readonly features?: Iterable<Feature> | undefined;
}

/** A tree whose types fit, or what is wrong with the text; never both. */
export type ParseResult =
  | { readonly ok: true; readonly expr: Expr }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Reads a PromQL expression and checks its types. A text with a syntax error has exactly that problem; otherwise all
 * problems are reported, in reading order. Messages are Prometheus's where it has one, places are UTF-16 offsets. Never throws.
 */
export function parse(text: string, options: ParseOptions = {}): ParseResult {
  const source: SourceText = { file: options.file ?? 'query', text };
  if (text.length > MAX_LENGTH) return tooLong(source);

  const { tokens, problem } = lex(source);
  if (problem !== undefined) return { ok: false, problems: [problem] };
  const last = tokens.length - 1;
  if (last === 0) return { ok: false, problems: [syntaxProblem(source, tokens, text.length)] };

  const deepest = nestingProblem(source, tokens);
  if (deepest !== undefined) return { ok: false, problems: [deepest] };

  const masked = mask(text, tokens);
  const tree = grammar.parse(masked.text);
  const errorAt = firstError(tree.cursor());
  if (errorAt !== undefined) return { ok: false, problems: [syntaxProblem(source, tokens, errorAt)] };

  const { expr, problems } = buildTree(source, masked, tree.topNode, new Set(options.features ?? []));
  if (expr !== undefined && !problems.some(isError)) return { ok: true, expr };
  return { ok: false, problems: problems.slice(0, MAX_PROBLEMS) };
}

function tooLong(source: SourceText): ParseResult {
  const problem: Problem = {
    code: 'promql-too-long',
    severity: 'error',
    message: `the expression has ${source.text.length} characters, at most ${MAX_LENGTH} are read`,
    hint: 'split it into recording rules',
    at: spanOf(source),
  };
  return { ok: false, problems: [problem] };
}

/** The grammar looks words up in plain objects, and takes what every object inherits for keywords. */
const INHERITED_WORDS: ReadonlySet<string> = new Set(['constructor', '__proto__']);

/**
 * The grammar knows functions by name and calls everything else a syntax error. A name it does not know is replaced by a
 * known one of the same length before it sees the text, so that the call keeps its shape and can be judged by our table.
 * Words of duration arithmetic are written small, and numbers like `1.` or `0X1F` in the one form that the grammar reads.
 */
function mask(text: string, tokens: readonly Token[]): { text: string; names: Map<number, string> } {
  const names = new Map<number, string>();
  let masked = '';
  let copied = 0;
  const replace = (token: Token, replacement: string) => {
    masked += text.slice(copied, token.from) + replacement;
    copied = token.to;
  };
  for (const [i, token] of tokens.entries()) {
    if (token.kind === 'number') {
      const plain = plainNumber(token.text);
      if (plain !== token.text) replace(token, plain);
    }
    if (tokens[i + 1]?.text !== '(') {
      if (!INHERITED_WORDS.has(token.text.toLowerCase())) continue;
      names.set(token.from, token.text);
      replace(token, 'a'.repeat(token.text.length));
    } else if (isDurationWord(tokens, i)) replace(token, token.text.toLowerCase());
    else if (token.kind === 'identifier' && token.text.length >= 3 && !isKnownToGrammar(token.text)) {
      names.set(token.from, token.text);
      replace(token, 'abs'.padEnd(token.text.length));
    }
  }
  return { text: masked + text.slice(copied), names };
}

function plainNumber(text: string): string {
  if (/^0X/.test(text)) return text.toLowerCase();
  return /^\d[\d_]*\.(?!\d)/.test(text) ? text.replace('.', '').padEnd(text.length) : text;
}

/** Words before "(" that the grammar reads by itself: functions it lists, and fill modifiers. */
function isKnownToGrammar(word: string): boolean {
  if (word === 'min_of' || word === 'max_of') return false;
  return functionSignature(word) !== undefined || /^(?:fill|fill_left|fill_right)$/i.test(word);
}

/** Is the token a function of duration arithmetic: in brackets, or behind `offset`, its signs and open parentheses? */
function isDurationWord(tokens: readonly Token[], index: number): boolean {
  if (!/^(?:step|range|min_of|max_of)$/i.test(tokens[index]?.text ?? '')) return false;
  if (tokens[index]?.kind === 'keyword') return true;
  for (let i = index; i > 0; ) {
    while (/^(?:[-+]|min_of|max_of)$/i.test(tokens[i - 1]?.text ?? '')) i--;
    const before = tokens[i - 1];
    if (before?.kind === 'keyword' && before.text.toLowerCase() === 'offset') return true;
    i = openParenBefore(tokens, i);
  }
  return false;
}

/** Where the innermost parenthesis that is open before the token stands; 0 when none is. */
function openParenBefore(tokens: readonly Token[], index: number): number {
  let depth = 0;
  for (let i = index - 1; i > 0; i--) {
    const { text } = tokens[i] as Token;
    if (text === ')') depth++;
    else if (text === '(' && depth-- === 0) return i;
  }
  return 0;
}

/** The grammar and every walk over the tree use the stack, so how deep a text can nest is found out before. */
function nestingProblem(source: SourceText, tokens: readonly Token[]): Problem | undefined {
  const operators: number[] = [0];
  let depth = 0;
  for (const token of tokens) {
    if (token.text === '(') {
      operators.push(1);
      depth++;
    } else if (token.text === ')') {
      depth -= operators.pop() ?? 0;
    } else if (token.kind === 'operator' || token.text === '[') {
      operators[operators.length - 1]!++;
      depth++;
    } else if (token.kind === 'mark' && token.text === ',') {
      depth -= operators[operators.length - 1]! - 1;
      operators[operators.length - 1] = 1;
    }
    if (depth > MAX_DEPTH) return tooDeep(source, token);
  }
  return undefined;
}

function tooDeep(source: SourceText, token: Token): Problem {
  return {
    code: 'promql-too-deep',
    severity: 'error',
    message: `the expression is nested more than ${MAX_DEPTH} levels deep`,
    hint: 'split it into recording rules; a chain of operators nests once for each of them',
    at: spanOf(source, token.from, token.to),
  };
}

interface Cursor {
  readonly type: { readonly isError: boolean };
  readonly from: number;
  next(): boolean;
}

function firstError(cursor: Cursor): number | undefined {
  let earliest: number | undefined;
  do {
    if (cursor.type.isError && (earliest === undefined || cursor.from < earliest)) earliest = cursor.from;
  } while (cursor.next());
  return earliest;
}
