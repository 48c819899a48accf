import { readSeriesLabels, readSeriesValues } from '@tillwatch/config';
import { Labels } from '@tillwatch/model';
import { evaluateInstant, evaluateRange, format, functionNames, parse, prettify, QueryError } from '@tillwatch/promql';
import { MemoryQueryable, readHistogram } from '@tillwatch/promql/testing';
import { areOnlyWarnings, mustBePlain, unlessRefused } from '../laws.ts';
import { must, mustEqual, type Subject } from '../subject.ts';

const FEATURES = [
  'experimental-functions',
  'duration-expr',
  'extended-range-selectors',
  'binop-fill-modifiers',
] as const;

const GRAMMAR = {
  start: ['<vector>', '<scalar>', '"<text>"', '<matrix>'],
  scalar: ['1', '<number>', 'time()', 'scalar(<vector>)', '(<scalar>)', '-<scalar>', '<scalar> <math> <scalar>'],
  vector: [
    'up',
    '<selector><shift>',
    'rate(<matrix>)',
    '<over>(<matrix>)',
    '<aggregate><by>(<vector>)',
    'topk(<scalar>, <vector>)',
    '<vector> <math> <vector>',
    '<vector> <math> <match> <vector>',
    '<vector> <compare> <scalar>',
    '<vector> <set> <vector>',
    '-<vector>',
    '(<vector>)',
    'label_replace(<vector>, "dst", "$1", "src", "(.*)")',
    'histogram_quantile(0.9, <vector>)',
    'vector(<scalar>)',
    'absent(<vector>)',
  ],
  matrix: ['up[5m]', '<selector>[<duration>]<shift>', '<vector>[<duration>:<duration>]<shift>', '(<vector>)[1h:]'],
  selector: ['up', 'a:b{<matchers>}', '{<matcher>,<matchers>}', '{"utf8 name"}', 'http_requests_total{<matchers>}'],
  matchers: ['', '<matcher>', '<matcher>,<matchers>'],
  matcher: ['job="<text>"', 'le!="1"', 'code=~"5..|<text>"', '"a b"!~".*"', '__name__=~"u.+"'],
  shift: ['', '', ' offset 5m', ' offset -<duration>', ' @ 12.5', ' @ end() offset 1m'],
  by: [' ', ' by (a, job) ', ' without (le) ', ' by () '],
  match: ['on (a)', 'ignoring (job) group_left (x)', 'on () group_right'],
  aggregate: ['sum', 'max', 'count', 'avg', 'stddev', 'group'],
  over: ['avg_over_time', 'increase', 'changes', 'last_over_time', 'deriv'],
  math: ['+', '-', '*', '/', '%', '^', 'atan2'],
  compare: ['==', '> bool', '<'.concat('='), '!='],
  set: ['and', 'or', 'unless', 'and on (a)'],
  duration: ['5m', '1h30m', '90', '1ms', '0x10', '1y'],
  number: ['0.5', '1e9', 'Inf', 'NaN', '-3', '5m', '1_000', '0x1F', '017'],
  text: ['', 'x', 'a|b', '\\n', '\\u00fc', '(', '\\\\'],
};

const SEEDS = [
  'sum by (step, provider) (rate(checkout_outcomes_total{outcome="failure",reason_class="technical"}[5m])) / on (step) group_left () sum by (step) (rate(checkout_outcomes_total[5m])) > bool 0.02',
  "histogram_quantile(0.95, sum by (le) (rate(checkout_step_duration_seconds_bucket{step='payment'}[5m]))) # why",
  'max_over_time((rate(x[5m] offset -1d @ start()))[1h:30s]) or vector(0)',
  'label_replace({"utf8 name", le!~`a|b`}, "dst", "$1-x", "src", "(.*)")',
  '-1 ^ 2 + Inf - NaN * 0x1F % 1_000',
  'absent(up{job="a"}) unless on () ALERTS{alertstate="firing"}',
  'predict_linear(node_filesystem_free_bytes[1h30m], 4 * 3600) < 0',
];

const queries: Subject = {
  name: 'promql',
  seeds: SEEDS,
  words: [
    ...functionNames(),
    'by',
    'without',
    'on',
    'ignoring',
    'group_left',
    'offset',
    '@',
    'bool',
    '[5m]',
    '[1h:1m]',
    'start()',
    '#',
    '=~',
    '!~',
    '{',
    '}',
  ],
  grammar: GRAMMAR,
  check(text) {
    const result = parse(text);
    parse(text, { features: FEATURES });
    if (!result.ok) {
      must(!areOnlyWarnings(result.problems), 'it is refused without an error');
      return false;
    }
    mustBePlain(result.expr);
    const printed = format(result.expr);
    const again = parse(printed);
    must(again.ok, `it is written ${printed.slice(0, 300)}, which is refused`);
    mustEqual(format(again.expr), printed, 'the expression that is written');
    const pretty = parse(prettify(result.expr, 20));
    must(pretty.ok, `it is prettified to what is refused`);
    mustEqual(format(pretty.expr), printed, 'the expression that is prettified');
    return true;
  },
};

const data = new MemoryQueryable();
for (const [i, job] of ['shop', 'api', ''].entries()) {
  for (const name of ['up', 'a:b', 'http_requests_total', 'utf8 name']) {
    data.add(Labels.of({ __name__: name, job, a: 'x', le: String(i) }), 0, 15_000, [
      1,
      2,
      Number.NaN,
      'stale',
      undefined,
      5,
      Number.POSITIVE_INFINITY,
      3,
    ]);
  }
}
/** Texts of real size: long ones are the parser's matter. */
const LONGEST_EVALUATED = 600;
const CONTEXT = { queryable: data, limits: { maxSamples: 200_000 } };

const evaluation: Subject = {
  name: 'promql evaluation',
  seeds: SEEDS,
  words: queries.words,
  grammar: GRAMMAR,
  check(text) {
    if (text.length > LONGEST_EVALUATED) return false;
    const parsed = parse(text);
    if (!parsed.ok) return false;
    const instant = unlessRefused(() => evaluateInstant(parsed.expr, 90_000, CONTEXT), QueryError);
    const range = unlessRefused(
      () => evaluateRange(parsed.expr, { startMs: 0, endMs: 120_000, stepMs: 15_000 }, CONTEXT),
      QueryError,
    );
    mustBePlain(instant);
    return instant !== undefined || range !== undefined;
  },
};

const seriesNotation: Subject = {
  name: 'series notation',
  seeds: [
    '1 2 _ stale',
    '0+10x5',
    '7x3 _x4 1-2x3',
    '{{schema:0 sum:5 count:4 buckets:[1 2 1]}}',
    '{{count:1}}+{{count:1}}x3',
    'checkout_total{outcome="success", "a b"="c"}',
  ],
  words: ['x', '_', 'stale', '{{', '}}', 'schema:', 'buckets:[', 'x999999999', '+', '-'],
  check(text) {
    const values = readSeriesValues(text.replace(/x\d{5,}/g, 'x9'));
    const labels = readSeriesLabels(text);
    unlessRefused(() => readHistogram(text), SyntaxError);
    if ('message' in values)
      must(values.from >= 0 && values.from <= values.to && values.to <= text.length, 'a place outside of the text');
    if (Array.isArray(labels)) {
      for (const { from, to } of labels)
        must(
          from >= 0 && from <= to && to <= text.length + 1,
          `a place ${from}..${to} outside of a text of ${text.length}`,
        );
    }
    return !('message' in values) || labels instanceof Labels;
  },
};

export const promqlSubjects: readonly Subject[] = [queries, evaluation, seriesNotation];
