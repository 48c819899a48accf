import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * The files that a pattern names now, in order. `*`, `?` and `[…]` may stand in the last part of the path, as in Prometheus. A
 * folder that is not there has no files.
 */
export async function filesOf(pattern: string): Promise<string[]> {
  const folder = dirname(pattern);
  const name = basename(pattern);
  if (!/[*?[\\]/.test(name)) return (await isThere(pattern)) ? [pattern] : [];
  const matches = globOf(name);
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names
    .filter((one) => matches.test(one))
    .sort()
    .map((one) => join(folder, one));
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
}

/** A shell pattern as a regular expression for a whole name. */
function globOf(pattern: string): RegExp {
  const parts = pattern.match(/\\.|\[\^?[^\]]+\]|[\s\S]/g) ?? [];
  const source = parts.map((part) => {
    if (part === '*') return '[^/]*';
    if (part === '?') return '[^/]';
    if (part.startsWith('[') && part.length > 2) return part.replaceAll('\\', '\\\\');
    return (part.startsWith('\\') ? part.slice(1) : part).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${source.join('')}$`);
}
