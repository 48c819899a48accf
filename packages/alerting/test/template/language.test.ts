import { formatProblems } from '@tillwatch/model';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contextual, type FunctionSet, fn } from '../../src/template/function.ts';
import { TemplateError } from '../../src/template/template-error.ts';
import { checkText, type ExecuteOptions, execute, parseTemplates } from '../../src/template/template-set.ts';
import { HostObject, stringMap, type Value } from '../../src/template/value.ts';

const functions: FunctionSet = {
  upper: fn(['string'], (text) => text.toUpperCase()),
  half: fn(['float'], (number) => number / 2),
  fail: fn([], () => {
    throw new Error('out of order');
  }),
  run: contextual(['string', 'any'], (context, name, data) => context.runTemplate(name, data)),
};

const { templates } = parseTemplates([], functions);

function expand(text: string, data: Value = DATA, options?: ExecuteOptions): string {
  return execute(templates, { file: 't', text }, data, options);
}

function errorOf(text: string, data: Value = DATA, options?: ExecuteOptions): TemplateError {
  try {
    expand(text, data, options);
  } catch (error) {
    if (error instanceof TemplateError) return error;
    throw error;
  }
  return expect.fail(`no error: ${text}`);
}

const DATA = {
  name: 'till',
  on: true,
  off: false,
  count: 3n,
  ratio: 0.5,
  list: ['a', 'b', 'c'],
  none: [],
  map: { z: 1n, a: 2n, m: 3n },
  nil: null,
  labels: stringMap({ shop: 'eu' }),
  object: new HostObject('test.Object', {
    fields: { Field: 'value', Inner: { deep: 'down' } },
    methods: { Greet: fn(['string'], (name) => `hello ${name}`), Self: fn([], () => 'me') },
  }),
};

