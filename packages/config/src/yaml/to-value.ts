import type { Problem, SourceText } from '@tillwatch/model';
import { spanOf } from '@tillwatch/model';
import {
  type Document,
  isAlias,
  isPair,
  isScalar,
  isSeq,
  type Pair,
  Scalar,
  type YAMLMap,
  type YAMLSeq,
  type Node as YamlNode,
} from 'yaml';
import type { YamlLimits } from './parse-document.ts';
import { PlainScalar } from './plain-scalar.ts';

/** Where a value stands in the text, and where its parts stand. Several places share one node when an alias is used. */
export interface Place {
  readonly node: YamlNode | undefined;
  readonly key: YamlNode | undefined;
  readonly children: Map<string, Place>;
}

interface Conversion {
  readonly source: SourceText;
  readonly limits: YamlLimits;
  readonly keepSource: boolean;
  readonly problems: Problem[];
  readonly anchors: Map<string, YamlNode>;
  readonly open: Set<YamlNode>;
  values: number;
}

interface Converted {
  readonly value: unknown;
  readonly place: Place;
}

/** Thrown to leave the recursion when the document is larger than allowed; the problem is already noted. */
class TooLarge extends Error {}

/**
 * Turns a document into plain values and, beside them, the places they came from. A key without a value (`rules:`) is
 * there with the value `undefined`, which an optional field takes as "not given". Duplicate keys, unknown aliases and
 * aliases that contain themselves are problems; aliases cannot multiply beyond `maxValues`.
 */
export function toValue(
  source: SourceText,
  document: Document.Parsed,
  limits: YamlLimits,
  keepSource: boolean,
): Converted & { problems: Problem[] } {
  const conversion: Conversion = {
    source,
    limits,
    keepSource,
    problems: [],
    anchors: new Map(),
    open: new Set(),
    values: 0,
  };
  try {
    const contents = document.contents as YamlNode | null;
    return { ...convert(conversion, contents, undefined), problems: conversion.problems };
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
    return { value: undefined, place: emptyPlace(), problems: conversion.problems };
  }
}

export function emptyPlace(): Place {
  return { node: undefined, key: undefined, children: new Map() };
}

function convert(conversion: Conversion, node: YamlNode | null, key: YamlNode | undefined): Converted {
  conversion.values++;
  if (conversion.values > conversion.limits.maxValues) {
    const message = `the document has more than ${conversion.limits.maxValues} values (aliases are counted as often as used)`;
    note(conversion, node ?? key, 'yaml-limit', message);
    throw new TooLarge();
  }
  if (node === null) return { value: undefined, place: { node: undefined, key, children: new Map() } };
  if (isAlias(node)) return convertAlias(conversion, node, node.source, key);

  const anchor = 'anchor' in node ? node.anchor : undefined;
  if (anchor !== undefined) conversion.anchors.set(anchor, node);
  if (isScalar(node)) {
    return { value: scalarValue(conversion, node), place: { node, key, children: new Map() } };
  }
  conversion.open.add(node);
  const converted = isSeq(node) ? convertSeq(conversion, node, key) : convertMap(conversion, node as YAMLMap, key);
  conversion.open.delete(node);
  return converted;
}

function convertAlias(conversion: Conversion, node: YamlNode, name: string, key: YamlNode | undefined): Converted {
  const target = conversion.anchors.get(name);
  const place = { node, key, children: new Map<string, Place>() };
  if (target === undefined) {
    note(conversion, node, 'yaml-alias', `there is no anchor &${name} before this alias`);
    return { value: undefined, place };
  }
  if (conversion.open.has(target)) {
    note(conversion, node, 'yaml-alias', `the alias *${name} stands inside the value it refers to`);
    return { value: undefined, place };
  }
  return convert(conversion, target, key);
}

