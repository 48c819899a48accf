import { isError, type Problem, type SourceText, type Span, spanOf } from '@tillwatch/model';
import { isScalar } from 'yaml';
import type * as z from 'zod';
import { describeIssues, valueAt } from './issues.ts';
import { maskSecretLines, maskSecrets } from './mask-secrets.ts';
import { DEFAULT_LIMITS, parseDocument, type YamlLimits } from './parse-document.ts';
import { spanInScalar } from './scalar-offsets.ts';
import { emptyPlace, type Place, toValue } from './to-value.ts';

/** The way to a value: names of fields and indices of lists, from the top of the document. */
export type YamlPath = readonly PropertyKey[];

/** How a document is read. */
export interface ReadYamlOptions {
  /**
   * Hand unquoted numbers and booleans to the schema with the text they were written as, as the fields of this room
   * (`text()`, `integer()`, `flag()`, …) want it to treat them as Prometheus does. Off: plain numbers and booleans.
   */
  readonly keepSource?: boolean;
  /** With `warning`, fields that the schema does not know are left out and warned about; an error when not given. */
  readonly unknownFields?: 'error' | 'warning';
  readonly limits?: Partial<YamlLimits>;
}

/** What was read. `value` is `undefined` exactly when there is a problem of severity error. */
export interface YamlReading<T> {
  readonly value: T | undefined;
  readonly problems: Problem[];
  /** The document as it stands there, unchecked; `undefined` when it cannot be read. For checks that span sections. */
  readonly raw: unknown;
  /**
   * Where a value stands, or with `part` its key. A path that does not exist gives the nearest value around it. With `range`
   * the stretch of a text value from one offset to another, in whatever style the text is written.
   */
  spanAt(path: YamlPath, part?: 'value' | 'key', range?: { readonly from: number; readonly to: number }): Span;
}

/**
 * Reads YAML strictly: syntax, duplicate keys, and the shape that `schema` asks for, every problem with its exact place.
 * Unknown fields (of `z.strictObject`) get "did you mean". An empty document is read as an empty map, a key without a value
 * as a field that is not given. Texts that are too large, nested too deeply or blown up by aliases are refused. Values of
 * fields whose names speak of secrets are blanked out in the text that problems carry.
 */
export function readYaml<T>(source: SourceText, schema: z.ZodType<T>, options: ReadYamlOptions = {}): YamlReading<T> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const { document, problems } = parseDocument(source, limits);
  if (problems.some(isError)) {
    const shown = maskSecretLines(source);
    const spanAt: YamlReading<T>['spanAt'] = (path) => spanIn(shown, emptyPlace(), path);
    return { value: undefined, problems: showing(problems, shown), raw: undefined, spanAt };
  }
  const converted =
    document === undefined
      ? { value: undefined, place: emptyPlace(), problems: [] }
      : toValue(source, document, limits, options.keepSource ?? false);
  const shown = maskSecrets(source, converted.place);
  const spanAt: YamlReading<T>['spanAt'] = (path, part, range) => {
    const span = spanIn(source, converted.place, path, part, range);
    return { ...span, text: shown.text };
  };
  const raw = converted.value ?? {};
  const found = showing([...problems, ...converted.problems], shown);
  // A document that broke a limit was not read to its end: what its schema says would mislead.
  if (found.some(({ code }) => code === 'yaml-limit'))
    return { value: undefined, problems: found, raw: undefined, spanAt };

  const candidates = new WeakMap<object, readonly string[]>();
  const check = () => schema.safeParse(raw, { error: (issue) => rememberFields(candidates, issue) });
  let result = check();
  if (!result.success && options.unknownFields === 'warning') {
    const unknown = result.error.issues.filter((issue) => issue.code === 'unrecognized_keys');
    const warnings = describeIssues({ issues: unknown, raw, spanAt, candidates });
    found.push(...warnings.map((problem): Problem => ({ ...problem, severity: 'warning' })));
    for (const { path, keys } of unknown) leaveOut(valueAt(raw, path), keys);
    if (unknown.length > 0) result = check();
  }
  if (!result.success) found.push(...describeIssues({ issues: result.error.issues, raw, spanAt, candidates }));
  found.sort((a, b) => a.at.from - b.at.from);
  const value = !found.some(isError) && result.success ? result.data : undefined;
  return { value, problems: found, raw, spanAt };
}

function leaveOut(map: unknown, keys: readonly string[]): void {
  if (typeof map !== 'object' || map === null) return;
  for (const key of keys) delete (map as Record<string, unknown>)[key];
}

/** Problems over the text in which secrets are blanked out. */
function showing(problems: readonly Problem[], shown: SourceText): Problem[] {
  return problems.map((problem) => ({ ...problem, at: { ...problem.at, text: shown.text } }));
}

/** The fields that an object has are known only while zod is at work; kept for "did you mean". */
function rememberFields(candidates: WeakMap<object, readonly string[]>, issue: z.core.$ZodRawIssue): undefined {
  if (issue.code !== 'unrecognized_keys') return undefined;
  const shape = (issue.inst as z.ZodObject | undefined)?._zod.def.shape;
  if (shape !== undefined) candidates.set(issue.keys as object, Object.keys(shape));
  return undefined;
}

function spanIn(
  source: SourceText,
  root: Place,
  path: YamlPath,
  part: 'value' | 'key' = 'value',
  range?: { readonly from: number; readonly to: number },
): Span {
  let place = root;
  let reached = 0;
  for (const step of path) {
    const child = place.children.get(String(step));
    if (child === undefined) break;
    place = child;
    reached++;
  }
  const isWhole = reached === path.length;
  if (isWhole && part === 'value' && range !== undefined && isScalar(place.node)) {
    const { from, to } = spanInScalar(source.text, place.node, range.from, range.to);
    return spanOf(source, from, to);
  }
  if (isWhole && part === 'value' && place.node?.range) return nodeSpan(source, place.node.range);
  return headSpan(source, place);
}

/** The key of a value, or the first key of a list item or of the document: a line that a reader recognises it by. */
function headSpan(source: SourceText, place: Place): Span {
  if (place.key?.range) return nodeSpan(source, place.key.range);
  for (const child of place.children.values()) {
    if (child.key?.range) return nodeSpan(source, child.key.range);
  }
  return place.node?.range ? nodeSpan(source, place.node.range) : spanOf(source, 0, 0);
}

function nodeSpan(source: SourceText, range: readonly [number, number, number]): Span {
  const [from, to] = range;
  // A block scalar or a nested block ends with its line end, which is no part of what is marked.
  const end = from + source.text.slice(from, to).trimEnd().length;
  return spanOf(source, from, Math.max(end, from));
}
