import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  canonicalFloat,
  type Dialect,
  ExpositionError,
  parseExposition,
  parseFloatText,
} from '../src/exposition/index.ts';
import { ExpositionScanner } from '../src/exposition/scanner.ts';

/** The series of a page, with their values. */
function series(text: string | Uint8Array, dialect: Dialect = 'text'): [string, number][] {
  return parseExposition(text, dialect).flatMap((entry) =>
    entry.kind === 'series' ? [[String(entry.labels), entry.value] as [string, number]] : [],
  );
}

test.for([
  [
    'escapes',
    String.raw`a{p="C:\\shop",q="er sagte \"ja\"",n="a\nb",l="\\n"} 1`,
    String.raw`a{l="\\n", n="a\nb", p="C:\\shop", q="er sagte \"ja\""}`,
  ],
  ['any characters', 'a{name="Café „Größe 42“ 🛒",z="{}=,#"} 1', 'a{name="Café „Größe 42“ 🛒", z="{}=,#"}'],
  ['empty labels are none', 'a{pfad="",b="1"} 1', 'a{b="1"}'],
  ['blanks everywhere', 'a {b = "c" , d = "e",}\t1', 'a{b="c", d="e"}'],
  ['quoted names', '{"a.b","c d"="e"} 1', '{"a.b", "c d"="e"}'],
  ['a last line without a newline', 'a 1', 'a'],
] as const)('%s', ([, text, expected]) => {
  expect(series(text)).toEqual([[expected, 1]]);
});

test.for([
  ['NaN', Number.NaN],
  ['+Inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['-0', -0],
  ['2.5e3', 2500],
  ['.5', 0.5],
  ['12345678901234567890', 12345678901234567000],
  ['1234567890', 1234567890],
] as const)('the value %s', ([text, value]) => {
  expect(series(`a ${text}\n`)).toEqual([['a', value]]);
});

test.for([
  ['1', '1.0'],
  ['0.50', '0.5'],
  ['1e7', '1e+07'],
  ['100000', '100000.0'],
  ['1000000', '1e+06'],
  ['0.00001', '1e-05'],
  ['+inf', '+Inf'],
  ['27264.999999999996', '27264.999999999996'],
  ['many', 'many'],
] as const)('the bucket bound %s of a histogram is stored as %s', ([text, stored]) => {
  expect(series(`# TYPE h histogram\nh_bucket{le="${text}"} 1\n`)).toEqual([[`h_bucket{le="${stored}"}`, 1]]);
  expect(series(`# TYPE h gauge\nh_bucket{le="${text}"} 1\n`)).toEqual([[`h_bucket{le="${text}"}`, 1]]);
});

test('canonical floats read back as they were', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (value) => {
      const text = canonicalFloat(value);
      if (Number.isFinite(value)) expect(Number(text)).toBe(value === 0 ? 0 : value);
      expect(text).toMatch(/[.e]|Inf/);
    }),
  );
});

test('repeated and mixed type lines are accepted, as a scrape does', () => {
  const page =
    '# TYPE a counter\na{x="0"} 1\n# TYPE a counter\na 2\n# TYPE b gauge\nb 1\n# TYPE a counter\na{x="1"} 4\n';
  expect(series(page)).toHaveLength(4);
});

test('OpenMetrics: seconds, exemplars, units, and an end', () => {
  const page = '# TYPE a counter\n# UNIT a_s s\na_total 1 12.5 # {id="x"} 3 4\n# EOF\n';
  expect(parseExposition(page, 'openmetrics')).toMatchObject([
    { kind: 'type', metric: 'a', type: 'counter' },
    { kind: 'unit', metric: 'a_s', unit: 's' },
    { kind: 'series', timestampMs: 12_500, exemplar: { value: 3, timestampMs: 4000 } },
  ]);
});

