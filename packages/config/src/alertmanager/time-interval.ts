import type * as z from 'zod';
import { textField, whole } from '../fields/field.ts';
import { defaulted, list, object } from '../fields/object.ts';

/** Both ends included. */
export interface Range {
  readonly begin: number;
  readonly end: number;
}

/** Minutes of the day, the end not included. */
export interface TimeRange {
  readonly startMinute: number;
  readonly endMinute: number;
}

/** A set of times. All lists must agree; an empty one leaves open what it would restrict. */
export interface TimeInterval {
  readonly times: readonly TimeRange[];
  /** Sunday is 0. */
  readonly weekdays: readonly Range[];
  /** From 1; negative ones count from the end of the month. */
  readonly daysOfMonth: readonly Range[];
  /** January is 1. */
  readonly months: readonly Range[];
  readonly years: readonly Range[];
  /** IANA name of the time zone. */
  readonly location: string;
}

export const WEEKDAY_NAMES = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
export const MONTH_NAMES = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];

/** One `times` entry. */
function timeRange(): z.ZodType<TimeRange, unknown> {
  const read = object(
    { startMinute: defaulted('start_time', clockTime(), -1), endMinute: defaulted('end_time', clockTime(), -1) },
    whole((wire, fail) => {
      const { start_time: start, end_time: end } = wire;
      if (start === undefined || end === undefined) fail([], 'both start and end times must be provided');
      if (typeof start === 'number' && typeof end === 'number' && start >= end) {
        const hint = 'over midnight takes two entries: up to 24:00, and from 00:00';
        fail('start_time', 'start time cannot be equal or greater than end time', { hint });
      }
    }),
  );
  return read;
}

function clockTime(): z.ZodType<number, unknown> {
  return textField((text, fail) => {
    const match = /^([01]\d|2[0-3]):([0-5]\d)$|^24:00$/.exec(text);
    if (match === null) {
      return fail(`couldn't parse timestamp ${text}, invalid format`, {
        hint: "write it with two digits each: '09:00'",
      });
    }
    return match[1] === undefined ? 1440 : Number(match[1]) * 60 + Number(match[2]);
  });
}

/** A time interval as it stands in a list of `time_intervals`. */
export function timeInterval(): z.ZodType<TimeInterval, unknown> {
  return object({
    times: defaulted('times', list(timeRange()), []),
    weekdays: defaulted('weekdays', list(range(readWeekdays)), []),
    daysOfMonth: defaulted('days_of_month', list(range(readDays)), []),
    months: defaulted('months', list(range(readMonths)), []),
    years: defaulted('years', list(range(readYears)), []),
    location: defaulted('location', location(), 'UTC'),
  });
}

/** A range or what is wrong with it. */
type ReadRange = (begin: string, end: string) => Range | string;

function range(read: ReadRange): z.ZodType<Range, unknown> {
  return textField((text, fail) => {
    const parts = text.split(':');
    const [begin, end = begin] = parts as [string, string?];
    if (parts.length > 2) return fail(`couldn't parse range ${text}, invalid format`);
    const result = read(begin.toLowerCase(), (end ?? begin).toLowerCase());
    return typeof result === 'string' ? fail(result) : result;
  });
}

function readWeekdays(from: string, to: string): Range | string {
  const begin = WEEKDAY_NAMES.indexOf(from);
  const end = WEEKDAY_NAMES.indexOf(to);
  if (begin === -1) return `${from} is not a valid weekday`;
  if (end === -1) return `${to} is not a valid weekday`;
  return begin > end ? 'start day cannot be before end day' : { begin, end };
}

function readDays(from: string, to: string): Range | string {
  for (const text of [from, to]) {
    if (!/^-?\d+$/.test(text)) return `${text} is not a valid day of the month`;
    const day = Number(text);
    if (day === 0 || day < -31 || day > 31) return `${text} is not a valid day of the month: out of range`;
  }
  const begin = Number(from);
  const end = Number(to);
  if (begin < 0 && end > 0) return 'end day must be negative if start day is negative';
  // In the longest month; shorter ones are clamped when a time is looked at.
  const inLongest = (day: number) => (day < 0 ? 32 + day : day);
  return inLongest(begin) > inLongest(end) ? `end day ${end} is always before start day ${begin}` : { begin, end };
}

