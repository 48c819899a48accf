import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatFloat, parseFloatText } from '../../src/template/go-number.ts';
import { sprintf } from '../../src/template/printf.ts';
import type { Value } from '../../src/template/value.ts';

test.for([
  ['%s|%5s|%-5s|%.2s', ['a', 'b', 'c', 'äöü'], 'a|    b|c    |äö'],
  ['%q %+q', ['say "hi"\n', 'ä'], '"say \\"hi\\"\\n" "\\u00e4"'],
  ['%v %v %v %v', ['a', 1n, 2.5, true], 'a 1 2.5 true'],
  [
    '%d|%5d|%-5d|%05d|%+d|%x|%X|%#x|%o|%b|%c',
    [42n, 42n, 42n, 42n, 42n, 255n, 255n, 255n, 8n, 5n, 65n],
    '42|   42|42   |00042|+42|ff|FF|0xff|10|101|A',
  ],
  [
    '%f %.2f %8.3f|%-8.1f|%08.2f %+.1f',
    [1.5, 2.005, 6.2832, 2.25, -1.5, 1],
    '1.500000 2.00    6.283|2.2     |-0001.50 +1.0',
  ],
  ['%e %.2e %g %.3g %G', [123456.789, 0.00012345, 1e21, 1234.5, 1e-7], '1.234568e+05 1.23e-04 1e+21 1.23e+03 1E-07'],
  ['%.0f %.0f %.0f %.0f', [0.5, 1.5, 2.5, 3.5], '0 2 2 4'],
  ['%t %t', [true, false], 'true false'],
  ['%x', ['hi'], '6869'],
  ['%5t|%T %T %T', [true, 'a', 1n, 1.5], ' true|string int float64'],
  ['100%%', [], '100%'],
  ['%*d|%.*f', [5n, 42n, 1n, 2.25], '   42|2.2'],
  ['%[2]s %[1]s', ['a', 'b'], 'b a'],
  ['%v %v', [['a', 'b'], { k: 1n }], '[a b] map[k:1]'],
  ['%f %v', [Number.POSITIVE_INFINITY, Number.NaN], '+Inf NaN'],
  ['%d', ['x'], '%!d(string=x)'],
  ['%d', [1.5], '%!d(float64=1.5)'],
  ['%s', [7n], '%!s(int=7)'],
  ['%s', [null], '%!s(<nil>)'],
  ['%s %s', ['a'], 'a %!s(MISSING)'],
  ['%s', ['a', 1n], 'a%!(EXTRA int=1)'],
  ['%z', [1n], '%!z(int=1)'],
  ['%', [], '%!(NOVERB)'],
] as const satisfies readonly (readonly [string, readonly Value[], string])[])('%s', ([format, args, output]) => {
  expect(sprintf(format, args)).toBe(output);
});

test('floats read back as what they were', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), fc.constantFrom('e', 'f', 'g'), (value, verb) => {
      expect(parseFloatText(formatFloat(value, verb, -1))).toBe(value);
    }),
  );
});

test('rounded floats differ by less than half of their last digit', () => {
  fc.assert(
    fc.property(fc.double({ min: -1e9, max: 1e9, noNaN: true }), fc.nat(6), (value, places) => {
      const text = formatFloat(value, 'f', places);
      expect(text.replace('-', '')).toMatch(places === 0 ? /^\d+$/ : new RegExp(`^\\d+\\.\\d{${places}}$`));
      expect(Math.abs(Number(text) - value)).toBeLessThanOrEqual(0.5 * 10 ** -places * (1 + 1e-6));
    }),
  );
});
