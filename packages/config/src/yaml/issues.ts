import { closest, type Problem } from '@tillwatch/model';
import type * as z from 'zod';
import { isSecretName } from './mask-secrets.ts';
import { PlainScalar } from './plain-scalar.ts';
import type { YamlPath, YamlReading } from './read-yaml.ts';

type Issue = z.core.$ZodIssue;

/** What a field's own check may say about its finding, in `params` of a custom zod issue. */
export interface IssueParams {
  readonly code?: string;
  readonly hint?: string | undefined;
  /** Mark the key instead of the value. */
  readonly part?: 'value' | 'key';
  /** Mark only this stretch of a text value. */
  readonly range?: { readonly from: number; readonly to: number };
}

interface Context {
  readonly raw: unknown;
  readonly spanAt: YamlReading<unknown>['spanAt'];
  /** Known fields by the `keys` array of an `unrecognized_keys` issue. */
  readonly candidates: WeakMap<object, readonly string[]>;
}

/** Turns what zod found into problems that a person can act on. */
export function describeIssues(context: Context & { readonly issues: readonly Issue[] }): Problem[] {
  return context.issues.flatMap((issue) => describe(context, issue, []));
}

function describe(context: Context, issue: Issue, prefix: YamlPath): Problem[] {
  const path = [...prefix, ...issue.path];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownField(context, [...path, key], key, context.candidates.get(issue.keys)));
    case 'invalid_union':
      return describeUnion(context, issue, path);
    case 'invalid_key':
      return issue.issues.flatMap((inner) => describe(context, asKeyIssue(inner), path));
    case 'invalid_element':
      return issue.issues.flatMap((inner) => describe(context, inner, path));
    case 'invalid_type':
      return [wrongType(context, path, [TYPE_WORDS[issue.expected] ?? `a ${issue.expected}`])];
    case 'invalid_value':
      return [wrongChoice(context, path, issue.values.map(String))];
    case 'custom': {
      const params = (issue.params ?? {}) as IssueParams;
      return [problem(context, path, params.code ?? 'wrong-value', issue.message, params)];
    }
    default:
      return [problem(context, path, 'wrong-value', sizeMessage(issue) ?? lowerFirst(issue.message))];
  }
}

/** The place of a bad name is the name itself. */
function asKeyIssue(issue: Issue): Issue {
  if (issue.code === 'custom') return { ...issue, params: { ...issue.params, part: 'key' } };
  return { code: 'custom', path: issue.path, message: lowerFirst(issue.message), params: { part: 'key' }, input: '' };
}

/**
 * A union fails with one list of issues per alternative. When none fits even roughly, say what would; otherwise speak about
 * the alternative that the value comes closest to, as if it were the only one.
 */
function describeUnion(context: Context, issue: Extract<Issue, { code: 'invalid_union' }>, path: YamlPath): Problem[] {
  if (issue.errors.length === 0) {
    const options = 'options' in issue ? (issue.options as readonly unknown[]) : [];
    return [wrongChoice(context, path, options.map(String))];
  }
  const fitting = issue.errors.filter((errors) => !errors.some((inner) => isRootTypeMismatch(inner)));
  if (fitting.length === 0) return [wrongType(context, path, expectedOf(issue.errors))];
  const score = (errors: readonly Issue[]): number =>
    errors.reduce((sum, { code }) => sum + (code === 'custom' ? 1 : code === 'unrecognized_keys' ? 3 : 2), 0);
  const nearest = fitting.reduce((best, errors) => (score(errors) < score(best) ? errors : best));
  return nearest.flatMap((inner) => describe(context, inner, path));
}

function isRootTypeMismatch(issue: Issue): boolean {
  return issue.code === 'invalid_type' && issue.path.length === 0;
}

function expectedOf(errors: readonly (readonly Issue[])[]): string[] {
  const words = errors.flatMap((list) =>
    list.flatMap((issue) => (issue.code === 'invalid_type' ? [issue.expected] : [])),
  );
  return [...new Set(words.map((word) => TYPE_WORDS[word] ?? `a ${word}`))];
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a map',
  record: 'a map',
};

