import fc from 'fast-check';
import { DATA_SPAN_MS, DATA_START_MS } from './promql-data.ts';

/** A query to put to both engines. */
export type Question =
  | { readonly kind: 'instant'; readonly expr: string; readonly timeMs: number }
  | {
      readonly kind: 'range';
      readonly expr: string;
      readonly startMs: number;
      readonly endMs: number;
      readonly stepMs: number;
    };

/**
 * Random expressions along the grammar of Prometheus 2.42, over the series of `promql-data.ts`. Queries and `@` are at half
 * seconds, ranges, steps and offsets are whole seconds, so that no window begins where a sample or a step of a subquery is;
 * a subquery inside a subquery, which is evaluated at whole seconds, is moved by half a second for the same reason.
 */
const HALF_MS = 500;
const HOUR_MS = 3_600_000;

type Text = fc.Arbitrary<string>;

const COUNTERS = ['requests_total', 'errors_total', 'latency_bucket', 'latency_count', 'latency_sum'];
const FINITE = [...COUNTERS, 'load', 'queue', 'owner', 'sparse'];

const pick = (...texts: string[]): Text => fc.constantFrom(...texts);
const oneOf = (...texts: Text[]): Text =>
  fc.oneof({ depthSize: 'small', maxDepth: 5, withCrossShrink: true }, ...texts);
const weighted = (...texts: { weight: number; arbitrary: Text }[]): Text => fc.oneof(...texts);
const joined = (...parts: (string | Text)[]): Text =>
  fc.tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part))).map((all) => all.join(''));

/** Matchers by what they need of a metric, so that most of them find something. */
const ON_JOB = pick(
  ...['job="shop"', 'job!="shop"', 'job=~"s.*"', 'job=~"shop|api"', 'job!~"api"', 'job=~"(?:sh|ap).*"'],
  ...['job=`api`', "job='shop'", 'missing=""', 'missing=~".*"', 'missing!~".+"', 'code!="200"'],
);
const ON_INSTANCE = pick('instance="a:1"', 'instance=~"[ab]:.*"', 'instance!~".:1"');
const ON_CODE = pick('code=~"4..|5.."', 'code="500"', 'code!=""', 'code=~"[45].*"', 'code=~"(?i)[25].."');
const ON_LE = pick('le=~"0.*"', 'le="+Inf"', 'le!="5"');
/** Matchers that seldom or never find anything, and one that is wrong. */
const ON_NOTHING = weighted(
  { weight: 2, arbitrary: ON_CODE },
  { weight: 2, arbitrary: ON_LE },
  { weight: 1, arbitrary: pick('code=""', 'missing=~".+"') },
  { weight: 1, arbitrary: fc.constant('job=~"["') },
);

function matcherOf(name: string): Text {
  const fitting = [ON_JOB];
  if (!['owner', 'sparse'].includes(name)) fitting.push(ON_INSTANCE);
  if (name === 'requests_total' || name === 'errors_total') fitting.push(ON_CODE);
  if (name === 'latency_bucket') fitting.push(ON_LE);
  return weighted({ weight: 30, arbitrary: fc.oneof(...fitting) }, { weight: 1, arbitrary: ON_NOTHING });
}

/** One of some metrics, with or without matchers. */
function metric(...names: string[]): Text {
  const written = names.map((name) => {
    const matcher = matcherOf(name);
    const braces = weighted(
      { weight: 8, arbitrary: fc.constant('') },
      { weight: 8, arbitrary: matcher.map((one) => `{${one}}`) },
      { weight: 1, arbitrary: fc.tuple(matcher, matcher).map(([a, b]) => `{${a}, ${b}}`) },
    );
    return braces.map((text) => `${name}${text}`);
  });
  return fc.oneof(...written);
}

const byNamePattern = pick(
  '{__name__=~"requests_total|errors_total"}',
  '{__name__=~"latency_(count|sum)", job="shop"}',
  '{__name__!~"latency.*|odd|.*_total", job="shop"}',
  '{__name__="load"}',
  '{job="shop"}',
);

const moment = fc
  .integer({ min: 0, max: DATA_SPAN_MS / 1000 })
  .map((seconds) => `${(DATA_START_MS + seconds * 1000 + HALF_MS) / 1000}`);
