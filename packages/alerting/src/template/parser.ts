import { closest, type SourceText } from '@tillwatch/model';
import type { FunctionSet } from './function.ts';
import { type Token, type TokenKind, tokenize } from './lexer.ts';
import { parseNumber, unquote } from './literal.ts';
import { type Block, type Command, isEmpty, type Node, type Operand, type Pipe, type Template } from './nodes.ts';
import { TemplateError } from './template-error.ts';

/** What a source text holds: its own text as a template, those it defines, and what is wrong with it. */
export interface Parsed {
  readonly main: Template;
  readonly defined: ReadonlyMap<string, Template>;
  /** When there is one, nothing of the text can be used. */
  readonly errors: readonly TemplateError[];
}

/** How deep actions and parentheses may nest. */
const MAX_DEPTH = 200;

/** Reads a template. A syntax error ends the reading, unknown functions and variables are collected. */
export function parseTemplate(source: SourceText, functions: FunctionSet, variables: readonly string[] = []): Parsed {
  const parser = new Parser(source, functions, variables);
  let body: Block = [];
  try {
    body = parser.run();
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    parser.errors.push(error);
  }
  return { main: { name: source.file, source, body }, defined: parser.defined, errors: parser.errors };
}

/** Nobody reads more, and finding the place of each takes time. */
const MOST_ERRORS = 100;

type Ending = 'end' | 'else' | 'eof';

class Parser {
  readonly errors: TemplateError[] = [];
  readonly defined = new Map<string, Template>();
  readonly #source: SourceText;
  readonly #functions: FunctionSet;
  #tokens: readonly Token[] = [];
  #next = 0;
  #variables: string[];
  #depth = 0;
  #loops = 0;

  constructor(source: SourceText, functions: FunctionSet, variables: readonly string[]) {
    this.#source = source;
    this.#functions = functions;
    this.#variables = ['$', ...variables];
  }

  run(): Block {
    this.#tokens = tokenize(this.#source);
    const { body, ending, token } = this.#block();
    if (ending !== 'eof') throw this.#error(`unexpected {{${ending}}}`, token);
    return body;
  }

