import fc from 'fast-check';
import { expect, test } from 'vitest';
import { html } from '../src/shop/html.ts';

test('escapes whatever is put into it', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const markup = html`<p title="${text}">${text}</p>`.toString();
      expect(markup.slice('<p title="'.length, -'</p>'.length)).not.toMatch(/[<'"]script|<[a-z]/);
      expect(markup.match(/[<>]/g)).toHaveLength(4);
      expect(markup.match(/"/g)).toHaveLength(2);
    }),
  );
});

test.for([
  ['markup stays markup', html`<b>${html`<i>x</i>`}</b>`, '<b><i>x</i></b>'],
  ['lists are joined', html`<ul>${['a', 'b'].map((x) => html`<li>${x}</li>`)}</ul>`, '<ul><li>a</li><li>b</li></ul>'],
  ['false and undefined leave nothing', html`<p ${false}${undefined}></p>`, '<p ></p>'],
  ['zero is a number', html`${0}`, '0'],
] as const)('%s', ([, markup, text]) => {
  expect(markup.toString()).toBe(text);
});
