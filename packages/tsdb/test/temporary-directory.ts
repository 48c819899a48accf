import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A directory for one test, removed after it. */
export function temporaryDirectory(): string {
  const dir = mkdtempSync(join(tmpdir(), 'tillwatch-tsdb-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}
