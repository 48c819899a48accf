import * as z from 'zod';
import { type IssueParams, kindOf } from '../yaml/issues.ts';
import { PlainScalar } from '../yaml/plain-scalar.ts';

/** Says what is wrong with a value; the result of a reader that has said so is ignored. */
export type Fail = (message: string, params?: IssueParams) => undefined;

/**
 * A field that reads one value. Works with and without `keepSource`. `kind` is zod's word for what is expected when nothing
 * is given.
 */
export function field<T>(read: (value: unknown, fail: Fail) => T | undefined, kind: 'string' | 'number' = 'string') {
  return z.unknown().transform((value, context): T => {
    if (value === undefined || value === null) {
      context.issues.push({ code: 'invalid_type', expected: kind, input: undefined });
      return z.NEVER;
    }
    const fail: Fail = (message, params) => {
      context.issues.push(customIssue(value, message, params));
      return undefined;
    };
    return (read(value, fail) ?? z.NEVER) as T;
  }) as unknown as z.ZodType<T, unknown>;
}

/** A field of text: any scalar, as it is written. */
export function textField<T>(read: (text: string, fail: Fail) => T | undefined): z.ZodType<T, unknown> {
  return field((value, fail) => {
    const text = scalarText(value);
    return text === undefined
      ? fail(`expected a text, got ${kindOf(value)}`, { code: 'wrong-type' })
      : read(text, fail);
  });
}

/** The text of a scalar as it is written, `undefined` for lists and maps. */
export function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (value instanceof PlainScalar) return value.source;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return undefined;
}

/** The value of a scalar without what it was written as. */
export function scalarValue(value: unknown): unknown {
  return value instanceof PlainScalar ? value.value : value;
}

/** An issue of our own that lets the checks of the surrounding object go on, so that everything is found at once. */
export function customIssue(
  input: unknown,
  message: string,
  params: IssueParams = {},
  path: PropertyKey[] = [],
): z.core.$ZodRawIssue {
  return { code: 'custom', message, params, input, path, continue: true };
}

/**
 * A check of an object as a whole. It runs also when fields of the object are wrong or unknown, so it must expect each
 * field to be missing; a field that is wrong holds whatever was written.
 */
export function whole<T>(
  check: (
    value: T,
    fail: (path: PropertyKey | readonly PropertyKey[], message: string, params?: IssueParams) => void,
  ) => void,
) {
  return z.superRefine<T>(
    (value, context) => {
      check(value, (path, message, params) => {
        const steps = Array.isArray(path) ? [...path] : [path as PropertyKey];
        context.issues.push(customIssue(value, message, params, steps));
      });
    },
    // Runs although fields failed, unless there is no object at all.
    { when: ({ value }) => typeof value === 'object' && value !== null && !Array.isArray(value) },
  );
}
