import type { Problem, SourceText } from '@tillwatch/model';
import { spanOf } from '@tillwatch/model';
import { Composer, type CST, type Document, Lexer, Parser, type YAMLError } from 'yaml';

/** What a document may cost. Everything beyond is refused with a problem, not tried. */
export interface YamlLimits {
  /** Longest text, in UTF-16 units. */
  readonly maxLength: number;
  /** Deepest nesting of lists and maps. */
  readonly maxDepth: number;
  /** Most values, counted after aliases are expanded. */
  readonly maxValues: number;
}

export const DEFAULT_LIMITS: YamlLimits = { maxLength: 8_000_000, maxDepth: 64, maxValues: 500_000 };

/**
 * Turns a text into one YAML document with positions. The syntax tree is built by a loop that watches its depth, since
 * the composer behind it recurses and would exhaust the stack on a hostile text.
 */
export function parseDocument(
  source: SourceText,
  limits: YamlLimits,
): { document: Document.Parsed | undefined; problems: Problem[] } {
  if (source.text.length > limits.maxLength) {
    const message = `the file is too large: ${source.text.length} characters, at most ${limits.maxLength} are read`;
    return { document: undefined, problems: [limitProblem(source, 0, message)] };
  }
  const tokens: CST.Token[] = [];
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(source.text)) {
    tokens.push(...parser.next(lexeme));
    // A map inside a list inside a map is three entries of the parser's stack, a document one more.
    if (parser.stack.length > limits.maxDepth + 2) {
      const message = `lists and maps are nested more than ${limits.maxDepth} deep`;
      return { document: undefined, problems: [limitProblem(source, parser.offset, message)] };
    }
  }
  tokens.push(...parser.end());

  const composer = new Composer({ uniqueKeys: false, merge: true, prettyErrors: false });
  const documents = [...composer.compose(tokens, false, source.text.length)];
  const document = documents[0] as Document.Parsed | undefined;
  if (document === undefined) return { document, problems: [] };
  const problems = document.errors.map((error) => syntaxProblem(source, error));
  const second = documents[1];
  if (second !== undefined) problems.push(secondDocumentProblem(source, second.range[0]));
  return { document, problems: withoutEchoes(problems) };
}

function limitProblem(source: SourceText, offset: number, message: string): Problem {
  return { code: 'yaml-limit', severity: 'error', message, at: spanOf(source, offset, offset + 1) };
}

function secondDocumentProblem(source: SourceText, offset: number): Problem {
  return {
    code: 'yaml-syntax',
    severity: 'warning',
    message: 'a second document begins here, only the first is read',
    hint: 'remove the "---" or move what follows to a file of its own',
    at: spanOf(source, offset, offset + 3),
  };
}

function syntaxProblem(source: SourceText, error: YAMLError): Problem {
  const [from, to] = error.pos;
  return {
    code: 'yaml-syntax',
    severity: 'error',
    message: lowerFirst(error.message),
    hint: syntaxHint(source, error),
    at: spanOf(source, Math.min(from, source.text.length), Math.min(Math.max(to, from + 1), source.text.length)),
  };
}

/** One broken line often makes the parser complain several times: the first complaint of a line is the cause. */
function withoutEchoes(problems: readonly Problem[]): Problem[] {
  const lineStarts = lineStartsOf(problems);
  const seen = new Set<number | undefined>();
  return problems.filter(({ at }) => {
    const lineStart = lineStarts.get(at.from);
    if (seen.has(lineStart)) return false;
    seen.add(lineStart);
    return true;
  });
}

/** Where the line of each place begins. The text is walked through once: one line can have as many complaints as characters. */
function lineStartsOf(problems: readonly Problem[]): Map<number, number> {
  const text = problems[0]?.at.text ?? '';
  const starts = new Map<number, number>();
  let start = 0;
  let next = text.indexOf('\n');
  for (const from of problems.map(({ at }) => at.from).sort((a, b) => a - b)) {
    for (; next !== -1 && next < from; next = text.indexOf('\n', start)) start = next + 1;
    starts.set(from, start);
  }
  return starts;
}

function syntaxHint(source: SourceText, error: YAMLError): string | undefined {
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return 'indent with spaces';
    case 'BLOCK_AS_IMPLICIT_KEY':
      return 'put the value in quotes when it contains ": "';
    case 'BAD_SCALAR_START':
      return 'put the value in quotes';
    case 'MISSING_CHAR':
      if (error.message.includes('quote')) return 'close the quote that was opened before this place';
      if (error.message.startsWith('Implicit map key')) return 'write "name: value", or "- " before a list item';
      return undefined;
    case 'BAD_INDENT':
      return isTab(source, error.pos[0]) ? 'indent with spaces' : undefined;
    case 'BAD_DQ_ESCAPE':
      return 'write \\\\ for a backslash, or use single quotes';
    default:
      return undefined;
  }
}

function isTab(source: SourceText, offset: number): boolean {
  return source.text[offset] === '\t';
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
