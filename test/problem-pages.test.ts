import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The rooms that find problems in what users write. */
const sources = ['config', 'promql', 'checkout', 'alerting', 'tillwatch'].flatMap((room) => {
  const dir = join(root, 'packages', room, 'src');
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => ({ room, text: readFileSync(join(dir, file), 'utf8') }));
});

const pages = readdirSync(join(root, 'docs/problems')).map((file) => file.replace(/\.md$/, ''));

/** Codes that are written beside a severity, and those that the PromQL checks report without their prefix. */
function codesInUse(): Set<string> {
  const codes = new Set<string>();
  for (const { room, text } of sources) {
    for (const match of text.matchAll(/code: '([a-z-]+)',\s*severity/g)) codes.add(match[1]!);
    if (room !== 'promql') continue;
    for (const match of text.matchAll(/\breport\(\s*'([a-z-]+)'/g)) codes.add(`promql-${match[1]}`);
  }
  return codes;
}

test('every code of a problem has its page', () => {
  expect([...codesInUse()].filter((code) => !pages.includes(code))).toEqual([]);
});

test('every page has its code', () => {
  const written = (code: string) => sources.some(({ text }) => text.includes(`'${code}'`));
  expect(pages.filter((page) => !written(page) && !written(page.replace('promql-', '')))).toEqual([]);
});

test('every page says what to do', () => {
  for (const page of pages) {
    const text = readFileSync(join(root, 'docs/problems', `${page}.md`), 'utf8');
    expect(text).toMatch(new RegExp(`^# ${page}\n[^]+\n## For example\n[^]+\n## What to do\n\n\\S`));
  }
});
