import type { DemoMessage } from '@tillwatch/web/api';
import { expect, test } from 'vitest';
import { isAllClear, isPage, messageText, moneyIn, namesIn, receiverOf } from '../src/demo/read-message.ts';

const slack = (body: Record<string, unknown>): DemoMessage => ({
  kind: 'slack',
  id: 'm1',
  receivedAtMs: 0,
  path: '/services/developers',
  body,
});

test('the text of a Slack message is what its reader sees, in order, without the fallback', () => {
  const message = slack({
    text: 'fallback',
    attachments: [
      {
        color: '#c00',
        blocks: [
          { type: 'header', text: { type: 'plain_text', text: 'Payments fail' } },
          { type: 'section', text: { type: 'mrkdwn', text: 'nordbank &lt;503&gt;' } },
          { type: 'context', elements: [{ type: 'mrkdwn', text: 'estimate' }] },
        ],
      },
    ],
  });
  expect(messageText(message)).toBe('Payments fail\nnordbank <503>\nestimate');
  expect(receiverOf(message)).toBe('slack developers');
});

test.for([
  ['Resolved: checkout works again', true, false],
  ['All clear: checkout works again', true, false],
  ['Entwarnung: der Checkout läuft wieder', true, false],
  ['[RESOLVED] CheckoutErrorRateHigh', true, false],
  ['For your information: more cards declined', false, false],
  ['Checkout is failing: 38 % of orders', false, true],
] as const)('%s', ([title, allClear, page]) => {
  const message = slack({ attachments: [{ title }] });
  expect([isAllClear(message), isPage(message)]).toEqual([allClear, page]);
});

test('a label is named when its value stands as a word', () => {
  const labels = { provider: 'nordbank', region: 'us' };
  expect(namesIn(['nordbank fails'], labels)).toEqual({ provider: 'nordbank' });
  expect(namesIn(['customers in US; not nordbanking'], labels)).toEqual({ region: 'us' });
});

test.for([
  ['about €1,234 lost so far, €5,600 an hour', 1234, 5600],
  ['rund 1.234 € verloren, 5.600 € pro Stunde', 1234, 5600],
  ['nothing about money', null, null],
] as const)('%s', ([text, lost, perHour]) => {
  expect(moneyIn(slack({ attachments: [{ text }] }))).toEqual({ lost, perHour, currency: 'EUR' });
});