function unknownField(context: Context, path: YamlPath, name: string, fields: readonly string[] = []): Problem {
  const near = closest(name, fields);
  const hint = near !== undefined ? `did you mean ${near}?` : fieldList(fields);
  return problem(context, path, 'unknown-field', `field ${name} not found`, { hint, part: 'key' });
}

function fieldList(fields: readonly string[]): string | undefined {
  if (fields.length === 0 || fields.length > 12) return undefined;
  return `fields here: ${fields.join(', ')}`;
}

function wrongType(context: Context, path: YamlPath, expected: readonly string[]): Problem {
  const value = valueAt(context.raw, path);
  if (value === undefined) return missing(context, path);
  const got = isSecretPath(path) ? 'something else' : kindOf(value);
  return problem(context, path, 'wrong-type', `expected ${expected.join(' or ')}, got ${got}`);
}

function isSecretPath(path: YamlPath): boolean {
  return path.some((step) => typeof step === 'string' && isSecretName(step));
}

function wrongChoice(context: Context, path: YamlPath, choices: readonly string[]): Problem {
  const value = valueAt(context.raw, path);
  if (value === undefined) return missing(context, path);
  if (typeof value === 'object' && !(value instanceof PlainScalar)) return wrongType(context, path, ['a text']);
  if (isSecretPath(path)) return wrongType(context, path, choices);
  const word = value instanceof PlainScalar ? value.source : String(value);
  const near = closest(word, choices);
  return problem(context, path, 'wrong-value', `"${word}" is not one of ${choices.join(', ')}`, {
    hint: near === undefined ? undefined : `did you mean ${near}?`,
  });
}

/** The problem of a field that must be given and is not, or that has a key without a value. */
function missing(context: Context, path: YamlPath): Problem {
  const name = String(path.at(-1) ?? 'document');
  const parent = valueAt(context.raw, path.slice(0, -1));
  const hasKey = typeof parent === 'object' && parent !== null && Object.hasOwn(parent, name);
  if (hasKey) return problem(context, path, 'missing-field', `field ${name} has no value`, { part: 'key' });
  return problem(context, path.slice(0, -1), 'missing-field', `field ${name} is missing`, { part: 'key' });
}

function problem(context: Context, path: YamlPath, code: string, message: string, params: IssueParams = {}): Problem {
  const at = context.spanAt(path, params.part, params.range);
  return {
    code,
    severity: 'error',
    message: oneLine(message),
    ...(params.hint === undefined ? {} : { hint: params.hint }),
    at,
  };
}

/** Reports are read line by line. */
function oneLine(message: string): string {
  return message.trim().replace(/\s*\n\s*/g, '; ');
}

/** The raw value at a path, `undefined` when there is none. */
export function valueAt(raw: unknown, path: YamlPath): unknown {
  let value = raw;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[step];
  }
  return value;
}

/** Says what a value is, in the words of a person who wrote it. */
export function kindOf(value: unknown): string {
  if (value instanceof PlainScalar) return kindOf(value.value);
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return `the text "${value.length > 40 ? `${value.slice(0, 40)}…` : value}"`;
  if (typeof value === 'object') return 'a map';
  return `${value}`;
}

function sizeMessage(issue: Issue): string | undefined {
  if (issue.code !== 'too_small' && issue.code !== 'too_big') return undefined;
  const isSmall = issue.code === 'too_small';
  const bound = isSmall ? issue.minimum : issue.maximum;
  const isInclusive = issue.inclusive ?? true;
  if (issue.origin === 'string' || issue.origin === 'array') {
    if (isSmall && bound === 1) return 'must not be empty';
    const unit = issue.origin === 'string' ? 'characters' : 'items';
    return `must have at ${isSmall ? 'least' : 'most'} ${bound} ${unit}`;
  }
  if (isSmall) return isInclusive ? `must be at least ${bound}` : `must be greater than ${bound}`;
  return isInclusive ? `must be at most ${bound}` : `must be less than ${bound}`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
