import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Which of our rooms each room may import: imports go down, never up, and never sideways on the middle floor. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'packages/model': [],
  'packages/promql': ['@tillwatch/model'],
  'packages/config': ['@tillwatch/model', '@tillwatch/promql'],
  'packages/tsdb': ['@tillwatch/model'],
  'packages/scrape': ['@tillwatch/model', '@tillwatch/config'],
  'packages/alerting': ['@tillwatch/model', '@tillwatch/promql', '@tillwatch/config'],
  'packages/checkout': ['@tillwatch/model', '@tillwatch/promql', '@tillwatch/config'],
  'packages/instrument': [],
  'packages/web': ['@tillwatch/model', '@tillwatch/promql'],
  'packages/tillwatch': [
    '@tillwatch/model',
    '@tillwatch/promql',
    '@tillwatch/config',
    '@tillwatch/tsdb',
    '@tillwatch/scrape',
    '@tillwatch/alerting',
    '@tillwatch/checkout',
    '@tillwatch/web',
    '@tillwatch/example-shop',
  ],
  'examples/shop': ['@tillwatch/instrument'],
};

/** The two halves of alerting can each run beside the real other half: they share only `template/`. */
const APART = [
  ['packages/alerting/src/rules/', '/routing/'],
  ['packages/alerting/src/rules/', '/notify/'],
  ['packages/alerting/src/routing/', '/rules/'],
  ['packages/alerting/src/notify/', '/rules/'],
  ['packages/alerting/src/template/', '/routing/'],
  ['packages/alerting/src/template/', '/notify/'],
] as const;

const rooms = Object.keys(ALLOWED);

test('every room is in the table', () => {
  const there = ['packages', 'examples'].flatMap((dir) => readdirSync(join(root, dir)).map((name) => `${dir}/${name}`));
  expect(there.sort()).toEqual([...rooms].sort());
});

test.for(rooms)('%s imports only what its floor allows', (room) => {
  const wrong: string[] = [];
  for (const file of sourcesOf(room)) {
    for (const specifier of importsOf(file)) {
      const ours = /^(@tillwatch\/[\w-]+|tillwatch)(\/|$)/.exec(specifier)?.[1];
      if (ours !== undefined && !ALLOWED[room]!.includes(ours)) wrong.push(`${file} imports ${specifier}`);
      if (specifier.startsWith('.') && !join(file, '..', specifier).startsWith(`${room}/src`)) {
        wrong.push(`${file} reaches out of its room: ${specifier}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});

test.for(rooms)('%s declares what it imports', (room) => {
  const manifest = JSON.parse(readFileSync(join(root, room, 'package.json'), 'utf8')) as Record<
    string,
    object | undefined
  >;
  const declared = { ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies };
  const missing = new Set<string>();
  for (const file of sourcesOf(room)) {
    for (const specifier of importsOf(file)) {
      if (specifier.startsWith('.') || specifier.startsWith('node:')) continue;
      const name = specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/');
      if (!(name in declared)) missing.add(`${name} (${file})`);
    }
  }
  expect([...missing]).toEqual([]);
});

test.for(APART)('%s does not import %s', ([dir, other]) => {
  const wrong = sourcesOf('packages/alerting')
    .filter((file) => file.startsWith(dir))
    .flatMap((file) =>
      importsOf(file)
        .filter((specifier) => specifier.includes(other))
        .map((specifier) => `${file}: ${specifier}`),
    );
  expect(wrong).toEqual([]);
});

function sourcesOf(room: string): string[] {
  return readdirSync(join(root, room, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const found = text.matchAll(/^\s*(?:import|export)\s(?:[^'";]*?\sfrom\s)?\s*'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm);
  return [...found].map((match) => (match[1] ?? match[2])!);
}
