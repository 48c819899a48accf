import { describe, expect, test } from 'vitest';
import { instantOf, parseWrittenTime } from '../../src/promotion/zoned-time.ts';

const read = (text: string, zone: string) => {
  const written = parseWrittenTime(text);
  const atMs = written === undefined ? undefined : instantOf(written, zone);
  return atMs === undefined ? undefined : new Date(atMs).toISOString().replace('.000Z', 'Z');
};

test.for([
  ['2026-11-27', 'Europe/Berlin', '2026-11-26T23:00:00Z'],
  ['2026-11-27 08:00', 'Europe/Berlin', '2026-11-27T07:00:00Z'],
  ['2026-07-01T08:00:30', 'Europe/Berlin', '2026-07-01T06:00:30Z'],
  ['2026-11-27', 'America/New_York', '2026-11-27T05:00:00Z'],
  ['2026-11-27T08:00:00+01:00', 'Asia/Tokyo', '2026-11-27T07:00:00Z'],
  ['2026-11-27T08:00:00Z', 'Asia/Tokyo', '2026-11-27T08:00:00Z'],
  ['2026-11-27T08:00-0330', 'UTC', '2026-11-27T11:30:00Z'],
  ['2026-11-27T08:00', 'Asia/Kathmandu', '2026-11-27T02:15:00Z'],
  // Clocks are put back at 03:00: this time comes twice, and the first counts.
  ['2026-10-25T02:30', 'Europe/Berlin', '2026-10-25T00:30:00Z'],
  ['2026-10-25T02:30+01:00', 'Europe/Berlin', '2026-10-25T01:30:00Z'],
  // A day that was left out.
  ['2011-12-31T00:00', 'Pacific/Apia', '2011-12-30T10:00:00Z'],
] as const)('%s in %s is %s', ([text, zone, instant]) => {
  expect(read(text, zone)).toBe(instant);
});

describe('no time', () => {
  test.for([
    ['a day that no calendar has', '2026-02-30'],
    ['the 29th of February of most years', '2026-02-29T10:00'],
    ['hour 24', '2026-11-27T24:00'],
    ['minute 60', '2026-11-27T10:60'],
    ['a month 13', '2026-13-01'],
    ['another order', '27.11.2026'],
    ['an offset that nobody has', '2026-11-27T08:00+25:00'],
    ['words', 'tomorrow'],
    ['nothing', ''],
  ] as const)('%s', ([, text]) => {
    expect(parseWrittenTime(text)).toBeUndefined();
  });

  test('an hour that the clocks leave out', () => {
    expect(read('2026-03-29T02:30', 'Europe/Berlin')).toBeUndefined();
    expect(read('2026-03-29T02:30+01:00', 'Europe/Berlin')).toBe('2026-03-29T01:30:00Z');
  });
});
