import { formatProblems, type Problem } from '@tillwatch/model';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { choice, duration, flag, integer, labelsRecord, readYaml, secret, text, whole } from '../src/index.ts';

const shop = z
  .strictObject({
    name: z.string(),
    currency: z.enum(['EUR', 'USD', 'GBP']).optional(),
    every: z.union([duration(), z.literal('auto')]).optional(),
    targets: z.union([z.string(), z.array(z.string())]).optional(),
    limit: z.number().min(1).optional(),
    team: z
      .discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('slack'), channel: z.string() }),
        z.strictObject({ kind: z.literal('email'), to: z.string().min(1) }),
      ])
      .optional(),
    labels: labelsRecord().optional(),
    webhookUrl: z.string().optional(),
  })
  .check(
    whole<{ name?: unknown; limit?: unknown }>((value, fail) => {
      if (value.name === 'nameless') fail('name', 'a shop needs a real name', { code: 'shop-name' });
    }),
  );

function read(yaml: string, schema: z.ZodType = shop) {
  return readYaml({ file: 'shop.yaml', text: yaml }, schema);
}

/** Line:column, code and message of each problem, with the hint behind a `|`. */
function short(problems: readonly Problem[]): string[] {
  return formatProblems(problems)
    .split('\n')
    .filter((line) => line.startsWith('shop.yaml:'))
    .map((line, i) => {
      const hint = problems[i]?.hint;
      return line.replace(/^shop\.yaml:(\d+:\d+): (error|warning): /, '$1 ') + (hint === undefined ? '' : ` | ${hint}`);
    });
}

describe('problems with their places', () => {
  test.for([
    [
      'an unknown field',
      'name: a\ncurency: EUR',
      ['2:1 field curency not found  [unknown-field] | did you mean currency?'],
    ],
    ['a missing field', 'limit: 2', ['1:1 field name is missing  [missing-field]']],
    ['an empty document', '', ['1:1 field name is missing  [missing-field]']],
    ['a field without a value', 'name:', ['1:1 field name has no value  [missing-field]']],
    ['a wrong type', 'name: [a]', ['1:7 expected a text, got a list  [wrong-type]']],
    ['a document that is no map', 'hello', ['1:1 expected a map, got the text "hello"  [wrong-type]']],
    ['a duration in words', 'name: a\nevery: 5 minutes', ['2:8 "5 minutes" is not a duration  [duration] | write 5m']],
    [
      'no alternative of a union',
      'name: a\ntargets: {a: b}',
      ['2:10 expected a text or a list, got a map  [wrong-type]'],
    ],
    [
      'an unknown choice',
      'name: a\ncurrency: eur',
      ['2:11 "eur" is not one of EUR, USD, GBP  [wrong-value] | did you mean EUR?'],
    ],
    [
      'an unknown kind',
      'name: a\nteam: {kind: slak}',
      ['2:14 "slak" is not one of slack, email  [wrong-value] | did you mean slack?'],
    ],
    ['a field of the right kind', 'name: a\nteam: {kind: slack}', ['2:1 field channel is missing  [missing-field]']],
    ['a number that is too small', 'name: a\nlimit: 0', ['2:8 must be at least 1  [wrong-value]']],
    ['a text that is empty', "name: a\nteam: {kind: email, to: ''}", ['2:25 must not be empty  [wrong-value]']],
    ['a bad label name', 'name: a\nlabels: {"": x}', ['2:10 "" is not a valid label name  [label-name]']],
    [
      'a duplicate key',
      'name: a\nname: b',
      ['2:1 field name already set  [yaml-duplicate-key] | remove one of the two'],
    ],
    [
      'an unknown alias',
      'name: *shop',
      ['1:1 field name has no value  [missing-field]', '1:7 there is no anchor &shop before this alias  [yaml-alias]'],
    ],
    [
      'a tab',
      'name: a\nteam:\n\tkind: slack',
      ['3:1 tabs are not allowed as indentation  [yaml-syntax] | indent with spaces'],
    ],
    [
      'an open quote',
      'name: "a\n',
      ['2:1 missing closing "quote  [yaml-syntax] | close the quote that was opened before this place'],
    ],
    [
      'a second document',
      'name: a\n---\nname: b',
      [
        '2:1 a second document begins here, only the first is read  [yaml-syntax] | remove the "---" or move what follows to a file of its own',
      ],
    ],
    [
      'everything at once',
      'nam: a\nlimit: x\nevery: 5',
      [
        '1:1 field name is missing  [missing-field]',
        '1:1 field nam not found  [unknown-field] | did you mean name?',
        '2:8 expected a number, got the text "x"  [wrong-type]',
        '3:8 "5" is not a duration  [duration] | a duration needs a unit: write 5s for seconds or 5m for minutes',
      ],
    ],
    [
      'a check of the whole beside other problems',
      'name: nameless\nlimt: 3',
      ['1:7 a shop needs a real name  [shop-name]', '2:1 field limt not found  [unknown-field] | did you mean limit?'],
    ],
  ] as const)('%s', ([, yaml, expected]) => {
    expect(short(read(yaml).problems)).toEqual(expected);
  });

  test('a good document has a value and no problems', () => {
    const { value, problems } = read('name: a\nevery: 1m30s\nlabels: {b: "1", a: x}\nteam: {kind: email, to: ops}');
    expect(problems).toEqual([]);
    expect(JSON.parse(JSON.stringify(value))).toEqual({
      name: 'a',
      every: 90_000,
      labels: { a: 'x', b: '1' },
      team: { kind: 'email', to: 'ops' },
    });
  });

  test('a warning does not take the value away', () => {
    const { value, problems } = read('name: a\n---\n');
    expect(problems.map(({ severity }) => severity)).toEqual(['warning']);
    expect(value).toEqual({ name: 'a' });
  });
});

