import type { Briefing, BriefingBlock } from '@tillwatch/model';
import { toneStyle } from '../tone-style.ts';
import { truncateRunes } from '../truncate.ts';
import { cutMarkup, escapeText, link, neutralise } from './mrkdwn.ts';

/** A Block Kit block. */
export type SlackBlock = Readonly<Record<string, unknown>> & { readonly type: string };

/** What Slack accepts in one message, with room to spare where the limit is only known from experience. */
export const SLACK_LIMITS = {
  header: 150,
  section: 3_000,
  field: 2_000,
  fieldsPerSection: 10,
  contextElements: 10,
  blocks: 50,
  /** All blocks as JSON. Slack was seen to refuse messages from 13,172 characters (`msg_blocks_too_long`). */
  total: 12_000,
} as const;

/** Kept free for the note that says how much was left out, the links and the footer. */
const RESERVED_BLOCKS = 4;

/**
 * A briefing as Block Kit: headline, what it means, its paragraphs, the links, the small print. What does not fit is left
 * out from the end of the paragraphs, never the links, and the message says how much there is more.
 */
export function briefingBlocks(briefing: Briefing): SlackBlock[] {
  const style = toneStyle[briefing.tone];
  const head: SlackBlock[] = [
    {
      type: 'header',
      text: {
        type: 'plain_text',
        text: truncateRunes(`${style.emoji} ${oneLine(briefing.title)}`, 145).text,
        emoji: true,
      },
    },
  ];
  if (briefing.lead !== '') head.push(section(neutralise(briefing.lead)));

  const foot: SlackBlock[] = [];
  if (briefing.links.length > 0) {
    foot.push(section(cutLinks(briefing.links.slice(0, 20).map((target) => link(target.url, target.text)))));
  }
  if (briefing.footer !== '') foot.push(context(neutralise(briefing.footer)));
  if (foot.length > 0) foot.unshift({ type: 'divider' });

  const body: SlackBlock[] = [];
  let room = SLACK_LIMITS.total - size(head) - size(foot) - 200;
  let left = 0;
  for (const block of briefing.blocks) {
    const rendered = left === 0 ? paragraph(block) : [];
    const needed = size(rendered);
    const blocks = head.length + body.length + rendered.length + foot.length + RESERVED_BLOCKS;
    if (rendered.length === 0 || needed > room || blocks > SLACK_LIMITS.blocks) {
      left++;
      continue;
    }
    room -= needed;
    body.push(...rendered);
  }
  if (left > 0) body.push(context(leftOut(left, briefing)));
  return [...head, ...body, ...foot];
}

/** The same in one line of plain text: what a phone's lock screen shows. */
export function briefingFallback(briefing: Briefing): string {
  const text = [briefing.title, briefing.lead].filter((part) => part !== '').join(' — ');
  return cutMarkup(escapeText(`${toneStyle[briefing.tone].emoji} ${oneLine(text)}`), 500);
}

function paragraph(block: BriefingBlock): SlackBlock[] {
  const heading =
    block.heading === undefined || block.heading === '' ? '' : `*${neutralise(oneLine(block.heading))}*\n`;
  switch (block.kind) {
    case 'text':
      return [section(heading + neutralise(block.text))];
    case 'list':
      return [
        section(
          heading +
            fitLines(
              block.items.map((item) => `• ${neutralise(oneLine(item))}`),
              heading.length,
            ),
        ),
      ];
    case 'code': {
      // Inside a code block only three backticks in a row end it.
      const code = escapeText(block.text).replaceAll('```', "'''");
      return [section(`${heading}\`\`\`\n${cutMarkup(code, SLACK_LIMITS.section - heading.length - 10)}\n\`\`\``)];
    }
    case 'facts':
      return facts(heading, block.facts);
  }
}

function facts(heading: string, all: readonly { readonly name: string; readonly value: string }[]): SlackBlock[] {
  const fields = all.map((fact) => ({
    type: 'mrkdwn',
    text: cutMarkup(`*${neutralise(oneLine(fact.name))}*\n${neutralise(fact.value)}`, SLACK_LIMITS.field),
    verbatim: true,
  }));
  const blocks: SlackBlock[] = heading === '' ? [] : [section(heading.trimEnd())];
  for (let i = 0; i < fields.length; i += SLACK_LIMITS.fieldsPerSection) {
    blocks.push({ type: 'section', fields: fields.slice(i, i + SLACK_LIMITS.fieldsPerSection) });
  }
  return blocks;
}

/** As many lines as fit; the last one says how many did not. */
function fitLines(lines: readonly string[], used: number): string {
  const room = SLACK_LIMITS.section - used - 40;
  const kept: string[] = [];
  let length = 0;
  for (const line of lines) {
    const cut = cutMarkup(line, 500);
    if (length + cut.length + 1 > room) break;
    length += cut.length + 1;
    kept.push(cut);
  }
  const left = lines.length - kept.length;
  return left === 0 ? kept.join('\n') : [...kept, `… and ${left} more`].join('\n');
}

function cutLinks(links: readonly string[]): string {
  let text = '';
  for (const next of links) {
    const joined = text === '' ? next : `${text}  ·  ${next}`;
    if (joined.length > SLACK_LIMITS.section) break;
    text = joined;
  }
  return text === '' ? '…' : text;
}

function leftOut(count: number, briefing: Briefing): string {
  const target = briefing.links[0];
  const words = `${count} more ${count === 1 ? 'part' : 'parts'}`;
  return target === undefined ? `… ${words} left out` : `… ${words}, see ${link(target.url, target.text)}`;
}

function section(text: string): SlackBlock {
  // An empty text is refused by Slack. `verbatim` keeps Slack from turning addresses and names in it into links.
  const cut = cutMarkup(text === '' ? ' ' : text, SLACK_LIMITS.section);
  return { type: 'section', text: { type: 'mrkdwn', text: cut, verbatim: true } };
}

function context(text: string): SlackBlock {
  return { type: 'context', elements: [{ type: 'mrkdwn', text: cutMarkup(text, SLACK_LIMITS.field), verbatim: true }] };
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

function size(blocks: readonly SlackBlock[]): number {
  return blocks.reduce((sum, block) => sum + JSON.stringify(block).length + 1, 0);
}