  get #peek(): Token {
    return this.#tokens[Math.min(this.#next, this.#tokens.length - 1)] as Token;
  }

  #take(): Token {
    const token = this.#peek;
    this.#next++;
    return token;
  }

  #expect(kind: TokenKind, context: string): Token {
    const token = this.#take();
    if (token.kind !== kind) throw this.#unexpected(token, context);
    return token;
  }

  /** Reads nodes up to `{{end}}`, `{{else …}}` (whose `else` is taken and whose rest is not) or the end of the text. */
  #block(): { body: Node[]; ending: Ending; token: Token } {
    if (++this.#depth > MAX_DEPTH) throw this.#error(`nested deeper than ${MAX_DEPTH}`, this.#peek);
    const body: Node[] = [];
    for (;;) {
      const token = this.#take();
      if (token.kind === 'end') {
        this.#depth--;
        return { body, ending: 'eof', token };
      }
      if (token.kind === 'text') {
        body.push({ kind: 'text', text: token.text, from: token.from, to: token.from + token.text.length });
        continue;
      }
      const word = this.#peek;
      if (word.kind === 'word' && (word.text === 'end' || word.text === 'else')) {
        this.#next++;
        if (word.text === 'end') this.#expect('right', 'end');
        this.#depth--;
        return { body, ending: word.text, token: word };
      }
      const node = this.#action();
      if (node !== undefined) body.push(node);
    }
  }

  #action(): Node | undefined {
    const word = this.#peek;
    if (word.kind === 'word') {
      switch (word.text) {
        case 'if':
        case 'with':
        case 'range':
          this.#next++;
          return this.#control(word.text, word);
        case 'define':
          if (this.#depth > 1)
            throw this.#error('unexpected {{define}}', word, 'define templates outside of everything else');
          this.#next++;
          return this.#define();
        case 'block':
          this.#next++;
          return this.#blockAction(word);
        case 'template':
          this.#next++;
          return this.#templateCall();
        case 'break':
        case 'continue':
          this.#next++;
          this.#expect('right', `{{${word.text}}}`);
          if (this.#loops === 0) throw this.#error(`{{${word.text}}} outside {{range}}`, word);
          return { kind: word.text, from: word.from, to: word.from + word.text.length };
      }
    }
    const pipe = this.#pipeline('command', 'right');
    return { kind: 'action', pipe, from: pipe.from, to: pipe.to };
  }

  #control(kind: 'if' | 'with' | 'range', word: Token): Node {
    const scope = this.#variables.length;
    const pipe = this.#pipeline(kind, 'right');
    if (kind === 'range') this.#loops++;
    const { body, ending } = this.#block();
    if (kind === 'range') this.#loops--;
    let orElse: Block = [];
    if (ending === 'eof') throw this.#error('unexpected EOF', this.#peek, `close the {{${kind}}} with {{end}}`);
    if (ending === 'else') orElse = this.#otherwise(kind);
    this.#variables.length = scope;
    return { kind, pipe, body, orElse, from: word.from, to: pipe.to };
  }

  #otherwise(kind: 'if' | 'with' | 'range'): Block {
    const word = this.#peek;
    if (word.kind === 'word' && word.text === kind && kind !== 'range') {
      this.#next++;
      return [this.#control(kind, word)];
    }
    this.#expect('right', 'else');
    const { body, ending, token } = this.#block();
    if (ending !== 'end') {
      throw this.#error(ending === 'eof' ? 'unexpected EOF' : 'expected end; found {{else}}', token);
    }
    return body;
  }

  #define(): undefined {
    const name = this.#expect('string', 'define clause');
    this.#expect('right', 'define clause');
    this.#definition(unquote(name.text) ?? '', name, 'define');
    return undefined;
  }

  #blockAction(word: Token): Node {
    const token = this.#expect('string', 'block clause');
    const name = unquote(token.text) ?? '';
    const pipe = this.#pipeline('block clause', 'right');
    this.#definition(name, token, 'block');
    return { kind: 'template', name, quoted: token.text, pipe, from: word.from, to: pipe.to };
  }

  #definition(name: string, token: Token, what: string): void {
    const outer = this.#variables;
    const loops = this.#loops;
    this.#variables = ['$'];
    this.#loops = 0;
    const { body, ending, token: last } = this.#block();
    if (ending !== 'end')
      throw this.#error(`unexpected ${ending === 'eof' ? 'EOF' : '{{else}}'} in ${what} clause`, last);
    this.#variables = outer;
    this.#loops = loops;
    const previous = this.defined.get(name);
    if (previous !== undefined && !isEmpty(previous.body) && !isEmpty(body)) {
      throw this.#error(`multiple definition of template ${JSON.stringify(name)}`, token);
    }
    if (previous === undefined || !isEmpty(body)) this.defined.set(name, { name, source: this.#source, body });
  }

  #templateCall(): Node {
    const token = this.#take();
    const name = token.kind === 'string' ? unquote(token.text) : undefined;
    if (name === undefined) throw this.#unexpected(token, 'template clause');
    const pipe = this.#peek.kind === 'right' ? undefined : this.#pipeline('template clause', 'right');
    if (pipe === undefined) this.#next++;
    return { kind: 'template', name, quoted: token.text, pipe, from: token.from, to: token.from + token.text.length };
  }

  #pipeline(context: string, end: 'right' | 'close'): Pipe {
    if (++this.#depth > MAX_DEPTH) throw this.#error(`nested deeper than ${MAX_DEPTH}`, this.#peek);
    const from = this.#peek.from;
    const { variables, isAssignment } = this.#declarations(context);
    const commands: Command[] = [];
    for (;;) {
      const token = this.#peek;
      if (token.kind === end) break;
      if (token.kind === 'end' || token.kind === 'right') throw this.#unexpected(token, context);
      commands.push(this.#command());
      const bar = this.#peek;
      if (bar.kind !== 'pipe') continue;
      this.#next++;
      if (this.#peek.kind === end) throw this.#error(`missing value for ${context}`, bar);
    }
    const closing = this.#take();
    if (commands.length === 0) throw this.#error(`missing value for ${context}`, closing);
    for (const command of commands.slice(1)) {
      const first = command.args[0]?.kind;
      if (first === 'bool' || first === 'dot' || first === 'nil' || first === 'number' || first === 'string') {
        throw new TemplateError(
          'parse',
          this.#source,
          command.from,
          command.to,
          `non executable command in pipeline stage ${commands.indexOf(command) + 1}`,
        );
      }
    }
    // A variable is known behind its declaration, not inside it.
    if (!isAssignment) this.#variables.push(...variables);
    this.#depth--;
    return { kind: 'pipe', variables, isAssignment, commands, from, to: commands.at(-1)?.to ?? from };
  }

  #declarations(context: string): { variables: string[]; isAssignment: boolean } {
    const start = this.#next;
    const variables: string[] = [];
    while (this.#peek.kind === 'variable') {
      const token = this.#take();
      const sign = this.#peek;
      if (sign.kind === 'declare' || sign.kind === 'assign') {
        this.#next++;
        variables.push(token.text);
        if (sign.kind === 'assign') for (const name of variables) this.#checkVariable(name, token);
        return { variables, isAssignment: sign.kind === 'assign' };
      }
      if (context === 'range' && sign.kind === 'char' && sign.text === ',' && variables.length === 0) {
        this.#next++;
        variables.push(token.text);
        continue;
      }
      break;
    }
    if (variables.length > 0) throw this.#unexpected(this.#peek, context);
    this.#next = start;
    return { variables: [], isAssignment: false };
  }

  #command(): Command {
    const from = this.#peek.from;
    const args: Operand[] = [];
    let to = from;
    for (;;) {
      const token = this.#peek;
      if (token.kind === 'right' || token.kind === 'close' || token.kind === 'pipe') break;
      if (token.kind === 'end') throw this.#unexpected(token, 'command');
      if (args.length > 0 && !token.spaced) throw this.#unexpected(token, 'operand');
      const operand = this.#operand();
      args.push(operand);
      to = operand.to;
    }
    if (args.length === 0) throw this.#error('empty command', this.#peek);
    return { kind: 'command', args, from, to };
  }

  #operand(): Operand {
    const of = this.#term();
    const fields: string[] = [];
    let to = of.to;
    while (this.#peek.kind === 'field' && !this.#peek.spaced) {
      const token = this.#take();
      fields.push(token.text.slice(1));
      to = token.from + token.text.length;
    }
    if (fields.length === 0) return of;
    switch (of.kind) {
      case 'field':
        return { ...of, names: [...of.names, ...fields], to };
      case 'variable':
        return { ...of, fields, to };
      case 'bool':
      case 'string':
      case 'number':
      case 'nil':
      case 'dot':
        throw new TemplateError('parse', this.#source, of.from, to, `unexpected . after term`);
      default:
        return { kind: 'chain', of, fields, from: of.from, to };
    }
  }

  #term(): Operand {
    const token = this.#take();
    const at = { from: token.from, to: token.from + token.text.length };
    switch (token.kind) {
      case 'word':
        return this.#wordTerm(token);
      case 'dot':
        return { kind: 'dot', ...at };
      case 'field':
        return { kind: 'field', names: [token.text.slice(1)], ...at };
      case 'variable':
        this.#checkVariable(token.text, token);
        return { kind: 'variable', name: token.text, fields: [], ...at };
      case 'number':
      case 'character': {
        const value = parseNumber(token.text);
        if (value === undefined) throw this.#error(`bad number syntax: ${JSON.stringify(token.text)}`, token);
        return { kind: 'number', text: token.text, value, ...at };
      }
      case 'string': {
        const value = unquote(token.text);
        if (value === undefined) throw this.#error(`invalid syntax in string ${token.text}`, token);
        return { kind: 'string', quoted: token.text, value, ...at };
      }
      case 'open':
        return this.#pipeline('parenthesized pipeline', 'close');
      default:
        throw this.#unexpected(token, 'operand');
    }
  }

  #wordTerm(token: Token): Operand {
    const at = { from: token.from, to: token.from + token.text.length };
    if (token.text === 'true' || token.text === 'false') return { kind: 'bool', value: token.text === 'true', ...at };
    if (token.text === 'nil') return { kind: 'nil', ...at };
    if (!Object.hasOwn(this.#functions, token.text)) {
      const near = closest(token.text, Object.keys(this.#functions));
      const hint = near === undefined ? undefined : `did you mean ${near}?`;
      this.#report(`function ${JSON.stringify(token.text)} not defined`, token, hint);
    }
    return { kind: 'function', name: token.text, ...at };
  }

  #checkVariable(name: string, token: Token): void {
    if (this.#variables.includes(name)) return;
    const near = closest(name, this.#variables);
    const hint = near === undefined ? undefined : `did you mean ${near}?`;
    this.#report(`undefined variable ${JSON.stringify(name)}`, token, hint);
  }

  /** Notes a mistake after which reading can go on. */
  #report(message: string, token: Token, hint: string | undefined): void {
    if (this.errors.length < MOST_ERRORS) this.errors.push(this.#error(message, token, hint));
  }

  #unexpected(token: Token, context: string): TemplateError {
    const what = token.kind === 'end' ? 'EOF' : `<${token.text}>`;
    return this.#error(`unexpected ${what} in ${context}`, token);
  }

  #error(message: string, token: Token, hint?: string): TemplateError {
    return new TemplateError('parse', this.#source, token.from, token.from + token.text.length, message, { hint });
  }
}
