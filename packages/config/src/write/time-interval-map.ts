import {
  MONTH_NAMES,
  type Range,
  type TimeInterval,
  type TimeRange,
  WEEKDAY_NAMES,
} from '../alertmanager/time-interval.ts';
import { listOf, unless } from './wire.ts';
import type { YamlValue } from './yaml-text.ts';

/** A time interval under its wire names. */
export function intervalMap(interval: TimeInterval): YamlValue {
  return {
    times: listOf(interval.times, timesMap),
    weekdays: listOf(interval.weekdays, (range) => rangeText(range, (day) => WEEKDAY_NAMES[day] ?? String(day))),
    days_of_month: listOf(interval.daysOfMonth, (range) => rangeText(range, String)),
    months: listOf(interval.months, (range) => rangeText(range, (month) => MONTH_NAMES[month - 1] ?? String(month))),
    years: listOf(interval.years, (range) => rangeText(range, String)),
    location: unless(interval.location, 'UTC'),
  };
}

function timesMap({ startMinute, endMinute }: TimeRange): YamlValue {
  return { start_time: clock(startMinute), end_time: clock(endMinute) };
}

function clock(minute: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}

function rangeText({ begin, end }: Range, word: (value: number) => string): string {
  return begin === end ? word(begin) : `${word(begin)}:${word(end)}`;
}