const rareShift = oneOf(
  pick(' offset 5m', ' offset -2m', ' offset 1h', ' offset 90s', ' @ start()', ' @ end()', ' @ end() offset 3m'),
  joined(' @ ', moment),
  joined(' offset 2m @ ', moment),
);
const shift = weighted({ weight: 5, arbitrary: fc.constant('') }, { weight: 1, arbitrary: rareShift });
/** How subqueries inside subqueries are moved. */
const halfShift = oneOf(
  pick(' offset 500ms', ' offset 5m500ms', ' offset -1m500ms', ' @ end()'),
  joined(' @ ', moment),
);

const window = pick('5m', '1m', '10m', '1h', '47s', '15s', '2h30m');
const subqueryWindow = pick('[10m:1m]', '[5m:15s]', '[1h:5m]', '[10m:]', '[3m:30s]', '[47s:7s]');

const number = pick('1', '2', '0', '0.5', '-3', '1e3', '0x1f', 'Inf', '-Inf', 'NaN', '100', '1e-2');
const labelList = fc
  .uniqueArray(fc.constantFrom('job', 'instance', 'code', 'le', 'missing', 'team'), { maxLength: 2 })
  .map((names) => `(${names.join(', ')})`);
const grouping = weighted(
  { weight: 1, arbitrary: fc.constant(' ') },
  { weight: 3, arbitrary: joined(pick(' by ', ' without '), labelList, ' ') },
);

const arithmetic = pick(' + ', ' - ', ' * ', ' / ', ' % ', ' ^ ');
const comparison = pick(' == ', ' != ', ' > ', ' < ', ' >= ', ' <= ');
const comparisonBool = comparison.map((op) => `${op}bool `);

const elementwise = pick(
  ...['abs', 'ceil', 'exp', 'floor', 'ln', 'log10', 'log2', 'sgn', 'sqrt', 'round', 'deg', 'rad', 'absent'],
  ...['acos', 'acosh', 'asin', 'asinh', 'atan', 'atanh', 'cos', 'cosh', 'sin', 'sinh', 'tan', 'tanh', 'timestamp'],
  ...['sort', 'sort_desc', 'histogram_count', 'histogram_sum'],
);
const calendar = pick(
  ...['day_of_month', 'day_of_week', 'day_of_year', 'days_in_month', 'hour', 'minute', 'month', 'year'],
);
const overTime = pick(
  ...['avg_over_time', 'count_over_time', 'last_over_time', 'max_over_time', 'min_over_time', 'present_over_time'],
  ...['stddev_over_time', 'stdvar_over_time', 'sum_over_time', 'absent_over_time', 'changes', 'resets'],
  ...['delta', 'deriv', 'idelta'],
);

/** Operands without brackets: which operator binds to which is up to the engine, also behind a modifier. */
const chainOperand = fc.oneof(
  {
    weight: 5,
    arbitrary: joined(
      metric('load'),
      weighted({ weight: 1, arbitrary: fc.constant('') }, { weight: 1, arbitrary: rareShift }),
    ),
  },
  { weight: 1, arbitrary: number },
  { weight: 1, arbitrary: joined(pick('-', '+'), metric('load'), rareShift) },
);
const chain = fc
  .tuple(
    chainOperand,
    fc.array(fc.tuple(oneOf(arithmetic, arithmetic, comparison, pick(' and ', ' or ', ' unless ')), chainOperand), {
      minLength: 2,
      maxLength: 4,
    }),
  )
  .map(([first, others]) => first + others.map(([operator, operand]) => operator + operand).join(''));

interface Grammar {
  readonly vector: Text;
  readonly matrix: Text;
  readonly scalar: Text;
}

