import { expect, test } from 'vitest';
import { isInTimeIntervals, readAlertmanagerConfig, type TimeInterval, timeIntervalContains } from '../src/index.ts';

function interval(yaml: string): TimeInterval {
  const text = `route: {receiver: a}\nreceivers: [{name: a}]\ntime_intervals: [{name: t, time_intervals: [${yaml}]}]`;
  const { config, problems } = readAlertmanagerConfig({ file: 'f', text });
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  return config!.timeIntervals[0]!.intervals[0]!;
}

test.for([
  ['no restriction contains everything', '{}', '1999-12-31T23:59:59Z', true],
  ['the start is inside', "{times: [{start_time: '09:00', end_time: '17:00'}]}", '2026-01-05T09:00:00Z', true],
  ['the end is outside', "{times: [{start_time: '09:00', end_time: '17:00'}]}", '2026-01-05T17:00:00Z', false],
  ['the last minute of the day', "{times: [{start_time: '22:00', end_time: '24:00'}]}", '2026-01-05T23:59:59Z', true],
  ['a weekday by name', '{weekdays: [Sunday]}', '2026-01-04T12:00:00Z', true],
  [
    'the weekday of the location, not of UTC',
    '{weekdays: [monday], location: Australia/Sydney}',
    '2026-01-04T14:00:00Z',
    true,
  ],
  [
    'midnight of the location',
    "{times: [{start_time: '00:00', end_time: '00:01'}], location: Europe/Berlin}",
    '2026-01-04T23:00:30Z',
    true,
  ],
  [
    'summer time moves the hours',
    "{times: [{start_time: '09:00', end_time: '10:00'}], location: Europe/Berlin}",
    '2026-07-01T07:30:00Z',
    true,
  ],
  [
    'winter time moves them back',
    "{times: [{start_time: '09:00', end_time: '10:00'}], location: Europe/Berlin}",
    '2026-01-01T07:30:00Z',
    false,
  ],
  ['the last day of February', "{days_of_month: ['-1']}", '2026-02-28T12:00:00Z', true],
  ['the last day of a leap February', "{days_of_month: ['-1']}", '2028-02-28T12:00:00Z', false],
  ['an end behind the end of the month is clamped', "{days_of_month: ['28:31']}", '2026-02-28T12:00:00Z', true],
  ['a start behind the end of the month is nowhere', "{days_of_month: ['30:31']}", '2026-02-28T12:00:00Z', false],
  ['a start before the start of the month is clamped', "{days_of_month: ['-31:-28']}", '2026-02-01T12:00:00Z', true],
  ['a month by name and number', "{months: ['December', '1:2']}", '2026-02-01T12:00:00Z', true],
  ['a year', "{years: ['2020:2025']}", '2026-01-01T00:00:00Z', false],
  ['every list must agree', "{months: ['1'], weekdays: [monday]}", '2026-01-06T12:00:00Z', false],
] as const)('%s', ([, yaml, time, expected]) => {
  expect(timeIntervalContains(interval(yaml), Date.parse(time))).toBe(expected);
});

test('one of several intervals is enough, none of none', () => {
  const both = [interval("{months: ['1']}"), interval("{months: ['3']}")];
  expect(isInTimeIntervals(both, Date.parse('2026-03-01T00:00:00Z'))).toBe(true);
  expect(isInTimeIntervals(both, Date.parse('2026-02-01T00:00:00Z'))).toBe(false);
  expect(isInTimeIntervals([], 0)).toBe(false);
});
