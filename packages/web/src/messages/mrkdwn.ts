/** A piece of a Slack text. Links carry only http(s) and mailto addresses; anything else stays text. */
export type MrkdwnNode =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'bold' | 'italic' | 'strike'; readonly children: readonly MrkdwnNode[] }
  | { readonly kind: 'code' | 'pre'; readonly text: string }
  | { readonly kind: 'mention'; readonly text: string }
  | { readonly kind: 'link'; readonly url: string; readonly text: string };

/** Marks of foreign text, which whoever wrote the message keeps apart by invisible characters: Slack formats nothing by them. */
const APART = /\u200b(?:[*_~]+|`+)\u200b/y;

const DELIMITERS = { '*': 'bold', _: 'italic', '~': 'strike' } as const;

/** Reads Slack's mrkdwn as Slack shows it: formatting at word borders, `<url|text>` links, code, and its three entities. */
export function parseMrkdwn(text: string): MrkdwnNode[] {
  const nodes: MrkdwnNode[] = [];
  let plain = '';
  const flush = () => {
    if (plain !== '') nodes.push({ kind: 'text', text: unescapeEntities(plain) });
    plain = '';
  };
  let i = 0;
  while (i < text.length) {
    const apart = apartLength(text, i);
    plain += text.slice(i, i + apart);
    i += apart;
    if (apart > 0) continue;
    const found = nodeAt(text, i);
    if (found === undefined) {
      plain += text[i];
      i++;
    } else {
      flush();
      nodes.push(found.node);
      i = found.end;
    }
  }
  flush();
  return nodes;
}

function nodeAt(text: string, at: number): { node: MrkdwnNode; end: number } | undefined {
  const char = text[at]!;
  if (text.startsWith('```', at)) {
    const end = text.indexOf('```', at + 3);
    return end === -1
      ? undefined
      : { node: { kind: 'pre', text: unescapeEntities(text.slice(at + 3, end).replace(/^\n/, '')) }, end: end + 3 };
  }
  if (char === '`') {
    const end = text.indexOf('`', at + 1);
    const inside = text.slice(at + 1, end);
    return end <= at + 1 || inside.includes('\n')
      ? undefined
      : { node: { kind: 'code', text: unescapeEntities(inside) }, end: end + 1 };
  }
  if (char === '<') {
    const end = text.indexOf('>', at + 1);
    return end === -1 ? undefined : { node: bracketNode(text.slice(at + 1, end)), end: end + 1 };
  }
  if (char === '*' || char === '_' || char === '~') {
    if (at > 0 && /[\p{L}\p{N}]/u.test(text[at - 1]!)) return undefined;
    const end = closingAt(text, at, char);
    if (end === undefined) return undefined;
    return { node: { kind: DELIMITERS[char], children: parseMrkdwn(text.slice(at + 1, end)) }, end: end + 1 };
  }
  return undefined;
}

/** Formatting does not cross a line and touches its words on the inside. */
function closingAt(text: string, at: number, delimiter: string): number | undefined {
  if (text[at + 1] === undefined || /\s/.test(text[at + 1]!)) return undefined;
  for (let i = at + 1; i < text.length && text[i] !== '\n'; i++) {
    const apart = apartLength(text, i);
    if (apart > 0) {
      i += apart - 1;
      continue;
    }
    const closes = text[i] === delimiter && i > at + 1 && !/\s/.test(text[i - 1]!);
    if (closes && !/[\p{L}\p{N}]/u.test(text[i + 1] ?? ' ')) return i;
  }
  return undefined;
}

function apartLength(text: string, at: number): number {
  if (text[at] !== '\u200b') return 0;
  APART.lastIndex = at;
  return APART.exec(text)?.[0].length ?? 0;
}

function bracketNode(inside: string): MrkdwnNode {
  const [target = '', label] = inside.split('|', 2);
  if (/^(https?:\/\/|mailto:)/i.test(target)) {
    const url = unescapeEntities(target);
    return { kind: 'link', url, text: unescapeEntities(label ?? url.replace(/^mailto:/i, '')) };
  }
  if (/^[!@#]/.test(target)) return { kind: 'mention', text: `@${unescapeEntities(label ?? target.slice(1))}` };
  return { kind: 'text', text: `<${unescapeEntities(inside)}>` };
}

function unescapeEntities(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