test.for([
  ['text', 'plain { text } %', 'plain { text } %'],
  ['field', '{{ .name }}', 'till'],
  ['chain', '{{ .object.Inner.deep }}', 'down'],
  ['method', '{{ .object.Greet "you" }}', 'hello you'],
  ['method from a pipeline', '{{ "you" | .object.Greet }}', 'hello you'],
  ['method of a parenthesised pipeline', '{{ (.object).Self }}', 'me'],
  ['method as an argument', '{{ upper .object.Self }}', 'ME'],
  ['comment', 'a{{/* nothing\n to see */}}b', 'ab'],
  ['comment that trims', 'a {{- /* gone */ -}} b', 'ab'],
  ['trim both', 'a  \n{{- .name -}}\t b', 'atillb'],
  ['minus is no trim marker', '{{ -3 }}', '-3'],
  ['raw string', '{{ `a\\n"b"` }}', 'a\\n"b"'],
  ['escapes', '{{ "a\\tb\\x41\\u00e4\\U0001F6A8\\101\\"" }}', 'a\tbAä🚨A"'],
  ['character', "{{ 'a' }} {{ '\\n' }}", '97 10'],
  [
    'numbers',
    '{{ 0x1F }} {{ 1_000 }} {{ 1.50 }} {{ 1e3 }} {{ 0b11 }} {{ 0o17 }} {{ -2.5e-3 }}',
    '31 1000 1.5 1000 3 15 -0.0025',
  ],
  ['big floats', '{{ 1e6 }} {{ 123456789.0 }} {{ 0.00001 }}', '1e+06 1.23456789e+08 1e-05'],
  ['if', '{{ if .on }}1{{ end }}{{ if .off }}2{{ end }}', '1'],
  ['else if', '{{ if .off }}1{{ else if eq .count 3 }}2{{ else }}3{{ end }}', '2'],
  ['with', '{{ with .name }}{{ . }}{{ end }}{{ with .none }}x{{ else }}y{{ end }}', 'tilly'],
  ['else with', '{{ with .none }}x{{ else with .name }}{{ . }}{{ end }}', 'till'],
  ['range', '{{ range .list }}{{ . }};{{ end }}', 'a;b;c;'],
  ['range else', '{{ range .none }}x{{ else }}nothing{{ end }}', 'nothing'],
  ['range with index', '{{ range $i, $e := .list }}{{ $i }}={{ $e }} {{ end }}', '0=a 1=b 2=c '],
  ['range with one variable', '{{ range $e := .list }}{{ $e }}{{ end }}', 'abc'],
  ['range over a map in key order', '{{ range $k, $v := .map }}{{ $k }}{{ $v }}{{ end }}', 'a2m3z1'],
  ['range over an integer', '{{ range 3 }}{{ . }}{{ end }}', '012'],
  [
    'break and continue',
    '{{ range .list }}{{ if eq . "b" }}{{ continue }}{{ end }}{{ . }}{{ if eq . "c" }}{{ break }}{{ end }}!{{ end }}',
    'a!c',
  ],
  ['break leaves the inner loop only', '{{ range 2 }}{{ range 5 }}{{ break }}{{ end }}x{{ end }}', 'xx'],
  ['assignment in an inner scope', '{{ $x := 1 }}{{ if .on }}{{ $x = 2 }}{{ end }}{{ $x }}', '2'],
  ['declaration in an inner scope', '{{ $x := 1 }}{{ if .on }}{{ $x := 2 }}{{ $x }}{{ end }}{{ $x }}', '21'],
  ['$ stays the root', '{{ range .list }}{{ $.name }}{{ break }}{{ end }}', 'till'],
  ['variable fields', '{{ $o := .object }}{{ $o.Inner.deep }}', 'down'],
  ['if with declaration', '{{ if $x := .name }}{{ $x }}{{ end }}', 'till'],
  ['define and template', '{{ define "t1" }}[{{ . }}]{{ end }}{{ template "t1" .name }}', '[till]'],
  ['template without data', '{{ define "t1" }}[{{ . }}]{{ end }}{{ template "t1" }}', '[<no value>]'],
  ['block', '{{ block "b" .name }}<{{ . }}>{{ end }}', '<till>'],
  ['template by a function', '{{ define "t1" }}[{{ . }}]{{ end }}{{ run "t1" 7 }}', '[7]'],
  ['pipelines', '{{ .name | upper | printf "%s-%s" "x" }}', 'x-TILL'],
  ['missing key of a map', '{{ .nope }}', '<no value>'],
  ['missing label', '[{{ .labels.nope }}]', '[]'],
  ['nil', '{{ .nil }}', '<no value>'],
  ['integer where a float is wanted', '{{ half 3 }}', '1.5'],
  [
    'and, or stop early',
    '{{ or .on (fail) }} {{ and .off (fail) }} {{ and .on .name }} {{ or .off "z" }}',
    'true false till z',
  ],
  ['not', '{{ not .on }} {{ not .none }}', 'false true'],
  ['eq of several', '{{ eq .name "a" "till" }} {{ ne .name "a" }}', 'true true'],
  ['order', '{{ lt 1 2 }}{{ le 2 2 }}{{ gt 2.5 2.0 }}{{ ge "b" "a" }}', 'truetruetruetrue'],
  ['len', '{{ len .list }} {{ len .map }} {{ len "ä" }}', '3 3 2'],
  ['index', '{{ index .list 1 }} {{ index .map "z" }} {{ index .object.Inner "deep" }}', 'b 1 down'],
  ['slice', '{{ slice "tillwatch" 4 }} {{ slice .list 1 2 }}', 'watch [b]'],
  ['print', '{{ print "a" 1 2 "b" }}|{{ println "x" 1 }}', 'a1 2b|x 1\n'],
  [
    'html, js, urlquery',
    `{{ html "<a b='c'>" }} {{ js "it's <b>" }} {{ urlquery "a b&c" }}`,
    "&lt;a b=&#39;c&#39;&gt; it\\'s \\u003Cb\\u003E a+b%26c",
  ],
  ['slices and maps print as in Go', '{{ .list }} {{ .map }}', '[a b c] map[a:2 m:3 z:1]'],
] as const)('%s', ([, text, output]) => {
  expect(expand(text)).toBe(output);
});

