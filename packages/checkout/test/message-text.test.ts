import { expect, test } from 'vitest';
import { parseMessageText, placeholdersOf, renderMessageText } from '../src/words/message-text.ts';

function render(source: string, values: Record<string, string | undefined>): string | undefined {
  const result = parseMessageText(source);
  if ('mistake' in result) throw new Error(result.mistake.message);
  return renderMessageText(result.text, values);
}

test.for<[string, Record<string, string | undefined>, string | undefined]>([
  ['no placeholders', {}, 'no placeholders'],
  ['{success} succeed', { success: '62%' }, '62% succeed'],
  ['{success} succeed', {}, undefined],
  ['Failing[: {success} succeed]', { success: '62%' }, 'Failing: 62% succeed'],
  ['Failing[: {success} succeed]', { success: undefined }, 'Failing'],
  ['[{a}][ and {b}]', { b: '2' }, ' and 2'],
  ['[{a}, {b}]', { a: '1' }, ''],
  ['{{not}} [[this]]', {}, '{not} [this]'],
  ['{a}{a}', { a: '{b}' }, '{b}{b}'],
])('%s with %o', ([source, values, written]) => {
  expect(render(source, values)).toBe(written);
});

test.for<[string, string, string]>([
  ['Only {success', '{success', '"{" is never closed'],
  ['Only {Success rate}', '{Success rate}', 'is no placeholder'],
  ['Only {} succeed', '{}', 'is no placeholder'],
  ['a } b', '}', '"}" without a "{"'],
  ['a ] b', ']', '"]" without a "["'],
  ['a [b {c}', '[b {c}', '"[" is never closed'],
  ['a [b [c {d}]]', '[', 'inside of'],
  ['a [never left out] b', '[never left out]', 'no placeholder between'],
])('%s is refused at %s', ([source, where, message]) => {
  const result = parseMessageText(source);
  if (!('mistake' in result)) throw new Error('it was read');
  expect(source.slice(result.mistake.from, result.mistake.to)).toBe(where);
  expect(result.mistake.message).toContain(message);
  expect(result.mistake.hint).not.toBe('');
});

test('placeholders are found with their place, those that can be left out too', () => {
  const result = parseMessageText('{a}[ {b}]');
  expect('text' in result && placeholdersOf(result.text).map(({ name, at }) => [name, at])).toEqual([
    ['a', 0],
    ['b', 5],
  ]);
});