describe('a line that cannot be read is named with its place and a way out', () => {
  test.for([
    ['an unescaped quote', 'ok 1\nbad{d="14" x"} 3', /line 2, column 13: "bad\{.*not escaped\?/],
    ['a value in words', 'a true', /"true" is not a number \(line 1, column 3/],
    ['a missing value', 'a\n', /expected a value, got the end of the line/],
    ['windows line ends', 'a 1\r\n', /end lines with "\\n" alone/],
    ['an open string', 'a{b="', /expected a value in double quotes for label "b"/],
    ['no name', '{b="c"} 1', /the metric name is missing.*write \{"name"/],
    ['a second name', 'a{"b"} 1', /the metric name is given twice/],
    ['a label twice', 'a{b="1",b="2"} 1', /label "b" comes twice/],
    ['a type that is none', '# TYPE a timer', /"timer" is not a metric type.*counter, gauge/],
    ['bytes that are no UTF-8', Buffer.from('a{b="\xff"} 1', 'latin1'), /not UTF-8/],
  ] as const)('%s', ([, page, message]) => {
    expect(() => parseExposition(page)).toThrow(ExpositionError);
    expect(() => parseExposition(page)).toThrow(message);
  });

  test('a long line is cut around the place', () => {
    const page = `a{${Array.from({ length: 500 }, (_, i) => `l${i}="x"`).join(',')},!} 1`;
    try {
      parseExposition(page);
      expect.unreachable();
    } catch (error) {
      expect((error as Error).message).toMatch(/…".*,!\} 1"\)/);
      expect((error as Error).message.length).toBeLessThan(400);
    }
  });
});

test('a page of any bytes is read or refused, never worse', () => {
  const token = fc.constantFrom(
    'a',
    'b_1',
    '{',
    '}',
    '"',
    '=',
    ',',
    ' ',
    '\n',
    '\t',
    '1',
    '-1.5',
    '\\',
    '# TYPE ',
    '# HELP ',
    'ü',
    '\0',
    'counter',
    'NaN',
    '#',
  );
  fc.assert(
    fc.property(
      fc.array(token, { maxLength: 40 }),
      fc.constantFrom<Dialect>('text', 'openmetrics'),
      (parts, dialect) => {
        try {
          parseExposition(parts.join(''), dialect);
        } catch (error) {
          expect(error).toBeInstanceOf(ExpositionError);
        }
      },
    ),
    { numRuns: 2000 },
  );
});

const view = (text: string) => new DataView(Uint8Array.from(Buffer.from(text)).buffer);

test.for([
  ['the same series', 'a{b="c"} 1\n', 'a{b="c"}', true],
  ['a longer name', 'ab 1\n', 'a', false],
  ['labels after the name', 'a{b="c"} 1\n', 'a', false],
  ['labels after a blank', 'a {b="c"} 1\n', 'a', false],
  ['another series', 'b 1\n', 'a', false],
] as const)('a predicted series is taken for %s: %s', ([, page, predicted, isPredicted]) => {
  const scanner = new ExpositionScanner(Buffer.from(page), 'text');
  expect(scanner.nextSeriesIs(view(predicted), 0, predicted.length)).toBe(isPredicted);
  // What was not taken for it is still there to be read.
  if (!isPredicted) expect(scanner.next()).toBe('series');
  expect([scanner.seriesText, scanner.value]).toEqual([page.slice(0, page.indexOf(' 1')), 1]);
});

test('what a number is does not depend on how it is read', () => {
  const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 18 });
  const sign = fc.constantFrom('', '-', '+');
  const exponent = fc.oneof(
    fc.constant(''),
    fc.tuple(fc.constantFrom('e', 'E'), sign, digits).map((parts) => parts.join('')),
  );
  const decimal = fc.tuple(sign, digits, fc.constantFrom('', '.'), digits, exponent).map((parts) => parts.join(''));
  const numbers = fc.oneof(
    decimal,
    fc.double().map(String),
    fc.constantFrom('NaN', '+Inf', '-inf', '0x1', '', '1e', '-', '.'),
  );
  fc.assert(
    fc.property(numbers, fc.constantFrom('\n', ' \n', ' 17\n', '\r\n', ''), (number, end) => {
      const page = `a ${number}${end}`;
      const read = (isKnown: boolean) => {
        const scanner = new ExpositionScanner(Buffer.from(page), 'text');
        try {
          if (isKnown) expect(scanner.nextSeriesIs(view('a'), 0, 1)).toBe(true);
          else scanner.next();
          return [scanner.value, scanner.timestampMs];
        } catch (error) {
          return String(error);
        }
      };
      expect(read(true)).toEqual(read(false));
      const value = parseFloatText(number);
      if (value !== undefined && end === '\n') expect(read(true)[0]).toBe(value);
    }),
    { numRuns: 3000 },
  );
});
