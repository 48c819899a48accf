import { formatDuration, parseDuration } from '@tillwatch/model';
import type * as z from 'zod';
import { kindOf } from '../yaml/issues.ts';
import { durationHint } from './duration-hint.ts';
import { field, scalarText, scalarValue, textField } from './field.ts';
import { Secret } from './secret.ts';

/** A text. Numbers and booleans without quotes are taken as they are written, as Prometheus does. */
export function text(options: { readonly nonEmpty?: boolean } = {}): z.ZodType<string, unknown> {
  return textField((value, fail) => {
    if (options.nonEmpty === true && value.trim() === '') return fail('must not be empty');
    return value;
  });
}

/** One of a few words. */
export function choice<const T extends string>(...words: readonly T[]): z.ZodType<T, unknown> {
  return textField((value, fail) => {
    const found = words.find((word) => word === value);
    return found ?? fail(`"${value}" is not one of ${words.join(', ')}`, { hint: `write ${words.join(' or ')}` });
  });
}

const TRUE_WORDS = /^(?:y|yes|on|true)$/i;
const FALSE_WORDS = /^(?:n|no|off|false)$/i;

/** A boolean; the words of YAML 1.1 (`yes`, `off`, …) are taken too, as the real servers take them. */
export function flag(): z.ZodType<boolean, unknown> {
  return field((value, fail) => {
    const plain = scalarValue(value);
    if (typeof plain === 'boolean') return plain;
    if (typeof plain === 'string' && TRUE_WORDS.test(plain)) return true;
    if (typeof plain === 'string' && FALSE_WORDS.test(plain)) return false;
    return fail(`expected true or false, got ${kindOf(value)}`, { code: 'wrong-type' });
  });
}

/** Bounds of a number, both included. */
export interface NumberOptions {
  readonly min?: number;
  readonly max?: number;
}

/** A whole number, written without quotes. */
export function integer(options: NumberOptions = {}): z.ZodType<number, unknown> {
  return field((value, fail) => {
    const plain = scalarValue(value);
    if (typeof plain !== 'number' || !Number.isSafeInteger(plain)) {
      return fail(`expected a whole number, got ${kindOf(value)}`, { code: 'wrong-type' });
    }
    return withinBounds(plain, options, fail);
  }, 'number');
}

/** A finite number, written without quotes. */
export function number(options: NumberOptions = {}): z.ZodType<number, unknown> {
  return field((value, fail) => {
    const plain = scalarValue(value);
    if (typeof plain !== 'number' || !Number.isFinite(plain)) {
      return fail(`expected a number, got ${kindOf(value)}`, { code: 'wrong-type' });
    }
    return withinBounds(plain, options, fail);
  }, 'number');
}

function withinBounds(value: number, { min, max }: NumberOptions, fail: (message: string) => undefined) {
  if (min !== undefined && value < min) return fail(`must be at least ${min}, is ${value}`);
  if (max !== undefined && value > max) return fail(`must be at most ${max}, is ${value}`);
  return value;
}

/** Bounds of a duration in ms, both included. */
export interface DurationOptions {
  readonly minMs?: number;
  readonly maxMs?: number;
}

/** A Prometheus duration (`1h30m`), in ms. */
export function duration(options: DurationOptions = {}): z.ZodType<number, unknown> {
  return field((value, fail) => {
    const written = scalarText(value);
    if (written === undefined) return fail(`expected a duration, got ${kindOf(value)}`, { code: 'wrong-type' });
    const ms = parseDuration(written);
    if (ms === undefined) {
      return fail(`"${written}" is not a duration`, { code: 'duration', hint: durationHint(written) });
    }
    const { minMs, maxMs } = options;
    if (minMs !== undefined && ms < minMs) {
      return fail(`"${written}" is too short`, { code: 'duration', hint: `at least ${formatDuration(minMs)}` });
    }
    if (maxMs !== undefined && ms > maxMs) {
      return fail(`"${written}" is too long`, { code: 'duration', hint: `at most ${formatDuration(maxMs)}` });
    }
    return ms;
  });
}

/** A text that must not be seen again; see `Secret`. */
export function secret(): z.ZodType<Secret, unknown> {
  return field((value, fail) => {
    const written = scalarText(value);
    // The value itself is not repeated in the message.
    return written === undefined ? fail('expected a text', { code: 'wrong-type' }) : new Secret(written);
  });
}
