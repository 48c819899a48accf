import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CheckoutOverview as ComputedOverview } from '@tillwatch/checkout';
import type { CheckoutOverview as ShownOverview } from '@tillwatch/web/api';
import { afterAll, expect, expectTypeOf, test } from 'vitest';
import { runCli } from '../src/cli/program.ts';

const dir = mkdtempSync(join(tmpdir(), 'tillwatch-cli-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await runCli(args, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  return { code, out, err };
}

test('init writes a file that check finds fine and generate understands', async () => {
  const written = await run('init', '--yes', '--out', dir, '--shop', 'Tee & mehr', '--currency', 'CHF');
  expect(written.code).toBe(0);
  const file = join(dir, 'tillwatch.yaml');
  expect(readFileSync(file, 'utf8')).toContain('Tee & mehr');
  expect(await run('check', file)).toMatchObject({ code: 0, out: '1 file checked: fine.\n' });

  const out = join(dir, 'out');
  const generated = await run('generate', '--config', file, '--out', out);
  expect(generated.code).toBe(0);
  for (const name of [
    'prometheus.yml',
    'alertmanager.yml',
    'rules/checkout.yml',
    'rules/checkout.test.yml',
    'docker-compose.yml',
  ]) {
    expect(generated.out).toContain(`${out}/${name}\n`);
  }
  expect(generated.out).not.toContain('secrets/');
  expect(
    await run('check', join(out, 'prometheus.yml'), join(out, 'alertmanager.yml'), join(out, 'rules/checkout.yml')),
  ).toMatchObject({
    code: 0,
  });
});

test('init does not overwrite unless it is told to', async () => {
  const there = mkdtempSync(join(dir, 'there-'));
  writeFileSync(join(there, 'tillwatch.yaml'), 'mine');
  const refused = await run('init', '--yes', '--out', there);
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('--force') });
  expect(readFileSync(join(there, 'tillwatch.yaml'), 'utf8')).toBe('mine');
  expect((await run('init', '--yes', '--out', there, '--force')).code).toBe(0);
});

test('check prints every problem of every file with its place', async () => {
  const file = join(dir, 'wrong.yaml');
  writeFileSync(file, 'shop: { name: A, currency: EURO }\ntargets: []\nteams: {}\nobjectivs: {}\n');
  const rules = join(dir, 'wrong-rules.yml');
  writeFileSync(
    rules,
    'groups:\n  - name: a\n    rules:\n      - alert: X\n        expr: sum(\n        for: 5 minutes\n',
  );
  const { code, err } = await run('check', file, rules, join(dir, 'missing.yml'));
  expect(code).toBe(1);
  expect(err).toMatch(/wrong\.yaml:1:\d+: error: .*EURO/);
  expect(err).toMatch(/wrong\.yaml:4:1: error: .*objectivs/);
  expect(err).toContain('objectives');
  expect(err).toMatch(/wrong-rules\.yml:5:\d+: error: /);
  expect(err).toMatch(/wrong-rules\.yml:6:\d+: error: .*5 minutes/);
  expect(err).toContain('missing.yml');
  expect(err).toMatch(/\d+ errors in 3 files\./);
});

test.for([
  [['demo', 'drill', '--list'], 0, /^provider-outage /],
  [['demo', 'drill', '--list', '--json'], 0, /^\[\{"name":"provider-outage"/],
  [['--version'], 0, /^\d+\.\d+\.\d+\n$/],
  [['--help'], 0, /Usage: tillwatch/],
] as const)('%o answers', async ([args, code, out]) => {
  const result = await run(...args);
  expect(result.code).toBe(code);
  expect(result.out).toMatch(out);
});

test.for([
  [['nonsense'], 2, /unknown command/],
  [['demo', 'break', 'provider-outrage', '--url', 'http://127.0.0.1:1'], 1, /did you mean provider-outage\?/],
  [['demo', 'break', 'provider-outage', '--url', 'http://127.0.0.1:1'], 1, /no demo answers at/],
  [['up', '--alertmanager', 'a.yml'], 1, /goes with --prometheus/],
  [['up', '--config', '/nowhere/tillwatch.yaml'], 1, /tillwatch init/],
  [['up', '--config', '/nowhere/tillwatch.yaml', '--log-level', 'loud'], 1, /not a log level/],
  [['notify', 'test', '--config', '/nowhere/tillwatch.yaml'], 1, /no such file/],
] as const)('%o is refused', async ([args, code, err]) => {
  const result = await run(...args);
  expect(result.code).toBe(code);
  expect(result.err).toMatch(err);
});

test('the page is sent what it expects', () => {
  expectTypeOf<ComputedOverview>().toEqualTypeOf<ShownOverview>();
});
