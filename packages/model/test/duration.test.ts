import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDuration, parseDuration } from '../src/duration.ts';

test.for([
  ['0', 0],
  ['0s', 0],
  ['324ms', 324],
  ['5m', 300_000],
  ['1h30m', 5_400_000],
  ['1d', 86_400_000],
  ['3w', 1_814_400_000],
  ['1y', 31_536_000_000],
  ['2w3d4h5m6s7ms', 1_483_506_007],
  ['', undefined],
  ['5', undefined],
  ['-1m', undefined],
  ['5 minutes', undefined],
  ['1m1h', undefined],
  ['1.5h', undefined],
  ['1000000y', undefined],
  ['292y', 9_208_512_000_000],
  ['293y', undefined],
  ['9223372036854ms', 9_223_372_036_854],
  ['9223372036855ms', undefined],
  ['5M', undefined],
  [' 5m', undefined],
  ['5m\n', undefined],
  ['1m1m', undefined],
  ['00', undefined],
  ['0m', 0],
  ['٣m', undefined],
] as const)('%s is %s', ([text, ms]) => {
  expect(parseDuration(text)).toBe(ms);
});

test.for([
  [0, '0s'],
  [90_000, '1m30s'],
  [604_800_000, '1w'],
  [691_200_000, '8d'],
  [31_536_000_000, '1y'],
  [1, '1ms'],
  [-60_000, '-1m'],
  [0.4, '0s'],
  [-0.4, '0s'],
  [1_000.6, '1s1ms'],
  [86_400_000 * 366, '366d'],
] as const)('%d ms is written %s', ([ms, text]) => {
  expect(formatDuration(ms)).toBe(text);
});

test('what is written is read back', () => {
  fc.assert(
    fc.property(fc.nat({ max: 1e12 }), (ms) => {
      expect(parseDuration(formatDuration(ms))).toBe(ms);
    }),
  );
});
