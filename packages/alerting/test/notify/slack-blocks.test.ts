import type { Briefing } from '@tillwatch/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  briefingBlocks,
  briefingFallback,
  SLACK_LIMITS,
  type SlackBlock,
} from '../../src/notify/slack/briefing-blocks.ts';

const briefing: Briefing = {
  tone: 'page',
  title: 'Checkout fails for 12 % of customers',
  lead: 'Provider acme-pay <eu> answers with errors & timeouts.',
  blocks: [
    {
      kind: 'facts',
      heading: 'Then and now',
      facts: [
        { name: 'Success rate', value: '88 % (before: 98 %)' },
        { name: 'Lost', value: 'about 480 EUR per hour' },
      ],
    },
    { kind: 'list', heading: 'Failing', items: ['payment at acme-pay', 'region eu'] },
    { kind: 'code', text: 'error: ``` <timeout>' },
  ],
  links: [{ text: 'Open the page', url: 'https://tillwatch.example/?a=1&b=2' }],
  footer: 'Estimated from the last week.',
  language: 'en',
};

function texts(blocks: readonly SlackBlock[]): string[] {
  const found: string[] = [];
  JSON.stringify(blocks, (key, value) => {
    if (key === 'text' && typeof value === 'string') found.push(value);
    return value;
  });
  return found;
}

test('a briefing becomes a headline, paragraphs, links and small print', () => {
  const blocks = briefingBlocks(briefing);
  expect(blocks.map(({ type }) => type)).toEqual([
    'header',
    'section',
    'section',
    'section',
    'section',
    'section',
    'divider',
    'section',
    'context',
  ]);
  expect(texts(blocks)).toContain('🔴 Checkout fails for 12 % of customers');
  expect(texts(blocks)).toContain('Provider acme-pay &lt;eu&gt; answers with errors &amp; timeouts.');
  expect(texts(blocks)).toContain('<https://tillwatch.example/?a=1&amp;b=2|Open the page>');
  expect(texts(blocks)).toContain("```\nerror: ''' &lt;timeout&gt;\n```");
  expect(briefingFallback(briefing)).toBe(
    '🔴 Checkout fails for 12 % of customers — Provider acme-pay &lt;eu&gt; answers with errors &amp; timeouts.',
  );
});

test('a message that is too long keeps its links and says how much is left out', () => {
  const blocks = briefingBlocks({
    ...briefing,
    blocks: Array.from({ length: 30 }, () => ({ kind: 'text' as const, text: 'ü'.repeat(2_500) })),
  });
  const all = texts(blocks).join('\n');
  expect(all).toContain('… 26 more parts, see <https://tillwatch.example/?a=1&amp;b=2|Open the page>');
  expect(blocks.at(-1)?.type).toBe('context');
});

test('a long list says how many items it leaves out', () => {
  const items = Array.from(
    { length: 120 },
    (_, i) => `SKU-${i} Größe-XL failed 12 of 15 checkouts in the last 5 minutes`,
  );
  const all = texts(briefingBlocks({ ...briefing, blocks: [{ kind: 'list', items }] })).join('\n');
  const shown = all.match(/• SKU-/g)?.length ?? 0;
  expect(shown).toBeGreaterThan(30);
  expect(all).toContain(`… and ${120 - shown} more`);
});

test('no briefing can exceed the limits of Slack', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '&', '<', '>', '🚨', '*', '\n', '`', 'ß'), maxLength: 4_000 });
  const block = fc.oneof(
    fc.record({ kind: fc.constant('text' as const), heading: text, text }),
    fc.record({ kind: fc.constant('list' as const), items: fc.array(text, { maxLength: 30 }) }),
    fc.record({ kind: fc.constant('code' as const), text }),
    fc.record({
      kind: fc.constant('facts' as const),
      facts: fc.array(fc.record({ name: text, value: text }), { maxLength: 25 }),
    }),
  );
  const any = fc.record({
    tone: fc.constantFrom('page' as const, 'inform' as const, 'resolved' as const),
    title: text,
    lead: text,
    blocks: fc.array(block, { maxLength: 60 }),
    links: fc.array(fc.record({ text, url: fc.constant('https://x.example/<>') }), { maxLength: 5 }),
    footer: text,
    language: fc.constant('en'),
  });
  fc.assert(
    fc.property(any, (value) => {
      const blocks = briefingBlocks(value);
      expect(blocks.length).toBeLessThanOrEqual(SLACK_LIMITS.blocks);
      expect(JSON.stringify(blocks).length).toBeLessThan(13_000);
      for (const one of blocks) {
        const { text: element, fields } = one as { text?: { text: string }; fields?: { text: string }[] };
        if (element !== undefined) {
          expect(element.text.length).toBeLessThanOrEqual(one.type === 'header' ? 150 : 3_000);
          expect(element.text).not.toBe('');
        }
        expect(fields?.length ?? 0).toBeLessThanOrEqual(10);
        for (const field of fields ?? []) expect(field.text.length).toBeLessThanOrEqual(2_000);
      }
      for (const shown of texts(blocks).slice(1)) {
        expect(shown.replace(/<https:[^<>]*>|&(amp|lt|gt);/g, '')).not.toMatch(/[<>&]/);
      }
    }),
    { numRuns: 60 },
  );
});
