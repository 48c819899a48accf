import { escapeQuery, htmlFunction, jsFunction } from './escape.ts';
import { type CallContext, convert, type FunctionSet, fn, type TemplateFunction, variadic } from './function.ts';
import { sprintf } from './printf.ts';
import {
  HostObject,
  integerOf,
  isMap,
  isTruthy,
  mapEntries,
  mapGet,
  printValue,
  sliceItems,
  textOf,
  typeName,
  type Value,
} from './value.ts';

/** Go's `fmt.Sprint`: a space between two arguments when neither is a string. */
function sprint(args: readonly Value[]): string {
  let out = '';
  args.forEach((arg, i) => {
    if (i > 0 && typeof arg !== 'string' && typeof args[i - 1] !== 'string') out += ' ';
    out += printValue(arg);
  });
  return out;
}

type Kind = 'bool' | 'int' | 'float' | 'string';

function kindOf(value: Value): Kind | undefined {
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return 'float';
  if (integerOf(value) !== undefined) return 'int';
  return textOf(value) === undefined ? undefined : 'string';
}

function isEqual(left: Value, right: Value): boolean {
  if (isNil(left) || isNil(right)) return isNil(left) && isNil(right);
  const kind = kindOf(left);
  if (kind !== kindOf(right)) throw new Error('incompatible types for comparison');
  if (kind === undefined) {
    const comparable = left instanceof HostObject && right instanceof HostObject && contentsOf(left) === undefined;
    if (!comparable) {
      throw new Error(`non-comparable type ${printValue(left)}: ${typeName(left)}`);
    }
    return left === right || (left.typeName === right.typeName && printValue(left) === printValue(right));
  }
  return basic(left) === basic(right);
}

function contentsOf(object: HostObject): unknown {
  return object.parts.entries ?? object.parts.items;
}

function isNil(value: Value): boolean {
  return value === null || value === undefined;
}

function basic(value: Value): string | number | bigint | boolean {
  return textOf(value) ?? integerOf(value) ?? (value as number | boolean);
}

function isLess(left: Value, right: Value): boolean {
  const kind = kindOf(left);
  if (kind === undefined || kind === 'bool') throw new Error('invalid type for comparison');
  if (kind !== kindOf(right)) throw new Error('incompatible types for comparison');
  return basic(left) < basic(right);
}

function length(value: Value): bigint {
  const text = textOf(value);
  if (text !== undefined) return BigInt(Buffer.byteLength(text, 'utf8'));
  const size = sliceItems(value)?.length ?? mapEntries(value)?.length;
  if (size === undefined) throw new Error(isNil(value) ? 'len of nil pointer' : `len of type ${typeName(value)}`);
  return BigInt(size);
}

function index(item: Value, keys: readonly Value[]): Value {
  return keys.reduce((value, key) => {
    if (isNil(value)) throw new Error('index of untyped nil');
    if (isMap(value) || (value instanceof HostObject && value.parts.entries !== undefined)) {
      return mapGet(value, convert(key, 'string') as string).value;
    }
    const text = textOf(value);
    const items = text === undefined ? sliceItems(value) : Buffer.from(text, 'utf8');
    if (items === undefined) throw new Error(`can't index item of type ${typeName(value)}`);
    const at = position(key, items.length - 1);
    const found = items[at];
    return text === undefined ? found : BigInt(found as number);
  }, item);
}

function position(key: Value, max: number): number {
  const at = integerOf(key);
  if (at === undefined) {
    throw new Error(
      isNil(key) ? 'cannot index slice/array with nil' : `cannot index slice/array with type ${typeName(key)}`,
    );
  }
  if (at < 0n || at > BigInt(max)) throw new Error(`index out of range: ${at}`);
  return Number(at);
}

function slice(item: Value, indexes: readonly Value[]): Value {
  if (indexes.length > 3) throw new Error(`too many slice indexes: ${indexes.length}`);
  const text = textOf(item);
  if (text !== undefined && indexes.length === 3) throw new Error('cannot 3-index slice a string');
  const items = text === undefined ? sliceItems(item) : Buffer.from(text, 'utf8');
  if (items === undefined) throw new Error(`can't slice item of type ${typeName(item)}`);
  const from = indexes.length > 0 ? position(indexes[0], items.length) : 0;
  const to = indexes.length > 1 ? position(indexes[1], items.length) : items.length;
  if (from > to) throw new Error(`invalid slice index: ${from} > ${to}`);
  return text === undefined ? items.slice(from, to) : Buffer.from(text, 'utf8').subarray(from, to).toString('utf8');
}

/** `call` runs a function that is a value, for instance a method that data hands out. */
const call: TemplateFunction = {
  params: ['func'],
  rest: 'any',
  call(context: CallContext, [target, ...args]: readonly Value[]): Value {
    const callee = target as TemplateFunction;
    const wanted = callee.params.length;
    if (args.length < wanted || (args.length > wanted && callee.rest === undefined)) {
      throw new Error(`wrong number of args: got ${args.length} want ${wanted}`);
    }
    return callee.call(
      context,
      args.map((arg, i) => convert(arg, callee.params[i] ?? callee.rest ?? 'any')),
    );
  },
};

/**
 * The functions that every Go template has. `and` and `or` stand here for their names: the executor stops at the first
 * argument that decides.
 */
export const builtins: FunctionSet = {
  and: variadic(
    ['any'],
    'any',
    (first, rest) => [first, ...rest].find((value) => !isTruthy(value)) ?? rest.at(-1) ?? first,
  ),
  or: variadic(['any'], 'any', (first, rest) => [first, ...rest].find(isTruthy) ?? rest.at(-1) ?? first),
  not: fn(['any'], (value) => !isTruthy(value)),
  eq: variadic(['any'], 'any', (left, rights) => {
    if (rights.length === 0) throw new Error('missing argument for comparison');
    return rights.some((right) => isEqual(left, right));
  }),
  ne: fn(['any', 'any'], (left, right) => !isEqual(left, right)),
  lt: fn(['any', 'any'], isLess),
  le: fn(['any', 'any'], (left, right) => isLess(left, right) || isEqual(left, right)),
  gt: fn(['any', 'any'], (left, right) => isLess(right, left)),
  ge: fn(['any', 'any'], (left, right) => isLess(right, left) || isEqual(left, right)),
  len: fn(['any'], length),
  index: variadic(['any'], 'any', index),
  slice: variadic(['any'], 'any', slice),
  print: variadic([], 'any', sprint),
  println: variadic([], 'any', (args) => `${args.map(printValue).join(' ')}\n`),
  printf: variadic(['string'], 'any', sprintf),
  html: variadic([], 'any', (args) => htmlFunction(sprint(args))),
  js: variadic([], 'any', (args) => jsFunction(sprint(args))),
  urlquery: variadic([], 'any', (args) => escapeQuery(sprint(args))),
  call,
};