describe('what YAML can do', () => {
  test('anchors, aliases and merges are followed; what a map says itself wins', () => {
    const { value, problems } = read(
      'a: &base {x: 1, y: 2}\nb: {<<: *base, y: 3}\nc: {<<: [*base, {z: 4}]}\nd: *base',
      z.record(z.string(), z.record(z.string(), z.number())),
    );
    expect(problems).toEqual([]);
    expect(value).toEqual({ a: { x: 1, y: 2 }, b: { x: 1, y: 3 }, c: { x: 1, y: 2, z: 4 }, d: { x: 1, y: 2 } });
  });

  test('a problem inside an alias is shown where the value is written', () => {
    const { problems } = read('a: &every 5 min\nb: *every', z.strictObject({ a: z.string(), b: duration() }));
    expect(short(problems)).toEqual(['1:11 "5 min" is not a duration  [duration] | write 5m']);
  });

  test('a key named __proto__ is a key', () => {
    const { value } = read('__proto__: {polluted: yes}\nname: a', z.record(z.string(), z.unknown()));
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  test('JSON is YAML', () => {
    expect(read('{"name": "a", "limit": 3}').value).toEqual({ name: 'a', limit: 3 });
  });
});

describe('limits', () => {
  const bomb = ['a: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let i = 1; i < 10; i++)
    bomb.push(
      `k${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(', ')}]`,
    );

  test.for([
    ['an alias bomb', bomb.join('\n'), 'the document has more than 500000 values'],
    ['flow lists', '['.repeat(100_000), 'nested more than 64 deep'],
    ['flow maps', '{a: '.repeat(100_000), 'nested more than 64 deep'],
    ['compact lists', `${'- '.repeat(50_000)}x`, 'nested more than 64 deep'],
    ['compact keys', '? '.repeat(50_000), 'nested more than 64 deep'],
    [
      'indented maps',
      Array.from({ length: 2_000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
      'nested more than 64 deep',
    ],
    ['an alias of itself', 'a: &a\n  b: *a', 'the alias *a stands inside the value it refers to'],
    ['a huge text', 'x'.repeat(8_000_001), 'the file is too large'],
  ] as const)('%s is refused without a crash', ([, yaml, message]) => {
    const { value, problems } = read(yaml, z.unknown());
    expect(value).toBeUndefined();
    expect(problems.some((problem) => problem.message.includes(message))).toBe(true);
  });

  test('a line of nothing but mistakes has one problem, however long it is', () => {
    expect(short(read(`${'}'.repeat(20_000)}\n}\n`).problems).map((line) => line.split(' ')[0])).toEqual([
      '1:1',
      '2:1',
    ]);
  });

  test('limits can be set', () => {
    const reading = readYaml({ file: 'f', text: 'a: [1, 2, 3]' }, z.unknown(), { limits: { maxValues: 3 } });
    expect(reading.problems.map(({ code }) => code)).toEqual(['yaml-limit']);
  });

  test('a map may have many keys', () => {
    const yaml = Array.from({ length: 20_000 }, (_, i) => `key${i}: ${i}`).join('\n');
    const { value } = read(yaml, z.record(z.string(), z.number()));
    expect(Object.keys(value as object)).toHaveLength(20_000);
  });
});

describe('spanAt', () => {
  const yaml = 'teams:\n  - name: ops\n    mail: |\n      to: a\n      cc: b\n  - {name: "d\\u0065v"}\n';
  const reading = read(yaml, z.unknown());
  test.for([
    ['a value', ['teams', 0, 'name'], 'value', undefined, 'ops'],
    ['a key', ['teams', 0, 'name'], 'key', undefined, 'name'],
    ['a list item, by its first key', ['teams', 1], 'key', undefined, 'name'],
    ['the nearest value around a path that is not there', ['teams', 0, 'phone', 'x'], 'value', undefined, 'name'],
    ['a key that is not there', ['groups'], 'key', undefined, 'teams'],
    ['a stretch of a block', ['teams', 0, 'mail'], 'value', { from: 6, to: 11 }, 'cc: b'],
    ['a stretch over an escape', ['teams', 1, 'name'], 'value', { from: 1, to: 3 }, '\\u0065v'],
  ] as const)('%s', ([, path, part, range, expected]) => {
    const { text: shown, from, to } = reading.spanAt(path, part, range);
    expect(shown.slice(from, to)).toBe(expected);
  });
});

describe('keepSource', () => {
  const fields = z.strictObject({
    version: text(),
    limit: integer().optional(),
    on: flag().optional(),
    kind: choice('a', 'b').optional(),
  });
  const keep = (yaml: string) => readYaml({ file: 'shop.yaml', text: yaml }, fields, { keepSource: true });

  test.for([
    ['1.50', '1.50'],
    ['0x1F', '0x1F'],
    ['yes', 'yes'],
    ['true', 'true'],
    ['2024-01-01', '2024-01-01'],
    ['1e3', '1e3'],
  ] as const)('the text of %s stays as it is written', ([written, expected]) => {
    expect(keep(`version: ${written}`).value?.version).toBe(expected);
  });

  test('a quoted number is no number, an unquoted one is', () => {
    expect(keep('version: a\nlimit: 5').value?.limit).toBe(5);
    expect(short(keep('version: a\nlimit: "5"').problems)).toEqual([
      '2:8 expected a whole number, got the text "5"  [wrong-type]',
    ]);
  });

  test.for(['yes', 'on', 'True', 'y'])('%s is true', (word) => {
    expect(keep(`version: a\non: ${word}`).value?.on).toBe(true);
  });
});

describe('secrets in reports', () => {
  test.for([
    ['beside a problem', 'name: a\nteam: {password: hunter2, kind: x}'],
    ['that are the problem', 'name: a\nwebhookUrl: {url: hunter2}'],
    ['in blocks', 'name: a\napi_key: |\n  hunter2\n  hunter2\nlimit: x'],
    ['under misspelt names', 'name: a\npaswords: hunter2\npasswrd: hunter2'],
    ['of a wrong type', 'name: a\nwebhookUrl: 4711', '4711'],
    ['in a text with syntax errors', 'name: a\nslack_api_url: "hunter2\nlimit: x', undefined],
    ['in a flow map with syntax errors', 'auth: {user: a, token: hunter2\nlimit: x: y'],
  ] as const)('%s are blanked out', ([, yaml, secretText = 'hunter2']) => {
    const { problems } = read(yaml);
    expect(problems.length).toBeGreaterThan(0);
    const report = formatProblems(problems) + JSON.stringify(problems);
    expect(report).not.toContain(secretText);
  });

  test('names of files that hold secrets are shown', () => {
    expect(formatProblems(read('password_file: /run/secrets/x').problems)).toContain('/run/secrets/x');
  });

  test('a secret shows itself to nobody but its reader', () => {
    const { value } = readYaml({ file: 'f', text: 'password: hunter2' }, z.strictObject({ password: secret() }));
    expect(`${String(value?.password)} ${JSON.stringify(value)}`).toBe('<secret> {"password":"<secret>"}');
    expect(value?.password.reveal()).toBe('hunter2');
  });
});
