import { defaultTexts, type Readers } from './briefing-words.ts';
import { placeholdersFor } from './placeholders.ts';

/** A file of texts to start from. */
export interface MessageFile {
  /** `business.de.yml`. */
  readonly path: string;
  readonly content: string;
}

/** Writes the texts of some readers in one language (`en`, `de` or a tag such as `de-AT`) as a file that `readMessages` reads. */
export function writeMessages(readers: Readers, language: string): MessageFile {
  const path = `${readers}.${language}.yml`;
  const head = `# The texts of ${path.replace(/\.yml$/, '')}. Keep what you change and delete the rest: what is not here stays as it is, and gets better
# with the next version. {name} stands for a value; [ … {name} ] is left out when that value is not known.
# Behind each text are the placeholders that it may use. Check with: tillwatch check
`;
  return { path, content: `${head}\n${section(defaultTexts(readers, language), [])}` };
}

function section(texts: object, path: readonly string[]): string {
  const indent = '  '.repeat(path.length);
  return Object.entries(texts)
    .map(([key, value]) => {
      const here = [...path, key];
      const { allowed } = placeholdersFor(here.join('.'));
      const names = allowed.length === 0 ? '' : `  # ${allowed.map((name) => `{${name}}`).join(' ')}`;
      if (typeof value === 'string') return `${indent}${key}: ${JSON.stringify(value)}${isAlike(here) ? '' : names}\n`;
      if (Array.isArray(value)) {
        if (value.length === 0) return `${indent}${key}: []\n`;
        return `${indent}${key}:\n${value.map((text) => `${indent}  - ${JSON.stringify(text)}\n`).join('')}`;
      }
      return `${indent}${key}:${isAlike([key, '*']) ? names : ''}\n${section(value as object, here)}`;
    })
    .join('');
}

/** Texts of one group that share their placeholders: these are named once, at the group. */
function isAlike(path: readonly string[]): boolean {
  return path.length > 1 && path[0] !== 'verdict';
}
