import { formatFloat, parseFloatText } from './go-number.ts';
import { GoDuration, GoTime, secondsToNano } from './go-time.ts';
import { quoteGo } from './printf.ts';
import { integerOf, textOf, typeName, type Value } from './value.ts';

/** The number in what templates pass as one: numbers, text, durations (in seconds). @throws {Error} for anything else. */
export function toNumber(value: Value): number {
  if (typeof value === 'number') return value;
  if (value instanceof GoDuration) return Number(value.nano) / 1e9;
  const integer = integerOf(value);
  if (integer !== undefined) return Number(integer);
  const text = textOf(value);
  if (text === undefined) throw new Error(`can't convert ${typeName(value)} to float`);
  const number = parseFloatText(text);
  if (number === undefined) throw new Error(`strconv.ParseFloat: parsing ${quoteGo(text)}: invalid syntax`);
  return number;
}

const short = (value: number) => formatFloat(value, 'g', 4);

const BIG = ['k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'];
const SMALL = ['m', 'u', 'n', 'p', 'f', 'a', 'z', 'y'];

/** Four digits and a metric prefix: `1.235M`, `120m`. */
export function humanize(value: Value): string {
  const number = toNumber(value);
  if (number === 0 || !Number.isFinite(number)) return short(number);
  return Math.abs(number) >= 1 ? up(number, 1000, BIG) : down(number);
}

/** Four digits and a binary prefix: `1.177Mi`. */
export function humanize1024(value: Value): string {
  const number = toNumber(value);
  if (Math.abs(number) <= 1 || !Number.isFinite(number)) return short(number);
  return up(number, 1024, ['ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei', 'Zi', 'Yi']);
}

function up(number: number, base: number, prefixes: readonly string[]): string {
  let rest = number;
  let prefix = '';
  for (const next of prefixes) {
    if (Math.abs(rest) < base) break;
    prefix = next;
    rest /= base;
  }
  return short(rest) + prefix;
}

function down(number: number): string {
  let rest = number;
  let prefix = '';
  for (const next of SMALL) {
    if (Math.abs(rest) >= 1) break;
    prefix = next;
    rest *= 1000;
  }
  return short(rest) + prefix;
}

/** Seconds as days, hours, minutes and seconds: `1d 1h 0m 0s`, `1.234s`, `100ms`. */
export function humanizeDuration(value: Value): string {
  const seconds = toNumber(value);
  if (!Number.isFinite(seconds)) return short(seconds);
  if (seconds === 0) return `${short(0)}s`;
  if (Math.abs(seconds) < 1) return `${down(seconds)}s`;
  const sign = seconds < 0 ? '-' : '';
  const whole = Math.trunc(Math.abs(seconds));
  const [s, m, h, d] = [
    whole % 60,
    Math.floor(whole / 60) % 60,
    Math.floor(whole / 3600) % 24,
    Math.floor(whole / 86_400),
  ];
  if (d > 0) return `${sign}${d}d ${h}h ${m}m ${s}s`;
  if (h > 0) return `${sign}${h}h ${m}m ${s}s`;
  if (m > 0) return `${sign}${m}m ${s}s`;
  return `${sign}${short(Math.abs(seconds))}s`;
}

/** A ratio as a percentage: `12.35%`. */
export function humanizePercentage(value: Value): string {
  return `${short(toNumber(value) * 100)}%`;
}

/** Unix seconds as a time. */
export function humanizeTimestamp(value: Value): string {
  const seconds = toNumber(value);
  if (!Number.isFinite(seconds)) return short(seconds);
  return new GoTime(secondsToNano(seconds, 'timestamp')).parts.text?.() ?? '';
}