function convertSeq(conversion: Conversion, node: YAMLSeq, key: YamlNode | undefined): Converted {
  const value: unknown[] = [];
  const children = new Map<string, Place>();
  for (const item of node.items) {
    const converted = convert(conversion, asNode(conversion, item), undefined);
    children.set(String(value.length), converted.place);
    // In a list "nothing" is an item of its own: `- ` is a mistake that must not vanish.
    value.push(converted.value ?? null);
  }
  return { value, place: { node, key, children } };
}

/** A list may hold `key: value` pairs directly (`[a: 1]`): that is a map of one key. */
function asNode(conversion: Conversion, item: unknown): YamlNode | null {
  if (!isPair(item)) return item as YamlNode | null;
  note(conversion, item.key as YamlNode, 'yaml-syntax', 'a "key: value" pair in a list needs braces around it');
  return null;
}

function convertMap(conversion: Conversion, node: YAMLMap, key: YamlNode | undefined): Converted {
  const value: Record<string, unknown> = {};
  const children = new Map<string, Place>();
  const merged: Converted[] = [];
  for (const pair of node.items as Pair<YamlNode, YamlNode | null>[]) {
    if (isMergeKey(pair.key)) {
      merged.push(...mergeSources(conversion, pair));
      continue;
    }
    const name = keyName(conversion, pair.key);
    if (name === undefined) continue;
    if (children.has(name)) {
      note(conversion, pair.key, 'yaml-duplicate-key', `field ${name} already set`, 'remove one of the two');
      continue;
    }
    const converted = convert(conversion, pair.value, pair.key);
    children.set(name, converted.place);
    setOwn(value, name, converted.value);
  }
  // What the map says itself wins over what is merged in, and earlier merges win over later ones.
  for (const { value: other, place } of merged) {
    if (typeof other !== 'object' || other === null || Array.isArray(other)) continue;
    for (const [name, inherited] of Object.entries(other)) {
      if (children.has(name)) continue;
      children.set(name, place.children.get(name) ?? emptyPlace());
      setOwn(value, name, inherited);
    }
  }
  return { value, place: { node, key, children } };
}

function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.type === Scalar.PLAIN && (key.source === '<<' || typeof key.value === 'symbol');
}

function mergeSources(conversion: Conversion, pair: Pair<YamlNode, YamlNode | null>): Converted[] {
  const converted = convert(conversion, pair.value, pair.key);
  if (!Array.isArray(converted.value)) return [converted];
  return converted.value.map((value, i) => ({ value, place: converted.place.children.get(String(i)) ?? emptyPlace() }));
}

function keyName(conversion: Conversion, key: YamlNode | null): string | undefined {
  if (isScalar(key)) {
    if (key.value instanceof Uint8Array) return bytesAsText(key.value);
    return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value ?? ''));
  }
  if (key !== null && isAlias(key)) {
    const target = conversion.anchors.get(key.source);
    if (isScalar(target)) return keyName(conversion, target);
  }
  note(conversion, key ?? undefined, 'yaml-syntax', 'the name of a field must be a text');
  return undefined;
}

/** Assignment would treat `__proto__` as more than a name. */
function setOwn(target: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}

function scalarValue(conversion: Conversion, node: Scalar): unknown {
  const { value } = node;
  if (value === null) return undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') {
    const isPlain = node.type === Scalar.PLAIN && node.tag === undefined;
    return conversion.keepSource && isPlain ? new PlainScalar(node.source ?? String(value), value) : value;
  }
  if (value instanceof Uint8Array) return bytesAsText(value);
  note(conversion, node, 'yaml-syntax', 'values of this kind are not read here');
  return undefined;
}

/** `!!binary` text. Bytes that are no UTF-8 become lone surrogates, so that who wants valid text can tell and show them. */
function bytesAsText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Array.from(bytes, (byte) => String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte)).join('');
  }
}

function note(
  conversion: Conversion,
  node: YamlNode | undefined | null,
  code: string,
  message: string,
  hint?: string,
): void {
  const [from, to] = node?.range ?? [0, 0];
  conversion.problems.push({ code, severity: 'error', message, hint, at: spanOf(conversion.source, from, to) });
}
