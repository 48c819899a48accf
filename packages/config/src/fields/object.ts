import * as z from 'zod';
import { customIssue } from './field.ts';

/** A field of a YAML map: its name there, what it holds, and what it is when it is not given. */
export interface FieldSpec<T> {
  readonly wire: string;
  readonly schema: z.ZodType<unknown, unknown>;
  readonly fallback: () => T;
}

/** A field that must be given. */
export function required<T>(wire: string, schema: z.ZodType<T, unknown>): FieldSpec<T> & { readonly isRequired: true } {
  return { wire, schema, fallback: () => undefined as T, isRequired: true };
}

/** A field that is `undefined` when it is not given. */
export function optional<T>(wire: string, schema: z.ZodType<T, unknown>): FieldSpec<T | undefined> {
  return { wire, schema, fallback: () => undefined };
}

/** A field with a value for when it is not given. */
export function defaulted<T>(wire: string, schema: z.ZodType<T, unknown>, fallback: T): FieldSpec<T> {
  return { wire, schema, fallback: () => fallback };
}

type Specs = Readonly<Record<string, FieldSpec<unknown>>>;
type Output<S extends Specs> = { [K in keyof S]: S[K] extends FieldSpec<infer T> ? T : never };

/**
 * A YAML map with exactly these fields, under our names. `checks` see the map under its wire names, with good fields read
 * and wrong ones as written; see `whole`.
 */
export function object<S extends Specs>(
  specs: S,
  ...checks: z.core.$ZodCheck<Record<string, unknown>>[]
): z.ZodType<Output<S>, unknown> {
  const shape: Record<string, z.ZodType> = {};
  for (const spec of Object.values(specs)) {
    shape[spec.wire] = 'isRequired' in spec ? spec.schema : spec.schema.optional();
  }
  const strict = z.strictObject(shape) as unknown as z.ZodType<Record<string, unknown>, unknown>;
  const checked = checks.length === 0 ? strict : strict.check(...checks);
  return checked.transform((wire) => {
    const value: Record<string, unknown> = {};
    for (const [name, spec] of Object.entries(specs)) value[name] = wire[spec.wire] ?? spec.fallback();
    return value;
  }) as unknown as z.ZodType<Output<S>, unknown>;
}

/** A list. An item that is nothing (`- ` alone) is refused with `ofNothing`. */
export function list<T>(item: z.ZodType<T, unknown>, ofNothing = 'empty or null list item'): z.ZodType<T[], unknown> {
  const guarded = z.unknown().transform((value, context): unknown => {
    if (value !== null && value !== undefined) return value;
    context.issues.push(customIssue(value, ofNothing, { code: 'missing-field' }));
    return z.NEVER;
  });
  return z.array(guarded.pipe(item as z.ZodType<T, unknown>)) as unknown as z.ZodType<T[], unknown>;
}

/** Anything, kept as it is written: a section that is passed on but not used here. */
export function anything(): z.ZodType<unknown, unknown> {
  return z.unknown();
}

/** A map of anything. */
export function anyMap(): z.ZodType<Record<string, unknown>, unknown> {
  return z.record(z.string(), z.unknown()) as unknown as z.ZodType<Record<string, unknown>, unknown>;
}