describe('mistakes have a place', () => {
  test.for([
    ['{{ .name', 'unclosed action', '{{'],
    ['{{ "abc }}', 'unterminated quoted string', '"abc }}'],
    ['{{ "abc\\', 'unterminated quoted string', '"abc\\'],
    ['{{ if .on }}x', 'unexpected EOF', ''],
    ['x{{ end }}', 'unexpected {{end}}', 'end'],
    ['{{ upper .name) }}', 'unexpected right paren', ')'],
    ['{{ (upper .name }}', 'unclosed left paren', '}}'],
    ['{{ nope .name }}', 'function "nope" not defined', 'nope'],
    ['{{ $x }}', 'undefined variable "$x"', '$x'],
    ['{{ .name | }}', 'missing value for command', '|'],
    ['{{ }}', 'missing value for command', '}}'],
    ['{{ .name | "x" }}', 'non executable command in pipeline stage 2', '"x"'],
    ['{{ break }}', '{{break}} outside {{range}}', 'break'],
    ['{{ if .on }}{{ define "x" }}{{ end }}{{ end }}', 'unexpected {{define}}', 'define'],
    ['{{ define "a" }}1{{ end }}{{ define "a" }}2{{ end }}', 'multiple definition of template "a"', '"a"'],
    ['{{/* open', 'unclosed comment', '{{'],
    ['{{ 12a }}', 'bad number syntax: "12a"', '12a'],
    ['{{ "\\q" }}', 'invalid syntax in string "\\q"', '"\\q"'],
  ] as const)('when it is read: %s', ([text, message, place]) => {
    const error = errorOf(text);
    expect(error.stage).toBe('parse');
    expect(error.problem.message).toBe(message);
    expect(text.slice(error.problem.at.from, error.problem.at.to)).toBe(place);
    expect(checkText(templates, { file: 't', text })[0]?.message).toBe(message);
  });

  test.for([
    ['a\n {{ .name.x }}', 't:2:4: executing "t" at <.name.x>: can\'t evaluate field x in type string'],
    ['{{ .nil.x }}', 't:1:3: executing "t" at <.nil.x>: nil pointer evaluating interface {}.x'],
    ['{{ fail }}', 't:1:3: executing "t" at <fail>: error calling fail: out of order'],
    ['{{ upper 3 }}', 't:1:9: executing "t" at <3>: wrong type for value; expected string; got int'],
    ['{{ upper }}', 't:1:3: executing "t" at <upper>: wrong number of args for upper: want 1 got 0'],
    ['{{ eq 1 1.0 }}', 't:1:3: executing "t" at <eq 1 1.0>: error calling eq: incompatible types for comparison'],
    ['{{ lt 1 "a" }}', 't:1:3: executing "t" at <lt 1 "a">: error calling lt: incompatible types for comparison'],
    ['{{ index .list 7 }}', 't:1:3: executing "t" at <index .list 7>: error calling index: index out of range: 7'],
    ['{{ template "nope" . }}', 't:1:12: executing "t" at <{{template "nope" .}}>: template "nope" not defined'],
    ['{{ range .name }}{{ end }}', 't:1:9: executing "t" at <.name>: range can\'t iterate over string'],
    ['{{ .name 1 }}', 't:1:3: executing "t" at <.name>: name is not a method but has arguments'],
    [
      '{{ define "in" }}{{ .x.y }}{{ end }}{{ template "in" .labels }}',
      't:1:20: executing "in" at <.x.y>: can\'t evaluate field y in type string',
    ],
  ] as const)('when it is run: %s', ([text, message]) => {
    expect(errorOf(text).message).toBe(`template: ${message}`);
  });

  test('a missing key can be an error', () => {
    expect(errorOf('{{ .nope }}', DATA, { missingKey: 'error' }).message).toContain('map has no entry for key "nope"');
  });

  test('problems print with their line and a way out', () => {
    const { problems } = parseTemplates(
      [{ file: 'my.tmpl', text: '{{ define "a" }}\n  {{ uper .x }}{{ $y }}\n{{ end }}' }],
      functions,
    );
    expect(formatProblems(problems)).toBe(
      [
        'my.tmpl:2:6: error: function "uper" not defined  [template-syntax]',
        '  2 |   {{ uper .x }}{{ $y }}',
        '    |      ^^^^',
        '    = did you mean upper?',
        'my.tmpl:2:19: error: undefined variable "$y"  [template-syntax]',
        '  2 |   {{ uper .x }}{{ $y }}',
        '    |                   ^^',
        '    = did you mean $?',
      ].join('\n'),
    );
  });

  test('a call of a template that nobody defined is found without running it', () => {
    const { templates: set } = parseTemplates([{ file: 'a', text: '{{ define "known" }}x{{ end }}' }], {});
    const text = '{{ if .x }}{{ template "knon" . }}{{ end }}';
    expect(checkText(set, { file: 't', text })).toMatchObject([
      { code: 'template-undefined', hint: 'did you mean "known"?' },
    ]);
  });
});

