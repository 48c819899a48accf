import { Labels, type VectorSample } from '@tillwatch/model';
import { expect, test } from 'vitest';
import { checkRuleTemplate, ruleTemplates } from '../../src/template/index.ts';

const vector: readonly VectorSample[] = [
  { labels: Labels.of({ __name__: 'm', shop: 'us' }), timestampMs: 0, value: 2 },
  { labels: Labels.of({ __name__: 'm', shop: 'eu' }), timestampMs: 0, value: 0.25 },
];

const expandFor = ruleTemplates(
  {
    query(expr) {
      if (expr === 'bad(') throw new Error('1:5: parse error');
      return expr === 'none' ? [] : vector;
    },
    nowMs: 1_353_755_652_000,
    externalUrl: 'http://watch.example/base',
  },
  Labels.of({ dc: 'x' }),
);

function expand(text: string): string {
  const labels = Labels.of({ __name__: 'm', shop: 'eu', instance: 'a:9100' });
  return expandFor({ file: 'summary', text }, { labels, value: 0.934 });
}

test.for([
  ['{{ $labels.shop }} {{ $labels.nope }}|{{ .Labels.shop }}', 'eu |eu'],
  ['{{ $value }} {{ .Value }} {{ printf "%.1f" $value }} {{ $value | humanizePercentage }}', '0.934 0.934 0.9 93.4%'],
  ['{{ $externalLabels.dc }} {{ $externalURL }} {{ pathPrefix }}', 'x http://watch.example/base /base'],
  ['{{ if lt $value 0.95 }}low{{ else }}fine{{ end }}', 'low'],
  ['{{ query "m" | first | label "shop" }} {{ query "m" | sortByLabel "shop" | first | value }}', 'us 0.25'],
  ['{{ range query "m" }}{{ .Labels.shop }}={{ .Value }} {{ end }}', 'us=2 eu=0.25 '],
  ['{{ with query "none" }}some{{ else }}none{{ end }}', 'none'],
  ['{{ len (query "m") }} {{ (index (query "m") 1).Value }}', '2 0.25'],
  ['{{ $labels.instance | stripPort }} {{ $labels.instance | reReplaceAll ":.*" "" }}', 'a a'],
  ['{{ "a-b c" | title }} {{ urlQueryEscape "a b" }}', 'A-B C a+b'],
  ['{{ tableLink "m > 1" }}', '/graph?g0.expr=m+%3E+1&g0.tab=1'],
  ['{{ 0.5 | humanizeDuration }} {{ 1234.5 | humanize }} {{ 2048.0 | humanize1024 }}', '500ms 1.234k 2ki'],
] as const)('%s', ([text, output]) => {
  expect(expand(text)).toBe(output);
});

test.for([
  ['{{ query "none" | first | value }}', 'error calling first: first() called on vector with no elements'],
  ['{{ query "bad(" }}', 'error calling query: 1:5: parse error'],
  ['{{ $labels.shop.x }}', "can't evaluate field x in type string"],
  ['{{ if gt $value 1 }}{{ end }}', 'incompatible types for comparison'],
] as const)('%s fails', ([text, message]) => {
  expect(() => expand(text)).toThrow(message);
});

test('a text is checked without its data', () => {
  expect(checkRuleTemplate({ file: 'r', text: '{{ $labels.x }} {{ $value | humanize }}' })).toEqual([]);
  expect(checkRuleTemplate({ file: 'r', text: '{{ $label.x }}' })).toMatchObject([
    { message: 'undefined variable "$label"', hint: 'did you mean $labels?' },
  ]);
  expect(checkRuleTemplate({ file: 'r', text: '{{ $value | humanise }}' })).toMatchObject([
    { hint: 'did you mean humanize?' },
  ]);
});
