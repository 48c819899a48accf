/** Times by Go's layouts: the reference time Mon Jan 2 15:04:05 MST 2006, written as it should look. */

/** A point in time and the zone (`UTC` or an IANA name) to show it in. */
export interface Moment {
  readonly unixNano: bigint;
  readonly zone: string;
}

const MONTHS = 'January February March April May June July August September October November December'.split(' ');
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

const TOKEN =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|2006|Z07:00:00|Z070000|Z07:00|Z0700|Z07|-07:00:00|-070000|-07:00|-0700|-07|__2|002|_2(?!006)|01|02|03|04|05|06|15|PM|pm|[.,](?:0+|9+)(?!\d)|1|2|3|4|5/g;

/** Divides towards minus infinity. */
export function floorDiv(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}

interface Civil {
  /** The local clock as if it were UTC. */
  readonly date: Date;
  readonly nano: number;
  readonly offsetMinutes: number;
  readonly abbreviation: string;
}

/** Writes a moment in a layout. @throws {Error} for a zone that does not exist. */
export function formatLayout(moment: Moment, layout: string): string {
  const civil = toCivil(moment);
  return layout.replace(TOKEN, (token) => formatToken(token, civil));
}

function toCivil({ unixNano, zone }: Moment): Civil {
  const ms = Number(floorDiv(unixNano, 1_000_000n));
  const nano = Number(unixNano - floorDiv(unixNano, 1_000_000_000n) * 1_000_000_000n);
  const offsetMinutes = zone === 'UTC' ? 0 : zoneOffset(zone, ms);
  const abbreviation = zone === 'UTC' ? 'UTC' : zoneAbbreviation(zone, ms, offsetMinutes);
  return { date: new Date(ms + offsetMinutes * 60_000), nano, offsetMinutes, abbreviation };
}

function zonePart(locale: string, zone: string, ms: number, timeZoneName: 'short' | 'longOffset'): string {
  const parts = new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName }).formatToParts(ms);
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? '';
}

function zoneOffset(zone: string, ms: number): number {
  let text: string;
  try {
    text = zonePart('en-US', zone, ms, 'longOffset');
  } catch (cause) {
    throw new Error(`unknown time zone ${zone}`, { cause });
  }
  const match = /([+-])(\d\d):(\d\d)/.exec(text);
  if (match === null) return 0;
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3]));
}

/** Each English locale knows the abbreviations of its own part of the world. Where there is none, Go prints the offset. */
function zoneAbbreviation(zone: string, ms: number, offsetMinutes: number): string {
  for (const locale of ['en-US', 'en-GB', 'en-AU', 'en-NZ', 'en-IN', 'en-ZA']) {
    const name = zonePart(locale, zone, ms, 'short');
    if (!/^(GMT|UTC)[+-]/.test(name)) return name;
  }
  const offset = formatOffset(offsetMinutes, '', false);
  return offset.endsWith('00') ? offset.slice(0, 3) : offset;
}