/** `inner` is what subqueries hold; without it the grammar is its own inner one. */
function grammar(subqueryShift: Text, inner?: Grammar): Grammar {
  const { vector, matrix, scalar } = fc.letrec<{
    vector: string;
    finite: string;
    matrix: string;
    counterRange: string;
    scalar: string;
  }>((tie) => {
    const selector = (...names: string[]) =>
      weighted(
        { weight: 9, arbitrary: joined(metric(...names), shift) },
        { weight: names.includes('odd') ? 1 : 0, arbitrary: joined(byNamePattern, shift) },
      );
    const any = selector(...FINITE, 'odd');
    const held = inner?.vector ?? tie('vector');
    const matching = joined(pick('on ', 'ignoring '), labelList, ' ');
    const grouped = joined(matching, pick('group_left ', 'group_right ', 'group_left (team) ', 'group_right (code) '));
    const maybeMatching = weighted(
      { weight: 2, arbitrary: fc.constant('') },
      { weight: 3, arbitrary: matching },
      { weight: 2, arbitrary: grouped },
    );
    return {
      scalar: oneOf(
        number,
        pick('time()', 'pi()'),
        joined('scalar(', tie('vector'), ')'),
        joined('(', tie('scalar'), arithmetic, tie('scalar'), ')'),
        joined('(', tie('scalar'), comparisonBool, tie('scalar'), ')'),
        joined('-(', tie('scalar'), ')'),
      ),
      matrix: oneOf(
        joined(metric(...FINITE, 'odd'), '[', window, ']', shift),
        joined(byNamePattern, '[', window, ']', shift),
        joined('(', held, ')', subqueryWindow, subqueryShift),
      ),
      counterRange: oneOf(
        joined(metric(...COUNTERS), '[', window, ']', shift),
        joined(metric(...COUNTERS), subqueryWindow, subqueryShift),
        joined('(last_over_time(', metric(...COUNTERS), '[2m]))', subqueryWindow, subqueryShift),
      ),
      /** Values without NaN and infinities. */
      finite: oneOf(
        selector(...FINITE),
        joined('rate(', tie('counterRange'), ')'),
        joined('max', grouping, '(', tie('finite'), ')'),
      ),
      vector: oneOf(
        any,
        joined(pick('rate', 'increase', 'irate'), '(', tie('counterRange'), ')'),
        joined(pick('sum', 'sum', 'avg', 'min', 'max', 'count', 'group'), grouping, '(', tie('vector'), ')'),
        joined(overTime, '(', tie('matrix'), ')'),
        joined(pick('stddev', 'stdvar'), grouping, '(', tie('finite'), ')'),
        joined(
          pick('topk', 'bottomk'),
          grouping,
          '(',
          pick('1', '2', '5', '3', '10', '2', '1', '0', '-1'),
          ', ',
          tie('vector'),
          ')',
        ),
        joined('quantile', grouping, '(', pick('0.5', '0.9', '0', '1', '-1', '2', 'NaN'), ', ', tie('vector'), ')'),
        joined('count_values', grouping, '("value", ', tie('vector'), ')'),
        joined('quantile_over_time(', tie('scalar'), ', ', tie('matrix'), ')'),
        joined('predict_linear(', tie('matrix'), ', ', pick('60', '3600', '-600', '0'), ')'),
        joined('holt_winters(', tie('matrix'), ', ', pick('0.3', '0.9'), ', ', pick('0.1', '0.6'), ')'),
        joined(elementwise, '(', tie('vector'), ')'),
        joined(calendar, '(', fc.oneof(tie('finite'), fc.constant('')), ')'),
        joined('clamp(', tie('vector'), ', ', tie('scalar'), ', ', tie('scalar'), ')'),
        joined(pick('clamp_min', 'clamp_max', 'round'), '(', tie('vector'), ', ', tie('scalar'), ')'),
        joined('vector(', tie('scalar'), ')'),
        joined(
          'label_replace(',
          tie('vector'),
          pick(
            ', "team", "t-$1", "job", "(.).*")',
            ', "job", "$1", "code", "(5.*)")',
            ', "code", "", "code", ".*")',
            ', "__name__", "x", "job", "shop")',
          ),
          '',
        ),
        joined('label_join(', tie('vector'), pick(', "where", "/", "job", "instance")', ', "job", "-", "code")'), ''),
        joined(
          'histogram_quantile(',
          pick('0.9', '0.5', '0', '1', '-1', 'NaN'),
          ', ',
          pick('', 'rate', 'sum by (le) '),
          '(',
          pick('latency_bucket', 'latency_bucket{job="shop"}'),
          pick('', '', ' offset 7m'),
          '))',
        ).map(fixHistogram),
        joined(
          'histogram_quantile(',
          tie('scalar'),
          ', sum by (le, job) (rate(',
          metric('latency_bucket'),
          '[',
          window,
          '])))',
        ),
        chain,
        joined('(', tie('vector'), ')', arithmetic, tie('scalar')),
        joined(tie('scalar'), arithmetic, '(', tie('vector'), ')'),
        joined('(', tie('vector'), ')', comparison, tie('scalar')),
        joined('(', tie('vector'), ')', comparisonBool, tie('scalar')),
        joined('(', tie('vector'), ')', arithmetic, maybeMatching, '(', tie('vector'), ')'),
        joined('(', tie('vector'), ')', comparison, maybeMatching, '(', tie('vector'), ')'),
        joined('(', tie('vector'), ')', comparisonBool, maybeMatching, '(', tie('vector'), ')'),
        joined(
          '(',
          tie('vector'),
          ')',
          pick(' and ', ' or ', ' unless '),
          fc.oneof(fc.constant(''), matching),
          '(',
          tie('vector'),
          ')',
        ),
        joined('((', tie('vector'), ') atan2 ', tie('scalar'), ') * 1'),
        joined('-', tie('vector')),
        joined('(', tie('vector'), ')'),
        joined(any, arithmetic, 'ignoring (code) group_left () sum without (code) (', tie('finite'), ')'),
        joined(any, arithmetic, 'on (job) group_left (team) owner'),
      ),
    };
  });
  return { vector, matrix, scalar };
}