function readMonths(from: string, to: string): Range | string {
  const begin = monthNumber(from);
  const end = monthNumber(to);
  if (begin === undefined) return `${from} is not a valid month`;
  if (end === undefined) return `${to} is not a valid month`;
  return begin > end ? `end month ${end} is before start month ${begin}` : { begin, end };
}

function monthNumber(text: string): number | undefined {
  const named = MONTH_NAMES.indexOf(text) + 1;
  if (named > 0) return named;
  const number = /^\d+$/.test(text) ? Number(text) : 0;
  return number >= 1 && number <= 12 ? number : undefined;
}

function readYears(from: string, to: string): Range | string {
  for (const text of [from, to]) if (!/^\d{1,5}$/.test(text)) return `${text} is not a valid year`;
  const begin = Number(from);
  const end = Number(to);
  return begin > end ? `end year ${end} is before start year ${begin}` : { begin, end };
}

function location(): z.ZodType<string, unknown> {
  return textField((name, fail) => {
    if (name === '' || name === 'UTC') return 'UTC';
    try {
      new Intl.DateTimeFormat('en-US', { timeZone: name === 'Local' ? undefined : name });
      return name;
    } catch {
      return fail(`unknown time zone ${name}`, {
        code: 'time-zone',
        hint: 'write an IANA name, for example Europe/Berlin',
      });
    }
  });
}

/** Does one of the intervals contain the time? No intervals contain nothing. */
export function isInTimeIntervals(intervals: readonly TimeInterval[], timeMs: number): boolean {
  return intervals.some((interval) => timeIntervalContains(interval, timeMs));
}

/** Does the interval contain the time, as its location's clocks show it? */
export function timeIntervalContains(interval: TimeInterval, timeMs: number): boolean {
  const at = wallClock(interval.location, timeMs);
  const { times, weekdays, daysOfMonth, months, years } = interval;
  const isInside = (ranges: readonly Range[], value: number) =>
    ranges.length === 0 || ranges.some(({ begin, end }) => value >= begin && value <= end);
  return (
    (times.length === 0 ||
      times.some(({ startMinute, endMinute }) => at.minute >= startMinute && at.minute < endMinute)) &&
    isInside(weekdays, at.weekday) &&
    isInside(months, at.month) &&
    isInside(years, at.year) &&
    (daysOfMonth.length === 0 || daysOfMonth.some((days) => isDayInside(days, at)))
  );
}

interface WallClock {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly weekday: number;
  /** Of the day. */
  readonly minute: number;
}

function isDayInside({ begin, end }: Range, { year, month, day }: WallClock): boolean {
  const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const from = begin < 0 ? last + begin + 1 : begin;
  const to = end < 0 ? last + end + 1 : end;
  return from <= last && day >= Math.max(from, 1) && day <= Math.min(to, last);
}

function wallClock(zone: string, timeMs: number): WallClock {
  if (zone === 'UTC') {
    const date = new Date(timeMs);
    return {
      year: date.getUTCFullYear(),
      month: date.getUTCMonth() + 1,
      day: date.getUTCDate(),
      weekday: date.getUTCDay(),
      minute: date.getUTCHours() * 60 + date.getUTCMinutes(),
    };
  }
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone === 'Local' ? undefined : zone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    weekday: 'long',
    hour: 'numeric',
    minute: 'numeric',
  }).formatToParts(timeMs);
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((candidate) => candidate.type === type)?.value ?? '';
  return {
    year: Number(part('year')),
    month: Number(part('month')),
    day: Number(part('day')),
    weekday: WEEKDAY_NAMES.indexOf(part('weekday').toLowerCase()),
    minute: Number(part('hour')) * 60 + Number(part('minute')),
  };
}
