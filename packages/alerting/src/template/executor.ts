import type { SourceText } from '@tillwatch/model';
import { type CallContext, convert, type FunctionSet, type TemplateFunction } from './function.ts';
import type { Writer } from './html-writer.ts';
import type { Block, Command, Node, Operand, Pipe, Template } from './nodes.ts';
import { printNode } from './nodes.ts';
import { parseTemplate } from './parser.ts';
import { TemplateError } from './template-error.ts';
import {
  HostObject,
  integerOf,
  isMap,
  isTruthy,
  mapEntries,
  mapGet,
  sliceItems,
  typeName,
  type Value,
} from './value.ts';

/** What one expansion may use up. */
export interface Limits {
  /** UTF-16 units of output. */
  readonly outputLength: number;
  /** Nodes carried out and operands evaluated. */
  readonly steps: number;
  /** Templates inside templates. */
  readonly depth: number;
}

interface Setup {
  readonly templates: ReadonlyMap<string, Template>;
  readonly functions: FunctionSet;
  readonly newWriter: () => Writer;
  readonly html: boolean;
  readonly missingKey: 'no-value' | 'error';
  readonly limits: Limits;
  readonly root: Value;
  /** What the main template finds defined, `$` included in the names. */
  readonly variables: Readonly<Record<string, Value>>;
}

interface Variable {
  readonly name: string;
  value: Value;
}

/** How a block ended. */
type Flow = 'on' | 'break' | 'continue';

/** One template being carried out: where its text is, its variables, where its output goes. */
interface Frame {
  readonly template: Template;
  readonly variables: Variable[];
  readonly writer: Writer;
}

/** An expansion that used up what it may: no function that ran into it makes it an error of its own. */
class LimitError extends TemplateError {}

/** Marks "no value came down the pipeline", which is not the same as `undefined` coming down. */
const NOTHING = Symbol('nothing');

/** Carries out templates. One executor serves one expansion: steps and depth count over all of it. */
export class Executor implements CallContext {
  readonly root: Value;
  readonly html: boolean;
  readonly #setup: Setup;
  #templates: ReadonlyMap<string, Template>;
  #steps = 0;
  #depth = 0;
  #written = 0;
  #frame: Frame | undefined;
  /** The node being worked on, for messages. */
  #at: Operand | Command | Node | undefined;

  constructor(setup: Setup) {
    this.#setup = setup;
    this.#templates = setup.templates;
    this.root = setup.root;
    this.html = setup.html;
  }

  /** Carries out the main template. @throws {TemplateError} */
  runMain(template: Template): string {
    const writer = this.#setup.newWriter();
    const variables = Object.entries(this.#setup.variables).map(([name, value]) => ({ name, value }));
    this.#runFrame(template, this.root, writer, variables);
    return writer.toString();
  }

  #run(template: Template, data: Value): string {
    const writer = this.#setup.newWriter();
    this.#runFrame(template, data, writer);
    return writer.toString();
  }

  runTemplate(name: string, data: Value): string {
    const template = this.#templates.get(name);
    if (template === undefined) throw new Error(`template ${JSON.stringify(name)} not defined`);
    return this.#run(template, data);
  }

  expand(source: SourceText, data: Value): string {
    const parsed = parseTemplate(source, this.#setup.functions);
    const error = parsed.errors[0];
    if (error !== undefined) throw error;
    const outer = this.#templates;
    if (parsed.defined.size > 0) this.#templates = new Map([...outer, ...parsed.defined]);
    try {
      return this.#run(parsed.main, data);
    } finally {
      this.#templates = outer;
    }
  }

  #runFrame(template: Template, data: Value, writer: Writer, variables: readonly Variable[] = []): void {
    if (this.#depth >= this.#setup.limits.depth) {
      throw this.#limit(`exceeded maximum template depth (${this.#setup.limits.depth})`);
    }
    const outerFrame = this.#frame;
    const outerAt = this.#at;
    this.#frame = { template, variables: [{ name: '$', value: data }, ...variables], writer };
    this.#depth++;
    try {
      this.#block(template.body, data);
    } finally {
      this.#depth--;
      this.#frame = outerFrame;
      this.#at = outerAt;
    }
  }

