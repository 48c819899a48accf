import type { SourceText } from '@tillwatch/model';
import type { GoDuration, GoTime } from './go-time.ts';
import { HostObject, integerOf, sliceItems, textOf, typeName, type Value } from './value.ts';

/** What a function of a template may ask of the expansion that calls it. */
export interface CallContext {
  /** Runs a named template and gives its output. */
  runTemplate(name: string, data: Value): string;
  /** Expands another text within this expansion and its limits. */
  expand(source: SourceText, data: Value): string;
  /** The data that the expansion was started with. */
  readonly root: Value;
  readonly html: boolean;
}

/** The type that a parameter wants; what comes is converted as Go's templates would, or refused in its words. */
export type ParamType = 'any' | 'string' | 'int' | 'float' | 'bool' | 'list' | 'strings' | 'time' | 'duration' | 'func';

interface ParamValues {
  any: Value;
  string: string;
  int: bigint;
  float: number;
  bool: boolean;
  list: readonly Value[];
  strings: readonly string[];
  time: GoTime;
  duration: GoDuration;
  func: TemplateFunction;
}

/** A function that templates can call. */
export interface TemplateFunction {
  readonly params: readonly ParamType[];
  /** The type of any number of further arguments. */
  readonly rest: ParamType | undefined;
  call(context: CallContext, args: readonly Value[]): Value;
}

/** Functions by name. */
export type FunctionSet = Readonly<Record<string, TemplateFunction>>;

type ArgsOf<P extends readonly ParamType[]> = { -readonly [I in keyof P]: ParamValues[P[I]] };

/** Makes a function of fixed parameters. An `Error` that it throws becomes "error calling …" with its place. */
export function fn<const P extends readonly ParamType[]>(
  params: P,
  body: (...args: ArgsOf<P>) => Value,
): TemplateFunction {
  return { params, rest: undefined, call: (_context, args) => body(...(args as ArgsOf<P>)) };
}

/** Makes a function that takes any number of further arguments, as a list behind its fixed ones. */
export function variadic<const P extends readonly ParamType[], R extends ParamType>(
  params: P,
  rest: R,
  body: (...args: [...ArgsOf<P>, readonly ParamValues[R][]]) => Value,
): TemplateFunction {
  return {
    params,
    rest,
    call: (_context, args) =>
      body(
        ...([...args.slice(0, params.length), args.slice(params.length)] as unknown as [
          ...ArgsOf<P>,
          readonly ParamValues[R][],
        ]),
      ),
  };
}

/** Makes a function that needs the expansion it is called from. */
export function contextual<const P extends readonly ParamType[]>(
  params: P,
  body: (context: CallContext, ...args: ArgsOf<P>) => Value,
): TemplateFunction {
  return { params, rest: undefined, call: (context, args) => body(context, ...(args as ArgsOf<P>)) };
}

const GO_NAMES: Readonly<Record<ParamType, string>> = {
  any: 'interface {}',
  string: 'string',
  int: 'int',
  float: 'float64',
  bool: 'bool',
  list: '[]interface {}',
  strings: '[]string',
  time: 'time.Time',
  duration: 'time.Duration',
  func: 'func',
};

/** Converts an argument to a parameter's type. @throws {Error} in Go's words when it does not fit. */
export function convert(value: Value, type: ParamType): Value {
  if (type === 'any') return value;
  if (value === undefined || value === null) throw new Error(`invalid value; expected ${GO_NAMES[type]}`);
  const converted = tryConvert(value, type);
  if (converted === undefined) {
    throw new Error(`wrong type for value; expected ${GO_NAMES[type]}; got ${typeName(value)}`);
  }
  return converted;
}

function tryConvert(value: Value, type: Exclude<ParamType, 'any'>): Value {
  switch (type) {
    case 'string':
      return textOf(value);
    case 'int':
      return integerOf(value);
    case 'float':
      return typeof value === 'number' ? value : typeof value === 'bigint' ? Number(value) : undefined;
    case 'bool':
      return typeof value === 'boolean' ? value : undefined;
    case 'list':
      return sliceItems(value);
    case 'strings': {
      const items = sliceItems(value)?.map(textOf);
      return items?.every((item) => item !== undefined) === true ? items : undefined;
    }
    case 'time':
      return value instanceof HostObject && value.typeName === 'time.Time' ? value : undefined;
    case 'duration':
      return value instanceof HostObject && value.typeName === 'time.Duration' ? value : undefined;
    case 'func':
      return typeof value === 'object' && value !== null && 'call' in value && 'params' in value ? value : undefined;
  }
}
