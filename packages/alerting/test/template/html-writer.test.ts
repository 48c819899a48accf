import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fn } from '../../src/template/function.ts';
import { execute, parseTemplates } from '../../src/template/template-set.ts';
import { SafeText } from '../../src/template/value.ts';

const { templates } = parseTemplates([], {
  safeHtml: fn(['string'], (text) => new SafeText('html', text)),
  safeUrl: fn(['string'], (text) => new SafeText('url', text)),
});

function html(text: string, x: unknown): string {
  return execute(templates, { file: 't', text }, { x }, { html: true });
}

test.for([
  ['content', '<b>{{ .x }}</b>', `<"a"&'+'>`, '<b>&lt;&#34;a&#34;&amp;&#39;&#43;&#39;&gt;</b>'],
  ['title', '<title>{{ .x }}</title>', '</title>', '<title>&lt;/title&gt;</title>'],
  ['vouched content', '{{ .x | safeHtml }}', '<i>', '<i>'],
  ['escaped already', '{{ .x | html }}', '<i>', '&lt;i&gt;'],
  ['attribute', '<p title="{{ .x }}">', '"><script>', '<p title="&#34;&gt;&lt;script&gt;">'],
  ['attribute in single quotes', "<p title='{{ .x }}'>", "' onclick='", "<p title='&#39; onclick=&#39;'>"],
  ['attribute without quotes', '<p title={{ .x }}>', 'a b=c', '<p title=a&#32;b&#61;c>'],
  ['vouched content in an attribute', '<p title="{{ .x | safeHtml }}">', '<b>"q"</b>', '<p title="&#34;q&#34;">'],
  [
    'whole URL',
    '<a href="{{ .x }}">',
    'https://a.example/b?c=d&e=f g',
    '<a href="https://a.example/b?c=d&amp;e=f%20g">',
  ],
  ['script URL', '<a href="{{ .x }}">', 'javascript:alert(1)', '<a href="#ZgotmplZ">'],
  ['script URL in disguise', '<a HREF = "{{ .x }}">', ' JavaScript:alert(1)', '<a HREF = "#ZgotmplZ">'],
  ['vouched URL', '<a href="{{ .x | safeUrl }}">', 'tel:123', '<a href="tel:123">'],
  ['path of a URL', '<a href="/x/{{ .x }}">', 'a b"c', '<a href="/x/a%20b%22c">'],
  ['query of a URL', '<a href="/x?q={{ .x }}">', 'a&b=c', '<a href="/x?q=a%26b%3dc">'],
  ['query escaped already', '<a href="/x?q={{ .x | urlquery }}">', 'a b', '<a href="/x?q=a&#43;b">'],
  ['URL of an own attribute', '<a data-url="{{ .x }}">', 'javascript:x', '<a data-url="#ZgotmplZ">'],
  ['style attribute', '<p style="color: {{ .x }}">', 'red; background: url(x)', '<p style="color: ZgotmplZ">'],
  ['harmless style', '<p style="color: {{ .x }}">', '#fff', '<p style="color: #fff">'],
  ['style sheet', '<style>p { color: {{ .x }} }</style>', '}</style>', '<style>p { color: ZgotmplZ }</style>'],
  [
    'script',
    '<script>let a = {{ .x }};</script>',
    '</script>"',
    '<script>let a = "\\u003c/script\\u003e\\"";</script>',
  ],
  [
    'string in a script',
    '<script>let a = "{{ .x }}";</script>',
    '";</script>',
    '<script>let a = "\\u0022;\\u003c\\/script\\u003e";</script>',
  ],
  ['event handler', '<p onclick="f({{ .x }})">', 'a"b', '<p onclick="f(&#34;a\\&#34;b&#34;)">'],
  ['name of an attribute', '<p {{ .x }}="1">', 'onclick', '<p ZgotmplZ="1">'],
  ['comment', 'a<!-- {{ .x }} -->b', 'x', 'ab'],
  ['content behind a tag with a > in quotes', '<a title=">">{{ .x }}', '<', '<a title=">">&lt;'],
  ['no tag at all', '1 < {{ .x }}', '<', '1 < &lt;'],
  ['no value', '[{{ .nope }}]', '', '[]'],
] as const)('%s', ([, text, value, output]) => {
  expect(html(text, value)).toBe(output);
});

test('no value leaves the place it was put in', () => {
  const places = [
    ['<p>', '</p>'],
    ['<p title="', '">'],
    ["<p title='", "'>"],
    ['<a href="', '">'],
    ['<a href="/?q=', '">'],
    ['<title>', '</title>'],
    ['<script>let a = ', ';</script>'],
    ["<script>let a = '", "';</script>"],
  ] as const;
  const nasty = fc.array(
    fc.constantFrom('"', "'", '<', '>', '</script>', '</title>', '&', '=', ' ', '\n', '`', 'x', '\\', '--'),
    {
      maxLength: 12,
    },
  );
  fc.assert(
    fc.property(fc.constantFrom(...places), nasty, ([before, after], parts) => {
      const output = html(`${before}{{ .x }}${after}`, parts.join(''));
      const inside = output.slice(before.length, output.length - after.length);
      expect(output.startsWith(before) && output.endsWith(after)).toBe(true);
      expect(inside).not.toMatch(/[<>]/);
      if (before.endsWith('"')) expect(inside).not.toContain('"');
      if (before.endsWith("'")) expect(inside).not.toContain("'");
    }),
  );
});
