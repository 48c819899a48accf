import { resolve } from 'node:path';
import type { Problem, SourceText } from '@tillwatch/model';
import { lintExposition } from '@tillwatch/scrape/exposition';
import { readSource } from '../files.ts';
import { plural, printProblems, type Terminal } from './terminal.ts';

/** More than this is not read from standard input. */
const MOST_BYTES = 64 * 1024 * 1024;

/**
 * Checks metrics pages as strict readers would, and against the conventions for names. `-` is standard input. Returns 1 for
 * errors, 3 when only conventions are not kept (as promtool does), 0 when all is well.
 */
export async function checkMetricsCommand(terminal: Terminal, files: readonly string[]): Promise<number> {
  const checked = files.length === 0 ? ['-'] : files;
  const problems: Problem[] = [];
  for (const file of checked) {
    const read = file === '-' ? { source: await readAll(process.stdin) } : await readSource(resolve(file));
    if ('problem' in read) problems.push(read.problem);
    else problems.push(...lintExposition({ ...read.source, file: file === '-' ? 'standard input' : file }));
  }
  if (printProblems(problems, terminal)) return 1;
  if (problems.length > 0) return 3;
  terminal.out(`${plural(checked.length, 'page')} checked: fine.\n`);
  return 0;
}

async function readAll(input: AsyncIterable<Uint8Array>): Promise<SourceText> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of input) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MOST_BYTES) break;
  }
  return { file: 'standard input', text: Buffer.concat(chunks).subarray(0, MOST_BYTES).toString('utf8') };
}
