import { readFile, stat } from 'node:fs/promises';
import { dirname, isAbsolute, resolve } from 'node:path';
import type { Problem, SourceText } from '@tillwatch/model';
import { spanOf } from '@tillwatch/model';
import { glob } from 'tinyglobby';

/** Configuration files larger than this are refused: nobody writes them by hand, and reading must stay bounded. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** A file that was asked for, or the problem that it cannot be read. */
export type FileResult = { readonly source: SourceText } | { readonly problem: Problem };

/** Reads one configuration file as UTF-8. */
export async function readSource(file: string): Promise<FileResult> {
  try {
    const { size } = await stat(file);
    if (size > MAX_FILE_BYTES) return unreadable(file, `it has ${size} bytes, at most ${MAX_FILE_BYTES} are read`);
    return { source: { file, text: await readFile(file, 'utf8') } };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return unreadable(file, code === 'ENOENT' ? 'there is no such file' : (error as Error).message);
  }
}

function unreadable(file: string, why: string): FileResult {
  return {
    problem: {
      code: 'file-unreadable',
      severity: 'error',
      message: `cannot read ${file}: ${why}`,
      at: spanOf({ file, text: '' }),
    },
  };
}

/**
 * The files that the patterns of a configuration file name, relative to its folder, each once, in order. A pattern without
 * wildcards names its file whether it exists or not, so that a missing one is reported and not passed over.
 */
export async function expandPatterns(patterns: readonly string[], baseFile: string): Promise<string[]> {
  const base = dirname(baseFile);
  const files: string[] = [];
  for (const pattern of patterns) {
    if (!/[*?[{]/.test(pattern)) {
      files.push(isAbsolute(pattern) ? pattern : resolve(base, pattern));
      continue;
    }
    const found = await glob(pattern, {
      cwd: base,
      absolute: true,
      onlyFiles: true,
      expandDirectories: false,
      dot: false,
    });
    files.push(...found.sort());
  }
  return [...new Set(files)];
}
