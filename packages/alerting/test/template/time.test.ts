import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatGoDuration, GoTime } from '../../src/template/go-time.ts';
import { formatLayout, parseLayout } from '../../src/template/time-layout.ts';

const AT = GoTime.parse('2026-03-01T09:05:07.123456789Z');

test.for([
  ['Mon Jan _2 15:04:05 2006', 'Sun Mar  1 09:05:07 2026'],
  ['Monday, 02-Jan-06 15:04:05 MST', 'Sunday, 01-Mar-26 09:05:07 UTC'],
  ['2006-01-02T15:04:05Z07:00', '2026-03-01T09:05:07Z'],
  ['2006-01-02T15:04:05.000-07:00', '2026-03-01T09:05:07.123+00:00'],
  ['2006-01-02T15:04:05.999999999Z07:00', '2026-03-01T09:05:07.123456789Z'],
  ['3:04PM', '9:05AM'],
  ['2. January 2006, 15:04', '1. March 2026, 09:05'],
  ['002', '060'],
  ['at 15h', 'at 09h'],
] as const)('layout %s', ([layout, text]) => {
  expect(formatLayout(AT, layout)).toBe(text);
});

test.for([
  ['Europe/Berlin', '2026-07-01T10:00:00Z', '12:00 CEST +0200'],
  ['Europe/Berlin', '2026-01-01T10:00:00Z', '11:00 CET +0100'],
  ['America/New_York', '2026-01-01T10:00:00Z', '05:00 EST -0500'],
  ['Asia/Kolkata', '2026-01-01T10:00:00Z', '15:30 IST +0530'],
] as const)('zone %s at %s', ([zone, at, text]) => {
  expect(formatLayout({ unixNano: GoTime.parse(at).unixNano, zone }, '15:04 MST -0700')).toBe(text);
});

test('a zone that does not exist is an error', () => {
  expect(() => formatLayout({ unixNano: 0n, zone: 'Nowhere/Land' }, '15:04')).toThrow('unknown time zone Nowhere/Land');
});

test('what a full layout writes it reads', () => {
  const layouts = fc.constantFrom(
    '2006-01-02T15:04:05.999999999Z07:00',
    'Mon, 02 Jan 2006 15:04:05.000000000 -0700',
    'January _2 2006 3:04:05.000000000 PM',
  );
  fc.assert(
    fc.property(
      fc.date({ min: new Date('1900-01-01'), max: new Date('2200-01-01'), noInvalidDate: true }),
      layouts,
      (date, layout) => {
        const unixNano = BigInt(date.getTime()) * 1_000_000n;
        expect(parseLayout(layout, formatLayout({ unixNano, zone: 'UTC' }, layout))).toBe(unixNano);
      },
    ),
  );
});

test.for([
  ['2006-01-02', '2026-02-30', 'value out of range'],
  ['2006-01-02', '2026-02-03x', 'extra text: "x"'],
  ['2006-01-02', 'x', 'cannot parse "x" as "2006"'],
] as const)('%s does not read %s', ([layout, text, message]) => {
  expect(() => parseLayout(layout, text)).toThrow(message);
});

test.for([
  [0n, '0s'],
  [1n, '1ns'],
  [1_500n, '1.5µs'],
  [100_000_000n, '100ms'],
  [90_000_000_000n, '1m30s'],
  [5_400_500_000_000n, '1h30m0.5s'],
  [-2_000_000_000n, '-2s'],
] as const)('%s ns are written as %s', ([nano, text]) => {
  expect(formatGoDuration(nano)).toBe(text);
});

test.for([
  ['0001-01-01T00:00:00Z', '0001-01-01 00:00:00 +0000 UTC'],
  ['2026-03-01T10:00:00+01:00', '2026-03-01 09:00:00 +0000 UTC'],
] as const)('%s prints as in Go', ([text, printed]) => {
  expect(GoTime.parse(text).parts.text?.()).toBe(printed);
});
