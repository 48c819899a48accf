import type { SourceText } from '@tillwatch/model';
import type { Place } from './to-value.ts';

/** Names of fields that hold secrets, misspelt ones too; names of files that hold them are none. */
const SECRET_NAME = /pass?w|secret|token|credential|api_?key|(?:^|_)key$|Key$|api_?url|web_?hook_?url|webhook$/i;
const FILE_NAME = /_(?:file|ref)$|File$/;

/** Does a field of this name hold something that must not be repeated? */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && !FILE_NAME.test(name);
}

/**
 * The text with every secret blanked out, character by character, so that offsets stay. Problems carry the text they are
 * about, and reports print lines of it.
 */
export function maskSecrets(source: SourceText, root: Place): SourceText {
  const ranges: [from: number, to: number][] = [];
  const collect = (place: Place, isSecret: boolean) => {
    if (place.children.size === 0 && isSecret && place.node?.range)
      ranges.push([place.node.range[0], place.node.range[1]]);
    for (const [name, child] of place.children) collect(child, isSecret || isSecretName(name));
  };
  collect(root, false);
  ranges.sort(([a], [b]) => a - b);
  let text = '';
  let at = 0;
  for (const [from, to] of ranges) {
    if (from < at) continue;
    text += source.text.slice(at, from) + blank(source.text.slice(from, to));
    at = to;
  }
  return { file: source.file, text: text + source.text.slice(at) };
}

const FIELD = /(?<![\w-])["']?([\w-]+)["']?\s*:[ \t]+/g;

/** The same for a text that cannot be parsed: whatever follows the name of a secret on its line. */
export function maskSecretLines(source: SourceText): SourceText {
  const lines = source.text.split('\n').map((line) => {
    const secret = [...line.matchAll(FIELD)].find((field) => isSecretName(field[1] as string));
    if (secret === undefined) return line;
    const valueAt = secret.index + secret[0].length;
    return line.slice(0, valueAt) + blank(line.slice(valueAt));
  });
  return { file: source.file, text: lines.join('\n') };
}

function blank(text: string): string {
  return text.replace(/\S/g, '*');
}
