import { appendFile, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ledger, silentLogger } from '@tillwatch/model';
import { ManualClock } from '@tillwatch/model/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FileFollower } from '../src/logs/follow-file.ts';
import { createLogReader } from '../src/logs/log-reader.ts';

let dir: string;
let file: string;
let number = 0;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tillwatch-logs-'));
});

beforeEach(() => {
  file = join(dir, `shop-${number++}.log`);
});

afterAll(() => rm(dir, { recursive: true, force: true }));

describe('a log file', () => {
  const linesOf = async (follower: FileFollower) => (await follower.read()).lines;

  test('is followed line by line, a line when it is whole', async () => {
    const follower = new FileFollower(file);
    await writeFile(file, 'one\ntwo\nthr');
    expect(await linesOf(follower)).toEqual(['one', 'two']);
    expect(await linesOf(follower)).toEqual([]);
    await appendFile(file, 'ee\n\nfoür\n');
    expect(await linesOf(follower)).toEqual(['three', 'foür']);
  });

  test('that comes later is read from its first line', async () => {
    const follower = new FileFollower(file);
    expect(await linesOf(follower)).toEqual([]);
    await writeFile(file, 'one\n');
    expect(await linesOf(follower)).toEqual(['one']);
  });

  test('that is rotated or emptied is read from its beginning', async () => {
    const follower = new FileFollower(file);
    await writeFile(file, 'one\nhalf');
    await linesOf(follower);
    await rename(file, `${file}.1`);
    await writeFile(file, 'a new file that is longer\n');
    expect(await linesOf(follower)).toEqual(['a new file that is longer']);
    await truncate(file);
    await linesOf(follower);
    await appendFile(file, 'new\n');
    expect(await linesOf(follower)).toEqual(['new']);
  });

  test('is at first read from near its end, and skipped over when more is written than is read', async () => {
    const line = `${'x'.repeat(99)}\n`;
    await writeFile(file, line.repeat(10_000));
    const follower = new FileFollower(file);
    const first = await follower.read();
    expect(first.skippedBytes).toBe(0);
    expect(first.lines.length).toBe(Math.floor((256 * 1024) / 100));
    await appendFile(file, line.repeat(20_000));
    const second = await follower.read();
    expect(second.skippedBytes).toBe(2_000_000 - 1024 * 1024);
    expect(second.lines.every((text) => text.length === 99)).toBe(true);
  });

  test('has no lines that are longer than any failure line', async () => {
    const follower = new FileFollower(file);
    await writeFile(file, `${'x'.repeat(40_000)}\nshort\n${'y'.repeat(40_000)}`);
    expect(await linesOf(follower)).toEqual(['short']);
  });
});

describe('the log reader', () => {
  const ledger: Ledger = {
    batch: () => ({ append: () => true, appendStale() {}, put() {}, remove() {}, commit: () => Promise.resolve() }),
    get: () => undefined,
    entries: () => [],
  };
  const failure = (attempt: string) =>
    `${JSON.stringify({ msg: 'checkout failed', time: 5_000_000_000_000, attempt_id: attempt, reason: 'oops', class: 'technical' })}\n`;

  test('keeps the failures of every file and counts the rest', async () => {
    const other = `${file}.other`;
    await writeFile(file, `${failure('a')}listening\n`);
    await writeFile(other, failure('b'));
    const reader = createLogReader({ files: [file, other], ledger, clock: new ManualClock(0), logger: silentLogger });
    await reader.look();
    expect(reader.stats()).toEqual({ failures: 2, others: 1, skippedBytes: 0, unreadable: 0 });
    const told = reader.failures.last({ sinceMs: 0, untilMs: 1e13, labels: {}, limit: 5 });
    expect(told.map(({ attemptId }) => attemptId).sort()).toEqual(['a', 'b']);
  });

  test('tells once that a file cannot be read, and goes on with the others', async () => {
    const warnings: unknown[] = [];
    const logger = { ...silentLogger, warn: (_message: string, fields: unknown) => void warnings.push(fields) };
    await writeFile(file, failure('a'));
    const reader = createLogReader({ files: [dir, file], ledger, clock: new ManualClock(0), logger });
    await reader.look();
    await reader.look();
    expect(warnings).toHaveLength(1);
    expect(reader.stats()).toMatchObject({ failures: 1, unreadable: 1 });
    await reader.stop();
  });
});
