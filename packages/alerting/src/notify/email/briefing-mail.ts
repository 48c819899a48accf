import type { Briefing, BriefingBlock } from '@tillwatch/model';
import { toneStyle, toneWord } from '../tone-style.ts';

/** What a message is in an e-mail: two forms of the same. */
export interface MailContent {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

const FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;";
const MONO = 'font-family:ui-monospace,Consolas,Menlo,monospace;';

/** A briefing as an e-mail. */
export function briefingMail(briefing: Briefing): MailContent {
  const subject = `${toneStyle[briefing.tone].emoji} ${briefing.title}`;
  return { subject, text: briefingText(briefing), html: briefingHtml(briefing) };
}

/** The plain form: readable by itself, lines as they come. */
function briefingText(briefing: Briefing): string {
  const parts = [briefing.title, briefing.lead, ...briefing.blocks.map(blockText)];
  if (briefing.links.length > 0) parts.push(briefing.links.map(({ text, url }) => `${text}: ${url}`).join('\n'));
  if (briefing.footer !== '') parts.push(`-- \n${briefing.footer}`);
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function blockText(block: BriefingBlock): string {
  const heading = block.heading === undefined || block.heading === '' ? '' : `${block.heading.toUpperCase()}\n`;
  switch (block.kind) {
    case 'text':
      return heading + block.text;
    case 'list':
      return heading + block.items.map((item) => `- ${item}`).join('\n');
    case 'code':
      return heading + block.text.replace(/^/gm, '    ');
    case 'facts': {
      const width = Math.min(28, Math.max(0, ...block.facts.map(({ name }) => name.length)));
      return heading + block.facts.map(({ name, value }) => `${`${name}: `.padEnd(width + 2)}${value}`).join('\n');
    }
  }
}

/**
 * The HTML form. Mail programs know little: tables for the layout, styles in the tags, no images and nothing loaded. The
 * `style` element adds the dark form for programs that know it; in the others the colours are readable on either ground.
 */
export function briefingHtml(briefing: Briefing): string {
  const { color } = toneStyle[briefing.tone];
  const word = toneWord(briefing.tone, briefing.language);
  const blocks = briefing.blocks.map((block) => row(blockHtml(block), '4px 28px 12px')).join('\n');
  const links = briefing.links.map((target, i) => linkHtml(target, color, i === 0)).filter((html) => html !== '');
  return `<!DOCTYPE html>
<html lang="${escapeHtml(briefing.language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${escapeHtml(briefing.title)}</title>
<style>
@media (prefers-color-scheme: dark) {
  .ground { background: #14171a !important; }
  .card { background: #1f2428 !important; border-color: #343b41 !important; }
  .ink { color: #e8eaed !important; }
  .soft { color: #a9b1b8 !important; }
  .line { border-color: #343b41 !important; }
  .code { background: #14171a !important; color: #e8eaed !important; }
}
@media (max-width: 480px) {
  .pad { padding-left: 18px !important; padding-right: 18px !important; }
  .fact { display: block !important; width: auto !important; }
  .name { border-bottom: 0 !important; padding-bottom: 0 !important; }
}
</style>
</head>
<body class="ground" style="margin:0;padding:0;background:#f3f4f6;">
<div style="display:none;max-height:0;overflow:hidden;opacity:0;">${escapeHtml(briefing.lead)}${'&#8203;&nbsp;'.repeat(40)}</div>
<table role="presentation" class="ground" width="100%" cellpadding="0" cellspacing="0" style="background:#f3f4f6;"><tr><td align="center" style="padding:24px 8px;">
<table role="presentation" class="card" width="100%" cellpadding="0" cellspacing="0" style="max-width:620px;background:#ffffff;border:1px solid #d9dde1;border-radius:8px;border-collapse:separate;overflow:hidden;">
<tr><td style="height:6px;line-height:6px;font-size:0;background:${color};">&nbsp;</td></tr>
${row(`<span style="display:inline-block;${FONT}font-size:12px;font-weight:600;color:#ffffff;background:${color};border-radius:4px;padding:2px 8px;">${word}</span>`, '20px 28px 0')}
${row(`<h1 class="ink" style="margin:0;${FONT}font-size:22px;line-height:28px;color:#1b1f23;">${escapeHtml(briefing.title)}</h1>`, '10px 28px 4px')}
${briefing.lead === '' ? '' : row(`<p class="ink" style="margin:0;${FONT}font-size:16px;line-height:24px;color:#1b1f23;">${lines(briefing.lead)}</p>`, '4px 28px 14px')}
${blocks}
${links.length === 0 ? '' : row(links.join('\n'), '8px 28px 16px')}
${briefing.footer === '' ? '' : row(`<p class="soft line" style="margin:0;border-top:1px solid #d9dde1;padding-top:12px;${FONT}font-size:12px;line-height:18px;color:#57606a;">${lines(briefing.footer)}</p>`, '4px 28px 20px')}
</table>
</td></tr></table>
</body>
</html>
`;
}

function row(content: string, padding: string): string {
  return `<tr><td class="pad" style="padding:${padding};">${content}</td></tr>`;
}

function blockHtml(block: BriefingBlock): string {
  const heading =
    block.heading === undefined || block.heading === ''
      ? ''
      : `<h2 class="ink" style="margin:6px 0 6px;${FONT}font-size:14px;line-height:20px;color:#1b1f23;">${escapeHtml(block.heading)}</h2>`;
  const body = `class="ink" style="margin:0;${FONT}font-size:14px;line-height:21px;color:#1b1f23;`;
  switch (block.kind) {
    case 'text':
      return `${heading}<p ${body}">${lines(block.text)}</p>`;
    case 'list': {
      const items = block.items.map((item) => `<li style="margin:0 0 4px;">${lines(item)}</li>`).join('');
      return `${heading}<ul ${body}padding-left:20px;">${items}</ul>`;
    }
    case 'code':
      return `${heading}<pre class="code" style="margin:0;padding:10px 12px;background:#f3f4f6;border-radius:4px;${MONO}font-size:12px;line-height:18px;color:#1b1f23;white-space:pre-wrap;word-break:break-word;">${escapeHtml(block.text)}</pre>`;
    case 'facts': {
      const cell = 'padding:5px 12px 5px 0;border-bottom:1px solid #d9dde1;vertical-align:top;';
      const rows = block.facts.map(
        ({ name, value }) =>
          `<tr><td class="fact name soft line" width="38%" style="${cell}${FONT}font-size:13px;line-height:20px;color:#57606a;">${escapeHtml(name)}</td>` +
          `<td class="fact ink line" style="${cell}${FONT}font-size:14px;line-height:20px;font-weight:600;color:#1b1f23;">${lines(value)}</td></tr>`,
      );
      return `${heading}<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="border-collapse:collapse;">${rows.join('')}</table>`;
    }
  }
}

function linkHtml(target: { readonly text: string; readonly url: string }, color: string, first: boolean): string {
  // Only web addresses: a label must not bring its own scheme.
  if (!/^https?:\/\//i.test(target.url)) return '';
  const look = first
    ? `background:${color};color:#ffffff;border:1px solid ${color};`
    : `color:inherit;border:1px solid #8b949e;`;
  return `<a class="${first ? '' : 'ink'}" href="${escapeHtml(target.url)}" style="display:inline-block;margin:0 6px 6px 0;padding:8px 14px;border-radius:6px;${FONT}font-size:14px;font-weight:600;text-decoration:none;${look}">${escapeHtml(target.text)}</a>`;
}

function lines(text: string): string {
  return escapeHtml(text).replaceAll('\n', '<br>');
}

/** Text for HTML, in elements and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