describe('an expansion is bounded', () => {
  test.for([
    [
      'recursion',
      '{{ define "r" }}{{ template "r" . }}{{ end }}{{ template "r" . }}',
      'exceeded maximum template depth',
    ],
    [
      'recursion through a function',
      '{{ define "r" }}{{ run "r" . }}{{ end }}{{ run "r" . }}',
      'exceeded maximum template depth',
    ],
    [
      'output',
      '{{ range 100000 }}0123456789012345678901234567890123456789{{ end }}',
      'output is longer than 1048576 characters',
    ],
    ['steps', '{{ range 100000000 }}{{ end }}', 'gave up after 1000000 steps'],
    ['values', '{{ $x := "0123456789" }}{{ range 60 }}{{ $x = print $x $x }}{{ end }}', 'value is longer than 1048576'],
    ['steps without output', '{{ range 100000000 }}{{ $x := . }}{{ end }}', 'gave up after 1000000 steps'],
    ['width of a number', '{{ range 2000 }}{{ printf "%999999999d" 1 }}{{ end }}', 'output is longer than'],
    ['nesting', '{{ if 1 }}'.repeat(500), 'nested deeper than 200'],
    ['parentheses', `{{ ${'('.repeat(5000)}1${')'.repeat(5000)} }}`, 'nested deeper than 200'],
  ] as const)('in %s', ([, text, message]) => {
    expect(errorOf(text).message).toContain(message);
  });

  test('whatever is written ends as output or as a template error', () => {
    const piece = fc.constantFrom(
      '{{',
      '}}',
      ' ',
      '-',
      '.',
      '$',
      '$x',
      ':=',
      '=',
      '|',
      '(',
      ')',
      '"a"',
      '`b`',
      "'c'",
      '1',
      'if',
      'else',
      'end',
      'range',
      'with',
      'define',
      'template',
      'block',
      'break',
      'upper',
      '.name',
      '.list',
      '/*',
      '*/',
      ',',
      'nil',
      'text',
      '\n',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        try {
          expect(typeof expand(pieces.join(''))).toBe('string');
        } catch (error) {
          expect(error).toBeInstanceOf(TemplateError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

test('data gives nothing but itself away', () => {
  for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'parts']) {
    expect(expand(`{{ .${name} }}`, {})).toBe('<no value>');
    expect(expand(`[{{ .labels.${name} }}]`)).toBe('[]');
    expect(errorOf(`{{ .object.${name} }}`).message).toContain(`can't evaluate field ${name}`);
    expect(errorOf(`{{ ${name} }}`).message).toMatch(/not defined/);
  }
});
