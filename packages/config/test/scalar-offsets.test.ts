import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Document, isScalar, parseDocument, Scalar } from 'yaml';
import { spanInScalar } from '../src/yaml/scalar-offsets.ts';

const STYLES = [
  Scalar.PLAIN,
  Scalar.QUOTE_SINGLE,
  Scalar.QUOTE_DOUBLE,
  Scalar.BLOCK_LITERAL,
  Scalar.BLOCK_FOLDED,
] as const;

/** Parses a document whose only value is a scalar under `a.b`. */
function scalarIn(text: string): Scalar {
  const node = parseDocument(text).getIn(['a', 'b'], true);
  if (!isScalar(node)) throw new Error('no scalar');
  return node;
}

const words = fc.array(fc.stringMatching(/^[a-zA-Z0-9_(){}[\]"'#:,.>\\é€😀-]{1,12}$/u), {
  minLength: 1,
  maxLength: 30,
});
const texts = words.chain((all) =>
  fc
    .array(fc.constantFrom(' ', ' ', ' ', '\n', '\n\n'), { minLength: all.length, maxLength: all.length })
    .map((gaps) => all.map((word, i) => word + (i === all.length - 1 ? '' : gaps[i])).join('')),
);

test('every word of a scalar is found in the source, in every style', () => {
  fc.assert(
    fc.property(texts, fc.constantFrom(...STYLES), fc.integer({ min: 20, max: 120 }), (value, style, lineWidth) => {
      const document = new Document({ a: { b: 'x' } });
      const scalar = document.getIn(['a', 'b'], true) as Scalar;
      scalar.value = value;
      scalar.type = style;
      const text = document.toString({ lineWidth, minContentWidth: 0 });
      const parsed = parseDocument(text).getIn(['a', 'b'], true);
      // The library folds some plain scalars into something else; those are not its words to find.
      fc.pre(isScalar(parsed) && parsed.value === value);
      for (const { index, 0: word } of value.matchAll(/\S+/g)) {
        const { from, to } = spanInScalar(text, parsed, index, index + word.length);
        expect(sourceMeans(text.slice(from, to), parsed.type)).toBe(word);
      }
    }),
    { numRuns: 300 },
  );
});

/** What a stretch of source stands for; long words are broken with an escaped line end in double quotes. */
function sourceMeans(source: string, type: Scalar['type']): string {
  if (type === Scalar.QUOTE_SINGLE) return source.replaceAll("''", "'");
  if (type !== Scalar.QUOTE_DOUBLE) return source;
  return JSON.parse(`"${source.replace(/\\\n\s*/g, '')}"`);
}

test.for([
  ['plain', 'a:\n  b: up == 0\n', 3, 5, '=='],
  ['plain over lines', 'a:\n  b: up\n    == 0\n', 3, 5, '=='],
  ['single quotes', "a:\n  b: 'it''s == 0'\n", 5, 7, '=='],
  ['double quotes', 'a:\n  b: "\\t\\u20ac == 0"\n', 3, 5, '=='],
  ['double quotes with an escape for a pair of surrogates', 'a:\n  b: "\\U0001F600 == 0"\n', 3, 5, '=='],
  ['double quotes with an escaped line end', 'a:\n  b: "up \\\n    == 0"\n', 3, 5, '=='],
  ['a literal block', 'a:\n  b: |\n    up\n      == 0\n', 5, 7, '=='],
  ['a literal block with indentation indicator', 'a:\n  b: |2-\n      up\n    == 0\n', 5, 7, '=='],
  ['a folded block', 'a:\n  b: >-\n    up\n    == 0\n', 3, 5, '=='],
  ['a folded block with blank lines', 'a:\n  b: >\n    up\n\n\n    == 0\n', 4, 6, '=='],
  ['windows line ends', 'a:\r\n  b: |\r\n    up\r\n    == 0\r\n', 3, 5, '=='],
] as const)('%s', ([, text, from, to, expected]) => {
  const span = spanInScalar(text, scalarIn(text), from, to);
  expect(text.slice(span.from, span.to)).toBe(expected);
});
