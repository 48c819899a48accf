import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkRuleTemplate, checkRuleTests } from '@tillwatch/alerting';
import { readMessages, readTillwatchConfig } from '@tillwatch/checkout';
import { readAlertmanagerConfig, readPrometheusConfig, readRuleFile, readRuleTestFile } from '@tillwatch/config';
import type { Problem } from '@tillwatch/model';
import { parse } from '@tillwatch/promql';
import { lintExposition } from '@tillwatch/scrape/exposition';
import { parseAst } from 'vite';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const pagesDir = join(root, 'docs/problems');

/** The rooms that find problems in what users write; PromQL's checks report their codes without the room's prefix. */
const ROOMS = [
  { room: 'config', prefix: '' },
  { room: 'promql', prefix: 'promql-' },
  { room: 'checkout', prefix: '' },
  { room: 'alerting', prefix: '' },
  { room: 'scrape', prefix: '' },
  { room: 'tillwatch', prefix: '' },
] as const;

/** How a code of ours looks. Zod's, which have underscores, are none; neither is the `custom` that carries ours. */
const CODE = /^[a-z]+(-[a-z]+)*$/;

interface Node {
  readonly type: string;
  readonly [field: string]: unknown;
}

interface Source {
  readonly file: string;
  readonly tree: Node;
}

function sourcesOf(room: string): Source[] {
  const dir = join(root, 'packages', room, 'src');
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => {
      const text = readFileSync(join(dir, file), 'utf8');
      return { file: `${room}/src/${file}`, tree: parseAst(text, { lang: 'ts' }) as unknown as Node };
    });
}

/** A node and everything in it. */
function* walk(value: unknown): Generator<Node> {
  if (Array.isArray(value)) for (const item of value) yield* walk(item);
  else if (typeof value === 'object' && value !== null) {
    if ('type' in value) yield value as Node;
    for (const child of Object.values(value)) yield* walk(child);
  }
}

/** The words that an expression can come to: a literal, either side of a choice, the entries of a table, a prefix. */
function wordsOf(node: Node | undefined): string[] {
  switch (node?.type) {
    case 'Literal':
      return typeof node.value === 'string' ? [node.value] : [];
    case 'ConditionalExpression':
      return [...wordsOf(node.consequent as Node), ...wordsOf(node.alternate as Node)];
    case 'LogicalExpression':
      return [...wordsOf(node.left as Node), ...wordsOf(node.right as Node)];
    case 'ObjectExpression':
      return (node.properties as Node[]).flatMap((property) => wordsOf(property.value as Node));
    default:
      return [];
  }
}

const nameOf = (node: unknown): string | undefined => (node as Node | undefined)?.name as string | undefined;

/** Where among its parameters a function takes a code, and the code it takes when it is given none. */
function codeParameter(node: Node): { readonly index: number; readonly byDefault: string[] } | undefined {
  const parameters = (node.params as Node[] | undefined) ?? [];
  const index = parameters.findIndex((p) => nameOf(p.left ?? p) === 'code');
  return index === -1 ? undefined : { index, byDefault: wordsOf(parameters[index]!.right as Node | undefined) };
}

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression', 'TSFunctionType']);

/** The functions within some code that take a problem's code, by the name they are called by; a type `Report` stands for `report`. */
function takers(within: unknown): Map<string, number> {
  const found = new Map<string, number>();
  for (const node of walk(within)) {
    const named = node.id ?? node.key;
    const body = (node.init ?? node.value ?? node.typeAnnotation ?? node) as Node;
    const name = nameOf(named);
    const at = name !== undefined && FUNCTIONS.has(body.type) ? codeParameter(body) : undefined;
    if (name !== undefined && at !== undefined) found.set(name.charAt(0).toLowerCase() + name.slice(1), at.index);
  }
  return found;
}

function exportsOf(tree: Node): unknown[] {
  return (tree.body as Node[]).filter(({ type }) => type === 'ExportNamedDeclaration');
}

/** Every code that a room's sources give to a problem, with its files. */
function codesOf(room: string, prefix: string): Map<string, string> {
  const codes = new Map<string, string>();
  const sources = sourcesOf(room);
  const exported = new Map(sources.flatMap(({ tree }) => exportsOf(tree)).flatMap((node) => [...takers(node)]));

  for (const { file, tree } of sources) {
    const note = (words: string[], before = '') => {
      for (const word of words) if (CODE.test(word) && word !== 'custom') codes.set(before + word, file);
    };
    const local = takers(tree);
    for (const node of walk(tree)) {
      if (FUNCTIONS.has(node.type)) note(codeParameter(node)?.byDefault ?? []);
      if (node.type === 'Property' && nameOf(node.key) === 'code') note(wordsOf(node.value as Node));
      if (node.type === 'VariableDeclarator' && nameOf(node.id) === 'CODES') note(wordsOf(node.init as Node), prefix);
      if (node.type !== 'CallExpression') continue;
      const callee = node.callee as Node;
      const name = nameOf(callee.property ?? callee) ?? '';
      const index = local.get(name) ?? exported.get(name);
      if (index !== undefined) note(wordsOf((node.arguments as Node[])[index]), prefix);
    }
  }
  return codes;
}

