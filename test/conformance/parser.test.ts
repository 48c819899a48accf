import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { formatDuration, formatProblems, parseDuration } from '@tillwatch/model';
import { type Feature, format, parse, prettify, selectorsOf, typeOf } from '@tillwatch/promql';
import { describe, expect, test } from 'vitest';

/** What Prometheus's own parser tests say, read from its published test tables. */
const DATA = join(resolve(process.env.CONFORMANCE_DIR ?? '../shared/conformance'), 'prometheus');
const isThere = existsSync(DATA);

interface ParserCase {
  readonly id: string;
  readonly input: string | { readonly $b64: string };
  readonly requires?: readonly Feature[];
  readonly options?: readonly Feature[];
  readonly type: string;
  readonly printed: string;
  readonly error: string;
}

interface PrettyCase {
  readonly id: string;
  readonly input: string;
  readonly width: number;
  readonly pretty: string;
}

interface SelectorsCase {
  readonly id: string;
  readonly input: string;
  readonly selectors: readonly string[];
}

interface UnquoteCase {
  readonly id: string;
  readonly input: string | { readonly $b64: string };
  readonly ok: boolean;
  readonly output?: string | { readonly $b64: string };
}

interface DurationCase {
  readonly id: string;
  readonly input: string;
  readonly ok: boolean;
  readonly allow_negative: boolean;
  readonly ms: number;
  readonly formatted: string;
}

function cases<T>(topic: string): T[] {
  if (!isThere) return [];
  return (JSON.parse(readFileSync(join(DATA, `${topic}.json`), 'utf8')) as { cases: T[] }).cases;
}

/** Inputs that are not UTF-8 cannot be texts here: they are refused when they are decoded, before any parser. */
function readable(all: readonly ParserCase[]): (ParserCase & { readonly input: string })[] {
  return all.filter((one): one is ParserCase & { input: string } => typeof one.input === 'string');
}

/** Prometheus reads a chain of eleven thousand operators and finds fault with its operands; we refuse it for its depth. */
const DIFFERENT_WORDS = new Map([['prometheus/parser-invalid/0121', 'nested more than 500 levels deep']]);

const BINOP_FEATURES: readonly Feature[] = ['binop-fill-modifiers'];

describe.skipIf(!isThere)(`parser tables of Prometheus (${DATA})`, () => {
  const valid = [...readable(cases<ParserCase>('parser-valid')), ...readable(cases<ParserCase>('parser-evalexprs'))];

  test.for(valid.map((one) => [one.id, one] as const))('%s is read, typed and printed', ([, one]) => {
    const result = parse(one.input, { features: one.requires ?? [] });
    if (!result.ok) expect.fail(formatProblems(result.problems));
    expect(typeOf(result.expr)).toBe(one.type);
    expect(format(result.expr)).toBe(one.printed);
    const again = parse(one.printed, { features: [...(one.requires ?? []), ...extraFeatures(one.printed)] });
    if (!again.ok) expect.fail(formatProblems(again.problems));
    expect(format(again.expr)).toBe(one.printed);
  });

  const invalid = readable(cases<ParserCase>('parser-invalid'));
  test.for(invalid.map((one) => [one.id, one] as const))('%s is refused in the same words', ([, one]) => {
    const result = parse(one.input, { features: [...(one.options ?? []), ...BINOP_FEATURES] });
    expect(result.ok, one.input).toBe(false);
    if (result.ok) return;
    const messages = result.problems.map((problem) => problem.message).join('\n');
    expect(messages).toContain(DIFFERENT_WORDS.get(one.id) ?? one.error);
  });

  test.for(cases<PrettyCase>('parser-pretty').map((one) => [one.id, one] as const))(
    '%s is written over lines',
    ([, one]) => {
      const features: Feature[] = [
        ...BINOP_FEATURES,
        'experimental-functions',
        'duration-expr',
        'extended-range-selectors',
      ];
      const result = parse(one.input, { features });
      if (!result.ok) expect.fail(formatProblems(result.problems));
      expect(prettify(result.expr, one.width)).toBe(one.pretty);
    },
  );

  test.for(cases<SelectorsCase>('parser-selectors').map((one) => [one.id, one] as const))(
    '%s has these selectors',
    ([, one]) => {
      const result = parse(one.input);
      if (!result.ok) expect.fail(formatProblems(result.problems));
      const written = selectorsOf(result.expr).map(({ matchers }) => `{${matchers.join(', ')}}`);
      expect(written).toEqual(one.selectors);
    },
  );

  test.for(cases<UnquoteCase>('string-unquote').map((one) => [one.id, one] as const))(
    '%s is read as a string, or refused',
    ([, one]) => {
      if (typeof one.input !== 'string') return expect(one.input.$b64).toMatch(/./);
      const result = parse(one.input);
      const value = result.ok && result.expr.kind === 'string' ? result.expr.value : undefined;
      if (!one.ok) return expect(value).toBeUndefined();
      // Bytes that are not UTF-8 stand in a text as lone surrogates.
      const expected = typeof one.output === 'string' ? one.output : bytesAsText(one.output?.$b64 ?? '');
      expect(value).toBe(expected);
    },
  );

  test.for(cases<DurationCase>('durations').map((one) => [one.id, one] as const))('%s', ([, one]) => {
    const isNegative = one.allow_negative && one.input.startsWith('-');
    const ms = parseDuration(isNegative ? one.input.slice(1) : one.input);
    if (!one.ok) {
      expect(ms).toBeUndefined();
      return;
    }
    const signed = isNegative && ms !== undefined ? -ms : ms;
    expect(signed).toBe(one.ms);
    expect(formatDuration(one.ms)).toBe(one.formatted);
  });
});

/** A sign that printing drops (`offset +(5)`) can leave a form that needs the feature by itself. */
function extraFeatures(printed: string): Feature[] {
  return printed.includes('offset (') ? ['duration-expr'] : [];
}

/** Bytes as a text holds them: UTF-8 where they are, lone surrogates U+DC80 to U+DCFF for the others. */
function bytesAsText(base64: string): string {
  const bytes = Buffer.from(base64, 'base64');
  let text = '';
  for (let i = 0; i < bytes.length; ) {
    const length = [1, 2, 3, 4].find(
      (n) =>
        !bytes
          .subarray(i, i + n)
          .toString('utf8')
          .includes('\ufffd'),
    );
    text +=
      length === undefined
        ? String.fromCharCode(0xdc00 + (bytes[i] as number))
        : bytes.subarray(i, i + length).toString('utf8');
    i += length ?? 1;
  }
  return text;
}