/** `rate` takes a range where the others take the moment. */
function fixHistogram(text: string): string {
  return text.includes('rate(') ? text.replace(/(latency_bucket(?:\{[^}]*\})?)/, '$1[5m]') : text;
}

const innerGrammar = grammar(halfShift);
const outerGrammar = grammar(shift, innerGrammar);

/** What neither engine may take: wrong types, unknown names, modifiers out of place, texts that are no expressions. */
const wrong = oneOf(
  joined(pick('rate(', 'abs(5 + ', 'sum(1) + ('), outerGrammar.vector, ')'),
  joined('abs(', outerGrammar.matrix, ')'),
  joined('sum by (job) (', outerGrammar.scalar, ')'),
  joined(outerGrammar.vector, ' and ', outerGrammar.scalar),
  joined('(', outerGrammar.scalar, ' == ', outerGrammar.scalar, ')'),
  joined(outerGrammar.vector, pick(' offset', ' @', ' +', ')', ' by (job)', '[5m', ' on (job) 1', ' or bool load')),
  pick(
    '{}',
    '{job=~".*"}',
    'load{job="a"',
    'unknown(load)',
    'sum(load, load)',

    'rate(load[0s])',
    '"x"',
  ),
  joined('(', outerGrammar.vector, ') + on (job) group_left (job) (', outerGrammar.vector, ')'),
  joined('(', outerGrammar.vector, ') and on (job) group_left (', outerGrammar.vector, ')'),
  joined('topk(load, ', outerGrammar.vector, ')'),
  outerGrammar.matrix,
);

const expression = fc.oneof(
  { weight: 20, arbitrary: outerGrammar.vector },
  { weight: 2, arbitrary: outerGrammar.scalar },
  { weight: 1, arbitrary: wrong },
);

const atSecond = (from: number, to: number) =>
  fc.integer({ min: from, max: to }).map((seconds) => DATA_START_MS + seconds * 1000 + HALF_MS);

/** Random queries; a third of them are range queries. */
export const question: fc.Arbitrary<Question> = fc.oneof(
  { withCrossShrink: true },
  {
    weight: 2,
    arbitrary: fc
      .tuple(expression, atSecond(-60, DATA_SPAN_MS / 1000 + 330))
      .map(([expr, timeMs]): Question => ({ kind: 'instant', expr, timeMs })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        expression,
        atSecond(HOUR_MS / 2000, HOUR_MS / 500),
        fc.constantFrom(60_000, 15_000, 7_000, 600_000),
        fc.integer({ min: 0, max: 40 }),
        fc.constantFrom(0, 3_000),
      )
      .map(([expr, startMs, stepMs, steps, beyondMs]): Question => {
        return { kind: 'range', expr, startMs, endMs: startMs + steps * stepMs + beyondMs, stepMs };
      }),
  },
);