const codes = new Map(ROOMS.flatMap(({ room, prefix }) => [...codesOf(room, prefix)]));
const pages = readdirSync(pagesDir).map((file) => file.replace(/\.md$/, ''));

test('the codes are found in every room that has some', () => {
  const rooms = new Set([...codes.values()].map((file) => file.split('/')[0]));
  expect([...rooms].sort()).toEqual(ROOMS.map(({ room }) => room).sort());
  // One of each way in which the sources give a code to a problem.
  expect([...codes.keys()]).toEqual(
    expect.arrayContaining([
      'file-unreadable', // in a problem
      'template-execution', // one side of a choice
      'rule-kind', // among the parameters of an issue
      'no-route', // given to a function of the file
      'matcher', // what such a function takes by default
      'promql-matching', // given to a function that comes from elsewhere
      'promql-too-many-samples', // in a table
    ]),
  );
});

test('every code of a problem has its page', () => {
  expect([...codes].filter(([code]) => !pages.includes(code))).toEqual([]);
});

test('every page has its code', () => {
  expect(pages.filter((page) => !codes.has(page))).toEqual([]);
});

test.for(pages)('%s says what it means, shows an example and what to do', (page) => {
  const text = readFileSync(join(pagesDir, `${page}.md`), 'utf8');
  expect(page).toMatch(CODE);
  expect(text).toMatch(
    new RegExp(`^# ${page}\n\n\\S[\\s\\S]+\n## For example\n\n\`\`\`\n[\\s\\S]+\n\`\`\`\n\n## What to do\n\n\\S`),
  );
});

/** How an example is read, by the name of the file in its first line; a query has none. */
const READERS: Readonly<Record<string, (text: string) => readonly Problem[]>> = {
  'prometheus.yml': (text) => readPrometheusConfig({ file: 'prometheus.yml', text }).problems,
  'alertmanager.yml': (text) => readAlertmanagerConfig({ file: 'alertmanager.yml', text }).problems,
  'rules.yml': (text) => {
    const source = { file: 'rules.yml', text };
    return readRuleFile(source, { scrapeIntervalMs: 15_000, checkTemplate: checkRuleTemplate }).problems;
  },
  'rules.test.yml': (text) => {
    const { file, problems } = readRuleTestFile({ file: 'rules.test.yml', text });
    return file === undefined ? problems : [...problems, ...checkRuleTests(file, TESTED_RULES)];
  },
  'business.en.yml': (text) => readMessages({ file: 'business.en.yml', text }).problems,
  'boss.en.yml': (text) => readMessages({ file: 'boss.en.yml', text }).problems,
  metrics: (text) => lintExposition({ file: 'metrics', text: `${text}\n` }),
  'tillwatch.yaml': (text) =>
    readTillwatchConfig({ file: 'tillwatch.yaml', text: text + whatIsMissing(text) }, { nowMs: Date.now() }).problems,
};

/** The rules that the examples of rule tests are about. */
const TESTED_RULES = [
  {
    file: 'rules.yml',
    groups: readRuleFile({
      file: 'rules.yml',
      text: 'groups: [{ name: shop, rules: [{ alert: ShopDown, expr: up == 0, for: 5m, labels: { severity: page } }] }]',
    }).groups,
  },
];

/** What every tillwatch.yaml has, where an example leaves it out. */
function whatIsMissing(text: string): string {
  const always = [
    'shop: { name: Tea }',
    'targets: [{ urls: [http://shop:3000/metrics] }]',
    'teams: { ops: { email: { to: ops@example.com } } }',
  ];
  return always
    .filter((line) => !text.includes(`\n${line.split(' ')[0]}`))
    .map((line) => `\n${line}`)
    .join('');
}

/** What shows only when something runs or is opened, or takes more text than a page has room for. */
const NOT_IN_A_TEXT = new Set([
  ...['file-unreadable', 'rule-test-no-file', 'template-execution', 'template-undefined', 'yaml-limit'],
  ...['canceled', 'execution', 'timeout', 'too-deep', 'too-long', 'too-many-samples', 'unsupported'].map(
    (code) => `promql-${code}`,
  ),
]);

test.for(pages.filter((page) => !NOT_IN_A_TEXT.has(page)))('the example of %s has this problem', (page) => {
  const text = readFileSync(join(pagesDir, `${page}.md`), 'utf8');
  const example = /```\n(.+?)\n```/s.exec(text)?.[1] ?? '';
  const file = /^# (\S+)\n/.exec(example)?.[1];
  const read = file === undefined ? problemsOfQuery : READERS[file];
  expect(read?.(example).map(({ code }) => code)).toContain(page);
});

function problemsOfQuery(text: string): readonly Problem[] {
  const parsed = parse(text);
  return parsed.ok ? [] : parsed.problems;
}
