import { compileAnchoredRegex, Labels, type Matcher, RegexError } from '@tillwatch/model';
import * as z from 'zod';
import { MatcherError } from '../matchers/matcher-error.ts';
import { parseMatcher, parseMatchers } from '../matchers/parse-matchers.ts';
import { kindOf } from '../yaml/issues.ts';
import { customIssue, scalarText, textField } from './field.ts';

/** Which names are allowed: any text that is not empty (Prometheus 3), or identifiers only (Prometheus 2). */
export type NameScheme = 'utf8' | 'legacy';

const LEGACY_LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const LEGACY_METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

export function isLabelName(name: string, scheme: NameScheme = 'utf8'): boolean {
  return scheme === 'legacy' ? LEGACY_LABEL_NAME.test(name) : name !== '' && isValidText(name);
}

export function isMetricName(name: string, scheme: NameScheme = 'utf8'): boolean {
  return scheme === 'legacy' ? LEGACY_METRIC_NAME.test(name) : name !== '' && isValidText(name);
}

/** Bytes that are no UTF-8 come out of YAML as lone surrogates. */
export function isValidText(text: string): boolean {
  return !/[\ud800-\udfff]/u.test(text);
}

/** Text in double quotes for messages, bytes that are no UTF-8 as `\xff`. */
export function quoteText(text: string): string {
  const shown = text.replace(/[\udc80-\udcff]/gu, (unit) => `\\x${(unit.charCodeAt(0) - 0xdc00).toString(16)}`);
  return `"${shown.replaceAll('\n', '\\n')}"`;
}

/** A label name. */
export function labelName(options: { readonly scheme?: NameScheme } = {}): z.ZodType<string, unknown> {
  return textField((name, fail) =>
    isLabelName(name, options.scheme)
      ? name
      : fail(`${quoteText(name)} is not a valid label name`, { code: 'label-name', hint: labelNameHint(name) }),
  );
}

function labelNameHint(name: string): string | undefined {
  if (name === '') return undefined;
  const identifier = name.trim().replace(/[^a-zA-Z0-9_]+/g, '_');
  const candidate = /^\d/.test(identifier) ? `_${identifier}` : identifier;
  return LEGACY_LABEL_NAME.test(candidate) && isValidText(name) ? `write ${candidate}` : undefined;
}

/** Labels as a map of name to value. */
export function labelsRecord(options: { readonly scheme?: NameScheme } = {}): z.ZodType<Labels, unknown> {
  return textRecord(options).transform((record) => Labels.of(record)) as unknown as z.ZodType<Labels, unknown>;
}

/** A map of label name to text, for instance to a template. A name without a value has the value ''. */
export function textRecord(options: { readonly scheme?: NameScheme } = {}): z.ZodType<Record<string, string>, unknown> {
  return z.unknown().transform((value, context): Record<string, string> => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      context.issues.push({ code: 'invalid_type', expected: 'record', input: value });
      return z.NEVER;
    }
    const record: Record<string, string> = {};
    for (const [name, entry] of Object.entries(value)) {
      if (!isLabelName(name, options.scheme)) {
        const message = `${quoteText(name)} is not a valid label name`;
        const params = { code: 'label-name', hint: labelNameHint(name), part: 'key' } as const;
        context.issues.push(customIssue(value, message, params, [name]));
      }
      const text = entry === undefined ? '' : scalarText(entry);
      if (text === undefined) {
        context.issues.push(
          customIssue(entry, `expected a text, got ${kindOf(entry)}`, { code: 'wrong-type' }, [name]),
        );
      } else if (!isValidText(text)) {
        context.issues.push(
          customIssue(entry, `${quoteText(text)} is not a valid label value`, { code: 'label-value' }, [name]),
        );
      } else {
        Object.defineProperty(record, name, { value: text, enumerable: true, configurable: true, writable: true });
      }
    }
    return record;
  }) as unknown as z.ZodType<Record<string, string>, unknown>;
}

/** Exactly one matcher: `severity=~"page|warn"`. */
export function matcher(): z.ZodType<Matcher, unknown> {
  return textField((text, fail) => readMatchers(text, (value) => parseMatcher(value), fail));
}

/** Any number of matchers in one text: `{a="b", c!="d"}`. */
export function matchers(): z.ZodType<Matcher[], unknown> {
  return textField((text, fail) => readMatchers(text, (value) => parseMatchers(value), fail));
}

function readMatchers<T>(
  text: string,
  parse: (text: string) => T,
  fail: Parameters<Parameters<typeof textField>[0]>[1],
): T | undefined {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof MatcherError)) throw error;
    // When both notations refuse for the same reason, saying it once is enough.
    const other =
      error.cause instanceof MatcherError && error.cause.message !== error.message ? error.cause : undefined;
    const hint = other?.message ?? (error.cause === undefined ? 'write for example severity="page"' : undefined);
    return fail(error.message, { code: 'matcher', hint, range: error });
  }
}

/** What is wrong with a regular expression, without the anchors that we put around it. */
export function regexMessage(error: RegexError): string {
  return error.message.replace('`^(?s:', '`').replace(/\)\$`$/, '`');
}

/** A regular expression in RE2 syntax, meant to be anchored at both ends. The value is its text. */
export function regex(): z.ZodType<string, unknown> {
  return textField((text, fail) => {
    try {
      compileAnchoredRegex(text);
      return text;
    } catch (error) {
      if (!(error instanceof RegexError)) throw error;
      return fail(regexMessage(error), { code: 'regex' });
    }
  });
}
