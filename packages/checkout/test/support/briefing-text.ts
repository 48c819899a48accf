import type { Briefing } from '@tillwatch/model';

/** Everything that a briefing says, a fact or an item a line. */
export function textOf(briefing: Briefing): string {
  const blocks = briefing.blocks.map((block) => {
    switch (block.kind) {
      case 'facts':
        return block.facts.map(({ name, value }) => `${name}: ${value}`).join('\n');
      case 'list':
        return block.items.join('\n');
      default:
        return block.text;
    }
  });
  return [briefing.title, briefing.lead, ...blocks].join('\n');
}
