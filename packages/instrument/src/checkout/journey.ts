import { InstrumentError } from '../instrument-error.ts';
import type { CheckoutOptions } from './options.ts';

/** A provider with everything said. */
export interface JourneyProvider {
  readonly name: string;
  readonly steps: readonly string[];
  /** Empty when the shop does not tell methods. */
  readonly methods: readonly string[];
}

/** The checked description of a checkout. Absent dimensions hold the empty value, which is left out of the exposition. */
export interface Journey {
  readonly steps: readonly string[];
  readonly providers: readonly JourneyProvider[];
  readonly methods: readonly string[];
  readonly channels: readonly string[];
  readonly regions: readonly string[];
  readonly paymentStep: string | undefined;
  /** Where a success is counted: the end of the journey. */
  readonly lastStep: string;
  readonly reasons: Readonly<Record<string, readonly string[]>>;
}

const MAX_NAMES = 1000;

/** Checks the options of a checkout. Throws `InstrumentError` about the first thing that cannot be right. */
export function readJourney(options: CheckoutOptions): Journey {
  const steps = names('steps', options.steps);
  const lastStep = steps.at(-1);
  if (lastStep === undefined) throw new InstrumentError('steps is empty: name at least one step of the checkout');
  if (options.paymentStep !== undefined) known('paymentStep', options.paymentStep, steps);
  const paymentStep =
    options.paymentStep ?? steps.find((step) => step === 'payment') ?? steps.find((step) => /pay/i.test(step));
  const methods = names('methods', options.methods ?? []);
  const providers = options.providers.map((entry): JourneyProvider => {
    const given = typeof entry === 'string' ? { name: entry } : entry;
    for (const step of given.steps ?? []) known(`the provider "${given.name}"`, step, steps);
    return {
      name: given.name,
      steps: given.steps ?? (paymentStep === undefined ? [] : [paymentStep]),
      methods: given.methods ?? methods,
    };
  });
  names(
    'providers',
    providers.map(({ name }) => name),
  );
  for (const step of Object.keys(options.reasons ?? {})) known('reasons', step, steps);
  if (!/\S/.test(options.version)) throw new InstrumentError('version is empty: give the release of the shop');
  if (!/^[A-Za-z]{3}$/.test(options.currency)) {
    throw new InstrumentError(`currency "${options.currency}" is not a code of three letters such as EUR`);
  }
  return {
    steps,
    providers,
    methods,
    channels: orEmpty(names('channels', options.channels ?? [])),
    regions: orEmpty(names('regions', options.regions ?? [])),
    paymentStep,
    lastStep,
    reasons: options.reasons ?? {},
  };
}

/** A positive number of an option, or its default. */
export function positive(option: string, value: number | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (!Number.isFinite(value) || value <= 0) throw new InstrumentError(`${option} must be a positive number: ${value}`);
  return value;
}

function names(option: string, values: readonly string[]): readonly string[] {
  if (values.length > MAX_NAMES) throw new InstrumentError(`${option} has more than ${MAX_NAMES} entries`);
  const seen = new Set<string>();
  for (const value of values) {
    if (typeof value !== 'string' || value.trim() === '') throw new InstrumentError(`${option} has an empty name`);
    if (seen.has(value)) throw new InstrumentError(`${option} names "${value}" twice`);
    seen.add(value);
  }
  return values;
}

function known(where: string, step: string, steps: readonly string[]): void {
  if (!steps.includes(step)) {
    throw new InstrumentError(`${where} names the step "${step}", which is none of ${steps.join(', ')}`);
  }
}

function orEmpty(values: readonly string[]): readonly string[] {
  return values.length === 0 ? [''] : values;
}
