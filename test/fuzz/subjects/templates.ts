import {
  checkNotificationText,
  checkRuleTemplate,
  expandTemplate,
  notificationData,
  parseNotificationTemplates,
  renderNotificationText,
  TemplateError,
} from '@tillwatch/alerting';
import { Labels } from '@tillwatch/model';
import {
  parseMessageText,
  placeholdersOf,
  renderMessageText,
} from '../../../packages/checkout/src/words/message-text.ts';
import { areOnlyWarnings } from '../laws.ts';
import { must, type Subject } from '../subject.ts';

const { templates } = parseNotificationTemplates([]);
const DATA = notificationData(
  {
    receiver: 'ops',
    groupLabels: Labels.of({ alertname: 'CheckoutErrors' }),
    atMs: 1_000_000,
    alerts: [0, 1].map((i) => ({
      labels: Labels.of({ alertname: 'CheckoutErrors', step: i === 0 ? 'payment' : '<b>' }),
      annotations: Labels.of({ summary: '{{ ü' }),
      startsAtMs: 5_000,
      endsAtMs: i === 0 ? 0 : 900_000,
      generatorUrl: 'http://127.0.0.1/graph?x="<',
    })),
  },
  'http://127.0.0.1:9093',
);

const WORDS = [
  ...[
    '{{',
    '}}',
    '{{-',
    '-}}',
    '{{/*',
    '*/}}',
    '{{ end }}',
    '{{ else }}',
    '{{ if ',
    '{{ range ',
    '{{ with ',
    '{{ define "x" }}',
  ],
  ...[
    '{{ template "x" . }}',
    '{{ block "x" . }}',
    '{{ break }}',
    '{{ template "slack.default.text" . }}',
    '$x := ',
    '$x',
    ' | ',
    ' . ',
    '.Alerts',
    '.Labels',
  ],
  ...[
    'printf "%9999999d" ',
    '"%v %[2]*.[1]*f" ',
    'index ',
    'slice ',
    'len ',
    'eq ',
    'and ',
    'html ',
    'js ',
    'urlquery ',
    'toUpper ',
    'reReplaceAll "(a*)*" "" ',
    'join "," ',
  ],
  ...[
    'humanize ',
    'humanizeDuration ',
    'title ',
    'safeHtml ',
    'stringSlice ',
    'date "2006-01-02" ',
    'tz "Europe/Vienna" ',
    'since ',
    'toJson ',
    "'\\x41'",
    '`raw`',
    '1e400',
    '0x1p4',
    '1i',
    'nil',
    'true',
  ],
];

const GRAMMAR = {
  start: ['<text>', '<text><action><start>', '<action>'],
  text: ['', 'a', '<a href="', '">', "<script>'", '\n', 'ü'],
  action: [
    '{{ <pipe> }}',
    '{{ if <pipe> }}<start>{{ else }}<start>{{ end }}',
    '{{ range <list> }}<start>{{ else }}x{{ end }}',
    '{{ range $i, $e := <list> }}{{ $i }}{{ end }}',
    '{{ with <pipe> }}<start>{{ end }}',
    '{{ define "x" }}<start>{{ end }}',
    '{{ template "x" . }}',
    '{{- <pipe> -}}',
    '{{/* <text> */}}',
    '{{ $x := <pipe> }}{{ $x }}',
  ],
  pipe: [
    '<value>',
    '<value> | <function>',
    '<function> <value>',
    '(<pipe>)',
    'printf "<format>" <value> <value>',
    'eq <value> <value>',
  ],
  list: ['.Alerts', '.Alerts.Firing', '.CommonLabels.SortedPairs', '.GroupLabels.Names', '<value>'],
  value: [
    '.',
    '.Status',
    '.CommonLabels.step',
    '(index .Alerts 0).StartsAt',
    '.CommonLabels',
    '"<text>"',
    '1',
    '-3.5',
    'true',
    'nil',
    '$labels.step',
    '$value',
  ],
  function: [
    'len',
    'toUpper',
    'title',
    'humanize',
    'humanizePercentage',
    'join ","',
    'html',
    'js',
    'urlquery',
    'toJson',
    'print',
    'not',
    'reReplaceAll "a+" "b"',
    'stringSlice',
  ],
  format: ['%v', '%s %d', '%q', '%5.2f', '%x', '%-9s|', '%T', '%%', '%[2]d', '%!', '%c'],
};

