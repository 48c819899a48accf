import { formatProblems, isError, type Problem } from '@tillwatch/model';
import { must } from './subject.ts';

/**
 * Is each problem whole: a code, a sentence, and a place inside of a text that can be shown? True when none of them is an error.
 * @throws {Violation}
 */
export function areOnlyWarnings(problems: readonly Problem[]): boolean {
  for (const { code, message, at } of problems) {
    must(/^[a-z0-9-]+$/.test(code), `the code ${JSON.stringify(code)} has no page`);
    must(message !== '', `${code} says nothing`);
    const isInside = Number.isInteger(at.from) && Number.isInteger(at.to) && at.from >= 0 && at.to <= at.text.length;
    must(isInside && at.from <= at.to, `${code} at ${at.from}..${at.to} of a text of ${at.text.length}: ${message}`);
  }
  must(formatProblems(problems.slice(0, 20)).length < 2_000_000, 'problems are endless to read');
  return !problems.some(isError);
}

/**
 * Is everything in the value what it seems: no object got another one as its prototype by a name such as `__proto__`?
 * @throws {Violation}
 */
export function mustBePlain(value: unknown, depth = 0): void {
  if (typeof value !== 'object' || value === null || depth > 40) return;
  if (ArrayBuffer.isView(value)) return;
  const prototype: unknown = Object.getPrototypeOf(value);
  const isKnown = prototype === null || Object.hasOwn(prototype as object, 'constructor');
  must(isKnown, () => `an object inherits from ${JSON.stringify(prototype)?.slice(0, 200)}`);
  for (const inner of value instanceof Map ? [...value.keys(), ...value.values()] : Object.values(value)) {
    mustBePlain(inner, depth + 1);
  }
}

const INHERITED = [Object.prototype, Array.prototype, String.prototype, Function.prototype, Map.prototype].map(
  (prototype) => [prototype, Reflect.ownKeys(prototype).length] as const,
);

/** Has what all objects inherit stayed as it was when this was loaded? @throws {Violation} */
export function mustBeUnpolluted(): void {
  for (const [prototype, count] of INHERITED) {
    must(Reflect.ownKeys(prototype).length === count, `${prototype.constructor.name}.prototype was written to`);
  }
}

/** Calls a reader; `undefined` when it throws the error that it may throw. Others are passed on. */
export function unlessRefused<T>(
  read: () => T,
  ...kinds: readonly (abstract new (
    ...args: never[]
  ) => Error)[]
): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!kinds.some((kind) => error instanceof kind)) throw error;
    must((error as Error).message !== '', 'an error without a message');
    return undefined;
  }
}

/** Calls a reader; false when it throws the error that it may throw. */
export function isReadable(
  read: () => unknown,
  ...kinds: readonly (abstract new (
    ...args: never[]
  ) => Error)[]
): boolean {
  return (
    unlessRefused(
      () => {
        read();
        return true;
      },
      ...kinds,
    ) === true
  );
}
