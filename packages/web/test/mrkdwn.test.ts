import { expect, test } from 'vitest';
import { parseMrkdwn } from '../src/messages/mrkdwn.ts';

test.for([
  ['plain', [{ kind: 'text', text: 'plain' }]],
  [
    'a *b c* d',
    [
      { kind: 'text', text: 'a ' },
      { kind: 'bold', children: [{ kind: 'text', text: 'b c' }] },
      { kind: 'text', text: ' d' },
    ],
  ],
  ['2 * 3 * 4', [{ kind: 'text', text: '2 * 3 * 4' }]],
  ['snake_case_name', [{ kind: 'text', text: 'snake_case_name' }]],
  ['_soft_', [{ kind: 'italic', children: [{ kind: 'text', text: 'soft' }] }]],
  ['`a < b`', [{ kind: 'code', text: 'a < b' }]],
  ['```\nx &amp; y```', [{ kind: 'pre', text: 'x & y' }]],
  ['<https://a.example/x?a=1&amp;b=2|here>', [{ kind: 'link', url: 'https://a.example/x?a=1&b=2', text: 'here' }]],
  ['<!channel>', [{ kind: 'mention', text: '@channel' }]],
  ['&lt;script&gt;', [{ kind: 'text', text: '<script>' }]],
  ['&amp;lt;', [{ kind: 'text', text: '&lt;' }]],
] as const)('%s', ([text, nodes]) => {
  expect(parseMrkdwn(text)).toEqual(nodes);
});

test('an address that is not http or mail stays text', () => {
  expect(parseMrkdwn('<javascript:alert(1)|click>')).toEqual([{ kind: 'text', text: '<javascript:alert(1)|click>' }]);
});

test('marks that are kept apart format nothing', () => {
  const apart = (marks: string) => `\u200b${marks}\u200b`;
  for (const text of [
    `a ${apart('*')}b${apart('*')}`,
    `${apart('***')}a${apart('***')}`,
    `${apart('`')}a${apart('`')}`,
  ]) {
    expect(parseMrkdwn(text)).toEqual([{ kind: 'text', text }]);
  }
  expect(parseMrkdwn(`*a ${apart('*')} b*`)).toEqual([
    { kind: 'bold', children: [{ kind: 'text', text: `a ${apart('*')} b` }] },
  ]);
});

test('formatting does not cross a line and does not hang on long input', () => {
  expect(parseMrkdwn('*a\nb*')).toEqual([{ kind: 'text', text: '*a\nb*' }]);
  expect(parseMrkdwn('*'.repeat(3_000)).length).toBeGreaterThan(0);
});