  get #current(): Frame {
    return this.#frame as Frame;
  }

  #error(message: string, cause?: unknown): TemplateError {
    const { source, from, to, text } = this.#place(message);
    return new TemplateError('execute', source, from, to, text, { cause });
  }

  #limit(message: string): LimitError {
    const { source, from, to, text } = this.#place(message);
    return new LimitError('execute', source, from, to, text);
  }

  #place(message: string): { source: SourceText; from: number; to: number; text: string } {
    const { template } = this.#current;
    const { from, to } = this.#at ?? { from: 0, to: 0 };
    const shown = this.#at === undefined ? '' : ` at <${shorten(printNode(this.#at))}>`;
    return {
      source: template.source,
      from,
      to,
      text: `executing ${JSON.stringify(template.name)}${shown}: ${message}`,
    };
  }

  #step(): void {
    if (++this.#steps > this.#setup.limits.steps) throw this.#limit(`gave up after ${this.#setup.limits.steps} steps`);
  }

  #block(block: Block, dot: Value): Flow {
    for (const node of block) {
      const flow = this.#node(node, dot);
      if (flow !== 'on') return flow;
    }
    return 'on';
  }

  #node(node: Node, dot: Value): Flow {
    this.#step();
    if (node.kind !== 'text') this.#at = node;
    const frame = this.#current;
    switch (node.kind) {
      case 'text':
        this.#write(() => frame.writer.literal(node.text));
        return 'on';
      case 'action': {
        const value = this.#pipe(node.pipe, dot);
        if (node.pipe.variables.length === 0) {
          this.#at = node;
          this.#write(() => frame.writer.value(value, lastFunction(node.pipe)));
        }
        return 'on';
      }
      case 'if':
      case 'with':
        return this.#scoped(() => {
          const value = this.#pipe(node.pipe, dot);
          const inner = node.kind === 'with' && isTruthy(value) ? value : dot;
          return this.#block(isTruthy(value) ? node.body : node.orElse, inner);
        });
      case 'range':
        return this.#scoped(() => this.#range(node, dot));
      case 'template': {
        const template = this.#templates.get(node.name);
        if (template === undefined) throw this.#error(`template ${JSON.stringify(node.name)} not defined`);
        const data = node.pipe === undefined ? undefined : this.#pipe(node.pipe, dot);
        this.#runFrame(template, data, frame.writer);
        return 'on';
      }
      default:
        return node.kind;
    }
  }

  /** Runs a part with variables of its own. */
  #scoped(part: () => Flow): Flow {
    const { variables } = this.#current;
    const size = variables.length;
    const flow = part();
    variables.length = size;
    return flow;
  }

  #write(write: () => void): void {
    const { writer } = this.#current;
    const before = writer.length;
    write();
    this.#written += writer.length - before;
    if (this.#written > this.#setup.limits.outputLength) {
      throw this.#limit(`output is longer than ${this.#setup.limits.outputLength} characters`);
    }
  }

  #range(node: Node & { readonly kind: 'range' }, dot: Value): Flow {
    const { variables } = this.#current;
    // The variables belong to the loop: the pipeline's own assignment must not happen.
    const value = this.#commands(node.pipe, dot);
    const names = node.pipe.variables;
    const size = variables.length;
    let rounds = 0;
    for (const [key, element] of this.#elements(value)) {
      this.#step();
      rounds++;
      const bound = names.length === 1 ? [element] : [key, element];
      names.forEach((name, i) => {
        if (node.pipe.isAssignment) this.#assign(name, bound[i]);
        else variables.push({ name, value: bound[i] });
      });
      const flow = this.#block(node.body, element);
      variables.length = size;
      if (flow === 'break') return 'on';
    }
    return rounds === 0 ? this.#block(node.orElse, dot) : 'on';
  }

  *#elements(value: Value): Iterable<[key: Value, element: Value]> {
    const count = integerOf(value);
    if (count !== undefined) {
      for (let i = 0n; i < count; i++) yield [i, i];
      return;
    }
    if (value === null || value === undefined) return;
    const items = sliceItems(value);
    if (items !== undefined) {
      for (let i = 0; i < items.length; i++) yield [BigInt(i), items[i]];
      return;
    }
    const entries = mapEntries(value);
    if (entries === undefined) throw this.#error(`range can't iterate over ${typeName(value)}`);
    yield* entries;
  }

  #assign(name: string, value: Value): void {
    const variable = this.#current.variables.findLast((candidate) => candidate.name === name);
    if (variable === undefined) throw this.#error(`undefined variable: ${name}`);
    variable.value = value;
  }

  #pipe(pipe: Pipe, dot: Value): Value {
    const value = this.#commands(pipe, dot);
    for (const name of pipe.variables) {
      if (pipe.isAssignment) this.#assign(name, value);
      else this.#current.variables.push({ name, value });
    }
    return value;
  }

  #commands(pipe: Pipe, dot: Value): Value {
    this.#at = pipe;
    let value: Value = NOTHING;
    for (const command of pipe.commands) value = this.#command(command, dot, value);
    return value;
  }

  #command(command: Command, dot: Value, piped: Value): Value {
    this.#step();
    const [first, ...args] = command.args as [Operand, ...Operand[]];
    switch (first.kind) {
      case 'function':
        this.#at = first;
        return this.#callNamed(first.name, command, dot, args, piped);
      case 'field':
        this.#at = first;
        return this.#fields(dot, first.names, dot, args, piped, first);
      case 'variable':
        this.#at = first;
        return this.#fields(this.#variable(first.name), first.fields, dot, args, piped, first);
      case 'chain':
        return this.#fields(this.#operand(first.of, dot), first.fields, dot, args, piped, first);
      default: {
        this.#at = first;
        const value = this.#operand(first, dot);
        if (args.length > 0 || piped !== NOTHING)
          throw this.#error(`can't give argument to non-function ${printNode(first)}`);
        return value;
      }
    }
  }

  #operand(operand: Operand, dot: Value): Value {
    this.#step();
    switch (operand.kind) {
      case 'pipe':
        return this.#pipe(operand, dot);
      case 'dot':
        return dot;
      case 'nil':
        return null;
      case 'bool':
      case 'number':
      case 'string':
        return operand.value;
      case 'function':
        return this.#callNamed(operand.name, operand, dot, [], NOTHING);
      case 'field':
        return this.#fields(dot, operand.names, dot, [], NOTHING, operand);
      case 'variable':
        return this.#fields(this.#variable(operand.name), operand.fields, dot, [], NOTHING, operand);
      case 'chain':
        return this.#fields(this.#operand(operand.of, dot), operand.fields, dot, [], NOTHING, operand);
    }
  }

  #variable(name: string): Value {
    const variable = this.#current.variables.findLast((candidate) => candidate.name === name);
    if (variable === undefined) throw this.#error(`undefined variable: ${name}`);
    return variable.value;
  }

  #fields(
    start: Value,
    names: readonly string[],
    dot: Value,
    args: readonly Operand[],
    piped: Value,
    node: Operand,
  ): Value {
    if (names.length === 0 && (args.length > 0 || piped !== NOTHING)) {
      throw this.#error(`can't give argument to non-function ${printNode(node)}`);
    }
    return names.reduce<Value>((value, name, i) => {
      const isLast = i === names.length - 1;
      this.#at = node;
      return this.#field(value, name, dot, isLast ? args : [], isLast ? piped : NOTHING, node);
    }, start);
  }

  #field(receiver: Value, name: string, dot: Value, args: readonly Operand[], piped: Value, node: Operand): Value {
    if (receiver === undefined) {
      if (this.#setup.missingKey === 'error') throw this.#error(`nil data; no entry for key ${JSON.stringify(name)}`);
      return undefined;
    }
    if (receiver === null) throw this.#error(`nil pointer evaluating interface {}.${name}`);
    const method = receiver instanceof HostObject ? own(receiver.parts.methods, name) : undefined;
    if (method !== undefined) return this.#call(method, name, node, dot, args, piped);
    const hasArgs = args.length > 0 || piped !== NOTHING;
    const fields = receiver instanceof HostObject ? receiver.parts.fields : undefined;
    if (fields !== undefined && Object.hasOwn(fields, name)) {
      if (hasArgs) throw this.#error(`${name} has arguments but cannot be invoked as function`);
      return fields[name];
    }
    if (isMap(receiver) || (receiver instanceof HostObject && receiver.parts.entries !== undefined)) {
      if (hasArgs) throw this.#error(`${name} is not a method but has arguments`);
      const { found, value } = mapGet(receiver, name);
      if (!found && this.#setup.missingKey === 'error')
        throw this.#error(`map has no entry for key ${JSON.stringify(name)}`);
      return value;
    }
    throw this.#error(`can't evaluate field ${name} in type ${typeName(receiver)}`);
  }

  #callNamed(name: string, node: Operand | Command, dot: Value, args: readonly Operand[], piped: Value): Value {
    if (name === 'and' || name === 'or') return this.#shortCircuit(name, node, dot, args, piped);
    const target = own(this.#setup.functions, name);
    if (target === undefined) throw this.#error(`${JSON.stringify(name)} is not a defined function`);
    return this.#call(target, name, node, dot, args, piped);
  }

  /** `and` and `or` evaluate their arguments only as far as they need to. */
  #shortCircuit(name: string, node: Operand | Command, dot: Value, args: readonly Operand[], piped: Value): Value {
    if (args.length === 0 && piped === NOTHING) {
      this.#at = node;
      throw this.#error(`wrong number of args for ${name}: want at least 1 got 0`);
    }
    let value: Value;
    for (const arg of args) {
      value = this.#operand(arg, dot);
      if (isTruthy(value) === (name === 'or')) return value;
    }
    return piped === NOTHING ? value : piped;
  }

  #call(
    target: TemplateFunction,
    name: string,
    node: Operand | Command,
    dot: Value,
    operands: readonly Operand[],
    piped: Value,
  ): Value {
    const given = operands.length + (piped === NOTHING ? 0 : 1);
    const wanted = target.params.length;
    if (given < wanted || (given > wanted && target.rest === undefined)) {
      const want = target.rest === undefined ? `${wanted}` : `at least ${wanted}`;
      throw this.#error(`wrong number of args for ${name}: want ${want} got ${given}`);
    }
    const values: Value[] = [];
    for (const operand of operands) values.push(this.#argument(operand, dot, target, values.length));
    if (piped !== NOTHING) {
      this.#at = node;
      values.push(this.#convert(piped, target, values.length));
    }
    this.#at = node;
    try {
      return this.#bounded(target.call(this, values));
    } catch (cause) {
      if (cause instanceof LimitError) throw cause;
      throw this.#error(`error calling ${name}: ${(cause as Error).message}`, cause);
    }
  }

  /** Values must not grow beyond what could ever be written: `print $x $x` doubles at every step. */
  #bounded(value: Value): Value {
    const limit = this.#setup.limits.outputLength;
    const size = typeof value === 'string' || Array.isArray(value) ? value.length : 0;
    if (size > limit) throw this.#limit(`value is longer than ${limit}`);
    return value;
  }

  #argument(operand: Operand, dot: Value, target: TemplateFunction, i: number): Value {
    this.#at = operand;
    const value = this.#operand(operand, dot);
    this.#at = operand;
    return this.#convert(value, target, i);
  }

  #convert(value: Value, target: TemplateFunction, i: number): Value {
    const type = target.params[i] ?? target.rest ?? 'any';
    try {
      return convert(value, type);
    } catch (cause) {
      throw this.#error((cause as Error).message, cause);
    }
  }
}

function own<T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}

/** The function that has the last word on what a pipeline prints. */
function lastFunction(pipe: Pipe): string | undefined {
  const first = pipe.commands.at(-1)?.args[0];
  return first?.kind === 'function' ? first.name : undefined;
}

function shorten(text: string): string {
  return text.length > 120 ? `${text.slice(0, 120)}...` : text;
}
