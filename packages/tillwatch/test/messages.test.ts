import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadTillwatchYaml } from '../src/configuration.ts';
import { run } from './support/run-cli.ts';

let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tillwatch-messages-'));
});

afterAll(() => rm(dir, { recursive: true, force: true }));

async function shop(messages: Record<string, string> | undefined): Promise<string> {
  const folder = await mkdtemp(join(dir, 'shop-'));
  const file = join(folder, 'tillwatch.yaml');
  await writeFile(
    file,
    `shop: { name: Kiosk, language: de, currency: EUR, rates: { USD: 0.92 } }
targets: [{ urls: [http://shop:3000/metrics] }]
teams:
  ops: { email: { to: ops@shop.example }, timezone: Europe/Vienna, language: de-AT }
  dev: { email: { to: dev@shop.example }, language: en }
messages: { dir: words }
logs: [{ file: shop.log }]
`,
  );
  if (messages === undefined) return file;
  expect((await run('messages', '-c', file, '--out', join(folder, 'words'))).code).toBe(0);
  for (const [name, text] of Object.entries(messages)) await writeFile(join(folder, 'words', name), text);
  return file;
}

test('writes the texts in the languages of the teams, as files that check accepts', async () => {
  const file = await shop({});
  const words = join(file, '..', 'words');
  expect((await readdir(words)).sort()).toEqual(
    ['business', 'dev', 'ops', 'page'].flatMap((readers) => [`${readers}.de.yml`, `${readers}.en.yml`]),
  );
  expect(await run('check', file)).toEqual({ code: 0, out: '1 file checked: fine.\n', err: '' });

  await writeFile(join(words, 'ops.de.yml'), 'notice: Obacht\n');
  const again = await run('messages', '-c', file, '--out', words, '--language', 'de');
  expect(again.out).toContain('ops.de.yml is there already: left alone');
  expect(await readFile(join(words, 'ops.de.yml'), 'utf8')).toBe('notice: Obacht\n');
  expect(await run('messages', '--language', 'fr')).toMatchObject({ code: 1, err: expect.stringContaining('"fr"') });
});

test('a mistake in a text is found with its place, and the shop is watched all the same', async () => {
  const file = await shop({ 'ops.de.yml': 'notice: Obacht\nheadline:\n  slow: "Zäh: {langsam}"\n' });
  const { code, err, out } = await run('check', file);
  expect(code).toBe(1);
  expect(out + err).toMatch(/ops\.de\.yml:3:15: error: there is no \{langsam\} here {2}\[message-placeholder\]/);
  const { value, problems } = await loadTillwatchYaml(file);
  expect(problems).toHaveLength(1);
  const override = value?.messages.overrides.find(({ readers, language }) => readers === 'ops' && language === 'de');
  expect(override?.texts).toEqual({ notice: 'Obacht' });
  expect(value?.logs).toEqual([{ file: join(file, '..', 'shop.log') }]);
  expect(value?.teams.map(({ language, timezone }) => [language, timezone])).toEqual([
    ['de-AT', 'Europe/Vienna'],
    ['en', 'UTC'],
  ]);
});

test('a folder that is not there is told with what to do', async () => {
  const { code, err, out } = await run('check', await shop(undefined));
  expect(code).toBe(1);
  expect(out + err).toMatch(/cannot read the folder .*words: it is not there[\s\S]*tillwatch messages --out/);
});