const notifications: Subject = {
  name: 'notification templates',
  seeds: [
    '{{ template "slack.default.title" . }}',
    '{{ range .Alerts.Firing }}{{ .Labels.step | toUpper }} {{ .StartsAt.Format "15:04" }}{{ else }}none{{ end }}',
    '{{ define "x" }}{{ . }}{{ end }}{{- template "x" .CommonLabels.SortedPairs.Names | join ", " -}} {{/* why */}}',
    '{{ with $x := index .Alerts 0 }}{{ if and (eq .Status "firing") (gt (len $x.Labels) 1) }}{{ printf "%q" $x.Fingerprint }}{{ end }}{{ end }}',
    '<a href="{{ .ExternalURL }}" onclick="f({{ .Status }})">{{ (index .Alerts 0).Annotations.summary }}</a><script>{{ .CommonLabels }}</script>',
  ],
  words: WORDS,
  grammar: GRAMMAR,
  check(text) {
    const problems = checkNotificationText(templates, { file: 'x.tmpl', text });
    const isReadable = areOnlyWarnings(problems);
    for (const html of [false, true]) {
      try {
        const written = renderNotificationText(templates, text, DATA, { html, nowMs: 1_000_000 });
        must(
          written.length <= MOST_OUTPUT || written === text,
          `${written.length} characters come out of ${text.length}`,
        );
      } catch (error) {
        if (!(error instanceof TemplateError)) throw error;
        areOnlyWarnings([error.problem]);
      }
    }
    return isReadable;
  },
};

/** A MiB, and what is put in last may be beyond it. */
const MOST_OUTPUT = 1.1 * 2 ** 20;

const ENVIRONMENT = {
  query: (expr: string) => {
    if (expr.includes('fail')) throw new Error('no answer');
    return [{ labels: Labels.of({ step: 'payment' }), timestampMs: 0, value: 1.5 }];
  },
  nowMs: 1_000_000,
  externalUrl: 'http://127.0.0.1:9090',
};

const rules: Subject = {
  name: 'rule templates',
  seeds: [
    '{{ $labels.step }} fails: {{ $value | humanizePercentage }}',
    '{{ range query "up" }}{{ .Labels.step }}={{ .Value | printf "%.2f" }}{{ end }}{{ with query "fail" }}{{ end }}',
    '{{ query "up" | first | value | humanizeTimestamp }} {{ $externalURL }}{{ args 1 2 | toJson }}',
  ].map((seed) => seed.replace('{{ with query "fail" }}{{ end }}', '').replace('{{ args 1 2 | toJson }}', '')),
  words: [
    ...WORDS,
    '$labels',
    '$value',
    '$externalLabels',
    'query "up" ',
    'query "fail" ',
    'first ',
    'label "step" ',
    'sortByLabel "step" ',
    'graphLink ',
    'parseDuration ',
    'match "(a*)*" ',
  ],
  grammar: GRAMMAR,
  check(text) {
    const isReadable = areOnlyWarnings(checkRuleTemplate({ file: 'rules.yml', text }));
    const variables = { $labels: { step: 'payment' }, $externalLabels: {}, $externalURL: 'http://x', $value: 0.25 };
    try {
      expandTemplate({ file: 'rules.yml', text }, variables, ENVIRONMENT, { variables });
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      areOnlyWarnings([error.problem]);
    }
    return isReadable;
  },
};

const messages: Subject = {
  name: 'message texts',
  seeds: ['{step} fails[ since {since}], {{really}} [[now]]', 'plain', '[{a}]{b}'],
  words: ['{', '}', '[', ']', '{{', '}}', '[[', ']]', '{step}', '[ {since}]'],
  check(text) {
    const read = parseMessageText(text);
    if ('mistake' in read) {
      const { from, to, hint } = read.mistake;
      must(
        from >= 0 && from < to && to <= text.length && hint !== '',
        `a place ${from}..${to} outside of a text of ${text.length}`,
      );
      return false;
    }
    for (const { name, at } of placeholdersOf(read.text))
      must(text.startsWith(`{${name}}`, at), `{${name}} is not at ${at}`);
    must(renderMessageText(read.text, {}, '?') !== undefined, 'nothing to say for what is not known');
    return true;
  },
};

export const templateSubjects: readonly Subject[] = [notifications, rules, messages];
