/** One piece of a template: text as it is, or a group of the regular expression by number or name. */
type Piece = { readonly text: string } | { readonly group: string };

/** A replacement such as `${1}-$name`, read once. */
export interface Template {
  readonly pieces: readonly Piece[];
  readonly hasGroups: boolean;
}

const REFERENCE = /\$(?:\$|\{(\w+)\}|(\w+))/gu;

/**
 * Reads a template with Go's meaning: a name is as long as it can be (`$1x` is the group "1x"), `$$` is a dollar sign, and a
 * dollar that begins nothing is itself.
 */
export function readTemplate(template: string): Template {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of template.matchAll(REFERENCE)) {
    if (match.index > end) pieces.push({ text: template.slice(end, match.index) });
    const group = match[1] ?? match[2];
    pieces.push(group === undefined ? { text: '$' } : { group });
    end = match.index + match[0].length;
  }
  if (end < template.length) pieces.push({ text: template.slice(end) });
  return { pieces, hasGroups: pieces.some((piece) => 'group' in piece) };
}

/** The template filled in; `groupText` gives '' for groups that are not there. */
export function expand(template: Template, groupText: (group: string) => string): string {
  let out = '';
  for (const piece of template.pieces) out += 'text' in piece ? piece.text : groupText(piece.group);
  return out;
}
