import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { isStaleAt } from '@tillwatch/model';
import { expect, test } from 'vitest';
import { openTsdb } from '../src/index.ts';
import { SERIES, sampleOf, TIME_STEP_MS } from './crash-contents.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const WRITER = fileURLToPath(new URL('crash-writer.ts', import.meta.url));

test('what was reported as stored is there, bit for bit, however the process dies', { timeout: 60_000 }, async () => {
  const dir = temporaryDirectory();
  let next = 0;
  for (const batches of [1, 33, 150, 7]) {
    const reported = await killAfter(dir, next, next + batches);
    const store = await openTsdb(dir, { retentionMs: 1e15 });
    const stored = store.get('crash', 'number') as number;
    // One more may have been committed than was heard of; documents and samples go together all the same.
    expect(stored).toBeGreaterThanOrEqual(reported);
    let found = 0;
    for (const { labels, timestampsMs, values } of store.select([], 0, 1e15)) {
      found++;
      const i = Number(labels.get('i'));
      const numbers = Array.from(timestampsMs, (timestampMs) => timestampMs / TIME_STEP_MS);
      // A series cannot end before it began, so its very first sample may be missing.
      const begin = i % 7 === 0 ? 1 : 0;
      expect(numbers).toEqual(Array.from({ length: stored + 1 - begin }, (_, k) => k + begin));
      numbers.forEach((number, k) => {
        if (i % 7 === number % 7) expect(isStaleAt(values, k)).toBe(true);
        else expect(values[k]).toBe(sampleOf(number, i));
      });
    }
    expect(found).toBe(SERIES);
    await store.close();
    next = stored + 1;
  }
});

/** Starts a writer at batch `first` and kills it as soon as it has reported batch `last`; returns the last one reported. */
async function killAfter(dir: string, first: number, last: number): Promise<number> {
  const args = ['--conditions=tillwatch-source', '--import', 'tsx', WRITER, dir, String(first)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  let reported = -1;
  for await (const line of createInterface({ input: child.stdout })) {
    reported = Number(line);
    if (reported >= last) child.kill('SIGKILL');
  }
  await exited;
  return reported;
}
