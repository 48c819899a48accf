import { expect, test } from 'vitest';
import { createLogger } from '../src/logfmt.ts';

const now = () => new Date(0);

test('a line is key=value, the constant message first, and stays one line', () => {
  const lines: string[] = [];
  createLogger('info', (line) => lines.push(line), now).warn('scrape failed', {
    job: 'shop',
    err: 'timeout after 10s\nmore "text"',
    unset: undefined,
    empty: '',
    attempt: 3,
  });
  expect(lines).toEqual([
    'time=1970-01-01T00:00:00.000Z level=warn msg="scrape failed" job=shop err="timeout after 10s\\nmore \\"text\\"" empty="" attempt=3\n',
  ]);
});

test('what is less important than the level is not written', () => {
  const lines: string[] = [];
  const logger = createLogger('warn', (line) => lines.push(line), now);
  logger.debug('a');
  logger.info('b');
  logger.warn('c');
  logger.error('d');
  expect(lines.map((line) => line.match(/msg=(\w)/)?.[1])).toEqual(['c', 'd']);
});
