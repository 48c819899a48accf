import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as testing from '../src/testing.ts';
import { run } from './support/run-cli.ts';

/** The examples of docs/rule-tests.md do what the page says. */
const page = await readFile(fileURLToPath(new URL('../../../docs/rule-tests.md', import.meta.url)), 'utf8');

function examples(language: string): { file: string; text: string }[] {
  return [...page.matchAll(new RegExp(`\`\`\`${language}\n(?:#|//) (\\S+)\n(.*?)\`\`\``, 'gs'))].map(
    ([, file = '', text = '']) => ({ file, text }),
  );
}

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tillwatch-rule-tests-'));
  for (const { file, text } of examples('yaml')) {
    await mkdir(dirname(join(dir, file)), { recursive: true });
    await writeFile(join(dir, file), text);
  }
});
afterAll(() => rm(dir, { recursive: true, force: true }));

test('the test file passes', async () => {
  const { code, out, err } = await run('test', 'rules', join(dir, 'rules/checkout.test.yml'));
  expect(err).toBe('');
  expect(out).toMatch(/ok {6}a provider fails\n1 test in 1 file: 1 passed, 0 failed\.\n$/);
  expect(code).toBe(0);
});

test('a failed check looks as it is shown', async () => {
  const text = (await readFile(join(dir, 'rules/checkout.test.yml'), 'utf8')).replace(
    'eval_time: 14m',
    'eval_time: 11m',
  );
  await writeFile(join(dir, 'rules/early.test.yml'), text);
  const { code, out } = await run('test', 'rules', join(dir, 'rules/early.test.yml'));
  const [, shown = ''] = /```text\n(.*?)```/s.exec(page) ?? [];
  const withoutPlace = (lines: string) => lines.replace(/\S+\.test\.yml:\d+:\d+/, 'PLACE');
  expect(withoutPlace(out)).toContain(withoutPlace(shown));
  expect(code).toBe(1);
});

describe('the tests in code', () => {
  const [{ text } = { text: '' }] = examples('ts');
  const tests: [string, () => Promise<void>][] = [];
  const collect = (name: string, body: () => Promise<void>) => void tests.push([name, body]);
  const surroundings = {
    ...testing,
    loadRules: (...files: string[]) => testing.loadRules(...files.map((file) => join(dir, file))),
    test: collect,
  };
  const body = text.replace(/^import .*$/gm, '');
  new Function(...Object.keys(surroundings), body)(...Object.values(surroundings));

  test('are there', () => expect(tests.length).toBeGreaterThan(1));
  test.for(tests)('%s', ([, body]) => body());
});