function formatOffset(minutes: number, separator: string, hoursOnly: boolean): string {
  const size = Math.abs(minutes);
  const hours = `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}`;
  return hoursOnly ? hours : `${hours}${separator}${two(size % 60)}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function formatToken(token: string, { date, nano, offsetMinutes, abbreviation }: Civil): string {
  const month = MONTHS[date.getUTCMonth()] ?? '';
  const day = date.getUTCDate();
  const weekday = DAYS[date.getUTCDay()] ?? '';
  const hour = date.getUTCHours();
  const hour12 = hour % 12 === 0 ? 12 : hour % 12;
  switch (token) {
    case 'January':
      return month;
    case 'Jan':
      return month.slice(0, 3);
    case 'Monday':
      return weekday;
    case 'Mon':
      return weekday.slice(0, 3);
    case 'MST':
      return abbreviation;
    case '2006':
      return String(date.getUTCFullYear()).padStart(4, '0');
    case '06':
      return two(date.getUTCFullYear() % 100);
    case '01':
      return two(date.getUTCMonth() + 1);
    case '1':
      return String(date.getUTCMonth() + 1);
    case '02':
      return two(day);
    case '_2':
      return String(day).padStart(2, ' ');
    case '2':
      return String(day);
    case '002':
    case '__2':
      return String(dayOfYear(date)).padStart(3, token === '002' ? '0' : ' ');
    case '15':
      return two(hour);
    case '03':
      return two(hour12);
    case '3':
      return String(hour12);
    case '04':
      return two(date.getUTCMinutes());
    case '4':
      return String(date.getUTCMinutes());
    case '05':
      return two(date.getUTCSeconds());
    case '5':
      return String(date.getUTCSeconds());
    case 'PM':
      return hour < 12 ? 'AM' : 'PM';
    case 'pm':
      return hour < 12 ? 'am' : 'pm';
  }
  if (token.startsWith('.') || token.startsWith(',')) return formatFraction(token, nano);
  if (token.startsWith('Z') && offsetMinutes === 0) return 'Z';
  return formatOffset(offsetMinutes, token.includes(':') ? ':' : '', /^[Z-]07$/.test(token));
}

function formatFraction(token: string, nano: number): string {
  const digits = String(nano)
    .padStart(9, '0')
    .slice(0, token.length - 1);
  if (token[1] === '0') return `${token[0]}${digits}`;
  const trimmed = digits.replace(/0+$/, '');
  return trimmed === '' ? '' : `${token[0]}${trimmed}`;
}

function dayOfYear(date: Date): number {
  const start = new Date(0);
  start.setUTCFullYear(date.getUTCFullYear(), 0, 1);
  return Math.floor((date.getTime() - start.getTime()) / 86_400_000) + 1;
}

/** What each token reads, and what it sets. */
const READERS: Readonly<Record<string, { pattern: string; part: string }>> = {
  '2006': { pattern: '\\d{4}', part: 'year' },
  '06': { pattern: '\\d\\d', part: 'shortYear' },
  January: { pattern: MONTHS.join('|'), part: 'month' },
  Jan: { pattern: MONTHS.map((name) => name.slice(0, 3)).join('|'), part: 'month' },
  '01': { pattern: '\\d\\d', part: 'monthNumber' },
  '1': { pattern: '\\d\\d?', part: 'monthNumber' },
  '02': { pattern: '\\d\\d', part: 'day' },
  _2: { pattern: '[ \\d]?\\d', part: 'day' },
  '2': { pattern: '\\d\\d?', part: 'day' },
  '15': { pattern: '\\d\\d', part: 'hour' },
  '03': { pattern: '\\d\\d', part: 'hour' },
  '3': { pattern: '\\d\\d?', part: 'hour' },
  '04': { pattern: '\\d\\d', part: 'minute' },
  '4': { pattern: '\\d\\d?', part: 'minute' },
  '05': { pattern: '\\d\\d(?:[.,]\\d+)?', part: 'second' },
  '5': { pattern: '\\d\\d?(?:[.,]\\d+)?', part: 'second' },
  PM: { pattern: 'AM|PM', part: 'half' },
  pm: { pattern: 'am|pm', part: 'half' },
  Monday: { pattern: DAYS.join('|'), part: 'skip' },
  Mon: { pattern: DAYS.map((name) => name.slice(0, 3)).join('|'), part: 'skip' },
  MST: { pattern: '[A-Z]{3,5}|[+-]\\d\\d(?:\\d\\d)?', part: 'skip' },
  'Z07:00': { pattern: 'Z|[+-]\\d\\d:\\d\\d', part: 'offset' },
  Z0700: { pattern: 'Z|[+-]\\d{4}', part: 'offset' },
  '-07:00': { pattern: '[+-]\\d\\d:\\d\\d', part: 'offset' },
  '-0700': { pattern: '[+-]\\d{4}', part: 'offset' },
  '-07': { pattern: '[+-]\\d\\d', part: 'offset' },
};

/** Reads a time by its layout, as nanoseconds since 1970. @throws {Error} in Go's words when it does not fit. */
export function parseLayout(layout: string, value: string): bigint {
  const parts: Record<string, string> = {};
  let rest = value;
  const fail = (element: string): never => {
    const quoted = [value, layout, rest, element].map((text) => JSON.stringify(text));
    throw new Error(`parsing time ${quoted[0]} as ${quoted[1]}: cannot parse ${quoted[2]} as ${quoted[3]}`);
  };
  let at = 0;
  const literal = (text: string) => {
    if (!rest.startsWith(text)) fail(text);
    rest = rest.slice(text.length);
  };
  for (const match of layout.matchAll(TOKEN)) {
    const reader = READERS[match[0]];
    literal(layout.slice(at, match.index));
    at = match.index + match[0].length;
    // A fraction of a second is read with its second, whatever the layout says of it.
    if (/^[.,]/.test(match[0])) continue;
    const found = reader === undefined ? null : new RegExp(`^(?:${reader.pattern})`).exec(rest);
    if (reader === undefined || found === null) return fail(match[0]);
    parts[reader.part] = found[0];
    rest = rest.slice(found[0].length);
  }
  literal(layout.slice(at));
  if (rest !== '') throw new Error(`parsing time ${JSON.stringify(value)}: extra text: ${JSON.stringify(rest)}`);
  return fromParts(parts, value);
}

function fromParts(parts: Readonly<Record<string, string>>, value: string): bigint {
  const number = (name: string, otherwise: number) => Number(parts[name]?.trim() ?? otherwise);
  const short = number('shortYear', 0);
  const year = parts.shortYear === undefined ? number('year', 0) : short + (short >= 69 ? 1900 : 2000);
  const named = MONTHS.findIndex((name) => parts.month !== undefined && name.startsWith(parts.month));
  const month = named >= 0 ? named : number('monthNumber', 1) - 1;
  const half = parts.half?.toLowerCase();
  const hour = half === undefined ? number('hour', 0) : (number('hour', 0) % 12) + (half === 'pm' ? 12 : 0);
  const [second = '0', fraction = ''] = (parts.second ?? '0').split(/[.,]/);
  const date = new Date(0);
  date.setUTCFullYear(year, month, number('day', 1));
  date.setUTCHours(hour, number('minute', 0), Number(second));
  if (date.getUTCMonth() !== month || date.getUTCHours() !== hour || date.getUTCDate() !== number('day', 1)) {
    throw new Error(`parsing time ${JSON.stringify(value)}: value out of range`);
  }
  const offset = /^([+-])(\d\d):?(\d\d)?$/.exec(parts.offset ?? '');
  const shift = offset === null ? 0 : Number(`${offset[1]}1`) * (Number(offset[2]) * 60 + Number(offset[3] ?? 0));
  return BigInt(date.getTime() - shift * 60_000) * 1_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
}
