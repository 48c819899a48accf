import { describe, expect, test } from 'vitest';
import { readMessages, writeMessages } from '../src/index.ts';
import { BriefingWords, defaultTexts, type Readers } from '../src/words/briefing-words.ts';
import { parseMessageText, placeholdersOf } from '../src/words/message-text.ts';
import { placeholdersFor } from '../src/words/placeholders.ts';

const READERS: readonly Readers[] = ['dev', 'ops', 'business', 'page'];

function textsOf(texts: object, path: readonly string[] = []): [path: string, text: string][] {
  return Object.entries(texts).flatMap(([key, value]): [string, string][] => {
    const here = [...path, key];
    if (typeof value === 'string') return [[here.join('.'), value]];
    if (Array.isArray(value)) return value.map((text) => [here.join('.'), text as string]);
    return textsOf(value as object, here);
  });
}

function read(file: string, text: string) {
  return readMessages({ file, text });
}

describe.for(['en', 'de'])('the texts in %s', (language) => {
  test.for(READERS)('of %s can be read and use only what there is', (readers) => {
    for (const [path, text] of textsOf(defaultTexts(readers, language))) {
      const result = parseMessageText(text);
      if ('mistake' in result) throw new Error(`${path}: ${result.mistake.message}`);
      const used = placeholdersOf(result.text).map(({ name }) => name);
      const { allowed, needed } = placeholdersFor(path);
      expect(
        used.filter((name) => !allowed.includes(name)),
        path,
      ).toEqual([]);
      expect(
        needed.filter((name) => !used.includes(name)),
        path,
      ).toEqual([]);
    }
  });

  test.for(READERS)('of %s are written as a file that says the same', (readers) => {
    const { path, content } = writeMessages(readers, language);
    const { override, problems } = read(path, content);
    expect(problems).toEqual([]);
    expect(override).toMatchObject({ readers, language });
    expect(defaultTexts(readers, language)).toMatchObject(override!.texts);
    expect(Object.keys(override!.texts)).toContain('label');
  });
});

test('both languages say as much', () => {
  const paths = (language: string) => textsOf(defaultTexts('ops', language)).map(([path]) => path);
  expect(paths('de')).toEqual(paths('en'));
});

test('changed texts are for their readers and their language, a region before the language', () => {
  const changed = (file: string, text: string) => read(file, text).override!;
  const overrides = [
    changed('business.de.yml', 'notice: Obacht\nheadline: { slow: "Zäh[: {slow_seconds}]" }\n'),
    changed('messages/business.de-AT.yml', 'notice: Aufgepasst\n'),
  ];
  const german = new BriefingWords('business', 'de', overrides);
  expect(german.texts.notice).toBe('Obacht');
  expect(german.say(german.texts.headline.slow, { slow_seconds: '6 s' })).toBe('Zäh: 6 s');
  expect(german.texts.headline.silent).toBe('Der Shop nimmt praktisch keine Bestellungen an');
  const austrian = new BriefingWords('business', 'de-AT', overrides);
  expect([austrian.texts.notice, austrian.texts.headline.slow]).toEqual(['Aufgepasst', 'Zäh[: {slow_seconds}]']);
  expect(new BriefingWords('ops', 'de', overrides).texts.notice).toBe('Hinweis');
  expect(new BriefingWords('business', 'en', overrides).texts.notice).toBe('Notice');
});

test('every mistake has its place, and only the texts with one are left out', () => {
  const { override, problems } = read(
    'ops.en.yml',
    `notice: Heads up
headline:
  failures: "Checkout broken: {sucess} succeed"
  slow: "Slow [for {slow_seconds}"
since: now
first_steps:
  silent: ['Call the {hoster}.']
headlines: {}
per_minute: 3
`,
  );
  const shown = problems.map(({ at, code, message, hint }) => [at.text.slice(at.from, at.to), code, message, hint]);
  expect(shown).toEqual([
    ['{sucess}', 'message-placeholder', 'there is no {sucess} here', 'did you mean {success}?'],
    ['[for {slow_seconds}', 'message-text', '"[" is never closed', 'write ], or [[ for the character'],
    ['now', 'message-placeholder', '{clock} is missing', 'without it the text says nothing; ours is used'],
    ['{hoster}', 'message-placeholder', 'there is no {hoster} here', expect.stringMatching(/^there are \{success\} /)],
    ['headlines', 'unknown-field', expect.any(String), expect.stringContaining('headline')],
    ['3', 'wrong-type', expect.any(String), undefined],
  ]);
  expect(override?.texts).toEqual({ notice: 'Heads up' });
});

test('the texts about promotions are written with what they may use, and are checked like the others', () => {
  const written = writeMessages('ops', 'en').content;
  expect(written).toMatch(/^ {2}title_not_ready: .*# \{promotion\} \{factor\} \{count\}$/m);
  expect(written).toMatch(/^ {4}delivered: .*# \{receiver\} \{ago\}$/m);
  expect(writeMessages('page', 'de').content).toMatch(/^promotion_check:$/m);
  expect(writeMessages('business', 'de').content).not.toMatch(/^promotion_check:$/m);

  const { override, problems } = read(
    'ops.en.yml',
    `promotion_check:
  finding: { delivered: "took one {agoo}", pages: "look at the alerts", no_pages: all calm }
  to_do: { receivers: "call {url" }
promotion_report: { moment: "{value} at {time}", title: "{name}: over" }
promotion_redy: {}
`,
  );
  expect(problems.map(({ at, code, message }) => [at.text.slice(at.from, at.to), code, message])).toEqual([
    ['"took one {agoo}"', 'message-placeholder', '{receiver} is missing'],
    ['{agoo}', 'message-placeholder', 'there is no {agoo} here'],
    ['"look at the alerts"', 'message-placeholder', '{alerts} is missing'],
    ['{url', 'message-text', '"{" is never closed'],
    ['"{name}: over"', 'message-placeholder', '{promotion} is missing'],
    ['{name}', 'message-placeholder', 'there is no {name} here'],
    ['promotion_redy', 'unknown-field', expect.any(String)],
  ]);
  expect(override?.texts).toEqual({
    promotion_check: { finding: { no_pages: 'all calm' } },
    promotion_report: { moment: '{value} at {time}' },
  });
});

test.for(['messages.yml', 'business.yml', 'boss.en.yml', 'business.fr.yml', 'business.e.yml'])(
  'nobody knows whose texts %s holds',
  (file) => {
    const { override, problems } = read(file, 'notice: x\n');
    expect(override).toBeUndefined();
    expect(problems).toMatchObject([{ code: 'message-file', severity: 'error' }]);
    expect(problems[0]?.hint).toContain('business.de.yml');
  },
);

test('what is not known is written as a question mark, and a list leaves it out', () => {
  const words = new BriefingWords('ops', 'en');
  expect(words.say('{success} of {orders}', { success: '3' })).toBe('3 of ?');
  expect(words.sayAll(['Roll back {version}.', 'Look.'], {})).toEqual(['Look.']);
});
