import { compareText } from '@tillwatch/model';
import type { TemplateFunction } from './function.ts';
import { formatFloat } from './go-number.ts';

/**
 * What templates compute with. Go tells integers from floats, JavaScript does not, so: a `bigint` is a Go integer, a `number`
 * a float64, an array a slice, a `Map` or plain object a map whose missing keys have no value, `null` is nil, `undefined`
 * is "no value". Everything with fields, methods or a print form of its own is a `HostObject`.
 */
export type Value = unknown;

interface HostParts {
  readonly fields?: Readonly<Record<string, Value>>;
  readonly methods?: Readonly<Record<string, TemplateFunction>>;
  /** Makes the object a slice. */
  readonly items?: readonly Value[];
  /** Makes the object a map from string to string: a missing key is ''. */
  readonly entries?: Readonly<Record<string, string>>;
  /** Makes the object a number of a named type, such as a duration. */
  readonly integer?: bigint;
  readonly text?: () => string;
  readonly json?: () => unknown;
}

/** An object of the program's that templates may look into: exactly what is listed here, nothing of its prototype. */
export class HostObject {
  /** The name of its type in error messages, in Go's spelling. */
  readonly typeName: string;
  readonly parts: HostParts;

  constructor(typeName: string, parts: HostParts) {
    this.typeName = typeName;
    this.parts = parts;
  }
}

/** Text that its author vouches for: it is not escaped in its own context. */
export class SafeText {
  readonly kind: 'html' | 'url';
  readonly text: string;

  constructor(kind: SafeText['kind'], text: string) {
    this.kind = kind;
    this.text = text;
  }
}

/** A mapping from string to string whose missing keys are '', such as the labels of an alert. */
export function stringMap(entries: Readonly<Record<string, string>>, typeName = 'map[string]string'): HostObject {
  return new HostObject(typeName, { entries });
}

export function isMap(value: Value): value is ReadonlyMap<string, Value> | Readonly<Record<string, Value>> {
  if (value instanceof Map) return true;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The entries of a map in key order, `undefined` for what is no map. */
export function mapEntries(value: Value): [key: string, value: Value][] | undefined {
  const entries =
    value instanceof HostObject
      ? value.parts.entries && Object.entries(value.parts.entries)
      : isMap(value)
        ? value instanceof Map
          ? [...value]
          : Object.entries(value)
        : undefined;
  return entries?.sort(([a], [b]) => compareText(a, b));
}

/** The elements of a slice, `undefined` for what is none. */
export function sliceItems(value: Value): readonly Value[] | undefined {
  if (Array.isArray(value)) return value;
  return value instanceof HostObject ? value.parts.items : undefined;
}

/** The value under a key of a map: '' or `undefined` when it is not there, as its type says. */
export function mapGet(value: Value, key: string): { readonly found: boolean; readonly value: Value } {
  if (value instanceof HostObject) {
    const entries = value.parts.entries ?? {};
    return Object.hasOwn(entries, key) ? { found: true, value: entries[key] } : { found: false, value: '' };
  }
  if (value instanceof Map) return { found: value.has(key), value: value.get(key) };
  const record = value as Readonly<Record<string, Value>>;
  return Object.hasOwn(record, key) ? { found: true, value: record[key] } : { found: false, value: undefined };
}

/** The name of a value's type in Go's words, for error messages. */
export function typeName(value: Value): string {
  if (value instanceof HostObject) return value.typeName;
  if (value instanceof SafeText) return value.kind === 'html' ? 'template.HTML' : 'template.URL';
  if (Array.isArray(value)) return value.every((item) => typeof item === 'string') ? '[]string' : '[]interface {}';
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'bigint':
      return 'int';
    case 'number':
      return 'float64';
    case 'boolean':
      return 'bool';
    default:
      return value === null || value === undefined ? 'interface {}' : 'map[string]interface {}';
  }
}

/** Go's notion of truth: not zero, not empty, not nil. */
export function isTruthy(value: Value): boolean {
  if (value === null || value === undefined) return false;
  if (value instanceof SafeText) return value.text !== '';
  if (value instanceof HostObject) {
    if (value.parts.integer !== undefined) return value.parts.integer !== 0n;
    const items = value.parts.items ?? (value.parts.entries && Object.keys(value.parts.entries));
    return items === undefined || items.length > 0;
  }
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Map) return value.size > 0;
  if (typeof value === 'object') return Object.keys(value).length > 0;
  if (typeof value === 'number') return value !== 0;
  return Boolean(value);
}

/** Writes a value as Go's `%v`. */
export function printValue(value: Value): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
      return formatFloat(value, 'g', -1);
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'undefined':
      return '<nil>';
    case 'function':
      return '<func>';
    default:
      return printObject(value);
  }
}

function printObject(value: unknown): string {
  if (value === null) return '<nil>';
  if (value instanceof SafeText) return value.text;
  if (value instanceof HostObject && value.parts.text !== undefined) return value.parts.text();
  if (value instanceof HostObject && value.parts.integer !== undefined) return String(value.parts.integer);
  const items = sliceItems(value);
  if (items !== undefined) return `[${items.map(printValue).join(' ')}]`;
  const entries = mapEntries(value);
  if (entries !== undefined) return `map[${entries.map(([key, inner]) => `${key}:${printValue(inner)}`).join(' ')}]`;
  const fields = value instanceof HostObject ? Object.values(value.parts.fields ?? {}) : [];
  return `{${fields.map(printValue).join(' ')}}`;
}

/** The text of a string, safe or not; `undefined` for everything else. */
export function textOf(value: Value): string | undefined {
  if (typeof value === 'string') return value;
  return value instanceof SafeText ? value.text : undefined;
}

/** The integer in a value of an integer type. */
export function integerOf(value: Value): bigint | undefined {
  if (typeof value === 'bigint') return value;
  return value instanceof HostObject ? value.parts.integer : undefined;
}
