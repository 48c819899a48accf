import { Document } from 'yaml';

/** Writes a generated YAML file: a comment on top, long texts as blocks, keys without a value left out. */
export function yamlFile(comment: string, content: unknown): string {
  const document = new Document(content, { keepUndefined: false, aliasDuplicateObjects: false });
  document.commentBefore = comment
    .split('\n')
    .map((line) => ` ${line}`)
    .join('\n');
  return document.toString({ lineWidth: 0, blockQuote: 'literal' });
}
