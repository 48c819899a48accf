/** Units that names of metrics have, and the base unit that they should have instead. */
const BASES: Readonly<Record<string, string>> = {
  amperes: 'amperes',
  bytes: 'bytes',
  celsius: 'celsius',
  grams: 'grams',
  joules: 'joules',
  kelvin: 'kelvin',
  meters: 'meters',
  metres: 'metres',
  moles: 'moles',
  seconds: 'seconds',
  volts: 'volts',
  minutes: 'seconds',
  hours: 'seconds',
  days: 'seconds',
  weeks: 'seconds',
  kelvins: 'kelvin',
  fahrenheit: 'celsius',
  rankine: 'celsius',
  inches: 'meters',
  yards: 'meters',
  miles: 'meters',
  bits: 'bytes',
  calories: 'joules',
  pounds: 'grams',
  ounces: 'grams',
};

const PREFIX =
  /^(?:pico|nano|micro|milli|centi|deci|deca|hecto|kilo|kibi|mega|mibi|giga|gibi|tera|tebi|peta|pebi)?(?<unit>[a-z]+)$/;

/** The unit in the name of a metric, with its prefix, and the base unit for it; `undefined` when there is none. */
export function unitOf(metric: string): { unit: string; base: string } | undefined {
  for (const part of metric.split('_')) {
    for (const unit of [part, PREFIX.exec(part)?.groups?.unit]) {
      const base = unit !== undefined && Object.hasOwn(BASES, unit) ? BASES[unit] : undefined;
      if (base !== undefined) return { unit: part, base };
    }
  }
  return undefined;
}
