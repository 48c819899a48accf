import { Labels, type Queryable } from '@tillwatch/model';
import { type Aggregate, type Binary, type Expr, format, parse, visit } from '@tillwatch/promql';
import { type Answer, difference, ourAnswer } from './promql-answers.ts';
import type { Question } from './promql-expressions.ts';

/** Something that Prometheus 3.x, which we follow, does otherwise than 2.42, which we compare with. */
export interface KnownDifference {
  readonly name: string;
  /** What changed. */
  readonly reason: string;
  readonly explains: (asked: Question, ours: Answer, theirs: Answer, queryable: Queryable) => boolean;
}

/**
 * What random expressions keep away from by how they and the data are made:
 * - windows and lookback are open on the left since 3.0: no sample lies on an edge of a window (times are at half seconds);
 * - `rate` and `increase` extrapolate to zero otherwise: counters never start near zero;
 * - `stddev` and `stdvar` of a single infinity or NaN are NaN: they are asked of finite values;
 * - `atan2` drops the name: its result is multiplied by 1, which drops it in both;
 * - `histogram_fraction` takes classic histograms: it is not asked;
 * - `holt_winters` is called `double_exponential_smoothing`: the name is replaced;
 * - numbers are durations (`offset 5`): they are not written;
 * - the calendar of infinities and NaN is what the processor makes of them: calendar functions are asked of finite values;
 * - which of 0 and -0 comes first when sorted for a quantile is left to chance: the data have no -0.
 *
 * What is left is in this list, with how to recognise it.
 */
export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    name: 'doubles without a partner',
    reason: 'since 3.x several series of the "one" side are an error only where the "many" side has a partner for them',
    explains: (asked, ours, theirs, queryable) =>
      ours.kind === 'values' &&
      theirs.kind === 'refused' &&
      theirs.message.includes('many-to-many matching not allowed') &&
      contains(asked.expr, (node, path) => {
        if (node.kind !== 'binary' || node.matching === undefined || isSetOp(node.op)) return false;
        // Inside a subquery other times count than those of the query.
        return path.some((above) => above.kind === 'subquery') || hasIdleDoubles(node, asked, queryable);
      }),
  },
  {
    name: 'comparisons that find a partner twice',
    reason: 'since 3.x two series with one partner are an error even if the comparison keeps only one of them',
    explains: ({ expr }, ours, theirs) =>
      theirs.kind === 'values' &&
      ours.kind === 'refused' &&
      ours.message.startsWith('multiple matches for labels: many-to-one') &&
      contains(expr, (node) => node.kind === 'binary' && /^[=!<>]=?/.test(node.op) && !node.returnBool),
  },
  {
    name: 'pinned range beside a changing argument',
    reason:
      '2.42 moves the window along with the steps of a range query or subquery, although @ pins it, when the function ' +
      'as a whole changes from step to step: predict_linear, or one with a parameter that changes',
    explains: ({ expr, kind }) =>
      contains(expr, (node, path) => {
        const isPinned = node.kind === 'call' && node.args.length > 1 && node.args.some(isPinnedRange);
        return isPinned && (kind === 'range' || path.some((above) => above.kind === 'subquery'));
      }),
  },
  {
    name: 'ties',
    reason: 'which of equally large series topk and bottomk choose depends on the order of a hash map',
    explains: (asked, _, __, queryable) => {
      const selecting: Aggregate[] = [];
      contains(asked.expr, (node) => {
        if (node.kind === 'aggregate' && (node.op === 'topk' || node.op === 'bottomk')) selecting.push(node);
        return false;
      });
      return selecting.some((node) => hasTies(ourAnswer({ ...asked, expr: format(node.expr) }, queryable)));
    },
  },
  {
    name: 'a regression far from its samples',
    reason:
      'predict_linear counts time from the moment of evaluation: far from a pinned window that costs it some digits',
    explains: ({ expr }, ours, theirs) =>
      contains(expr, (node) => node.kind === 'call' && node.func === 'predict_linear') &&
      difference(ours, theirs, false, { relative: 1e-6, absolute: 0 }) === undefined,
  },
  {
    name: 'an average of zero',
    reason:
      'averages are compensated sums since 3.x; 2.42 takes the mean step by step, which leaves something of 1 and -1',
    explains: ({ expr }, ours, theirs) =>
      /\bavg/.test(expr) && difference(ours, theirs, false, { relative: 1e-9, absolute: 1e-12 }) === undefined,
  },
  {
    name: 'the angle of a giant',
    reason: 'powers may differ in the last digit, and the sine of a number with 40 digits hangs on it',
    explains: ({ expr }) =>
      contains(expr, (node) => node.kind === 'call' && /^(?:sin|cos|tan)$/.test(node.func)) &&
      contains(expr, (node) => node.kind === 'binary' && node.op === '^'),
  },
  {
    name: 'last digits as labels',
    reason: 'count_values makes labels of values, whose last digit may differ',
    explains: (_, ours, theirs) => difference(withRoundedLabels(ours), withRoundedLabels(theirs)) === undefined,
  },
];

function isSetOp(op: Binary['op']): boolean {
  return op === 'and' || op === 'or' || op === 'unless';
}

/** Does the "one" side have several series of a group at a time at which the other side has none of it? */
function hasIdleDoubles(node: Binary, asked: Question, queryable: Queryable): boolean {
  const isSwapped = node.matching?.card === 'one-to-many';
  const [many, one] = isSwapped ? [node.rhs, node.lhs] : [node.lhs, node.rhs];
  const partners = countByGroup(many, node, asked, queryable);
  const counts = countByGroup(one, node, asked, queryable);
  return [...counts].some(([group, count]) => count > 1 && !partners.has(group));
}

/** How many series each group of an operand has at each time. */
function countByGroup(operand: Expr, { matching }: Binary, asked: Question, queryable: Queryable): Map<string, number> {
  const counts = new Map<string, number>();
  const answer = ourAnswer({ ...asked, expr: format(operand) }, queryable);
  if (answer.kind === 'refused' || matching === undefined) return counts;
  for (const [text, byTime] of answer.series) {
    const labels = labelsOf(text);
    const group = matching.on ? labels.keep(matching.labels) : labels.without([...matching.labels, '__name__']);
    for (const t of byTime.keys()) counts.set(`${t} ${group}`, (counts.get(`${t} ${group}`) ?? 0) + 1);
  }
  return counts;
}

/** The labels that a text such as `name{a="b"}` stands for. */
function labelsOf(text: string): Labels {
  const parsed = parse(text);
  if (!parsed.ok || parsed.expr.kind !== 'vectorSelector') return Labels.empty;
  return Labels.from(parsed.expr.matchers.map(({ name, value }) => [name, value] as const));
}

function isPinnedRange(expr: Expr): boolean {
  if (expr.kind === 'paren') return isPinnedRange(expr.expr);
  if (expr.kind === 'matrixSelector') return expr.selector.atModifier !== undefined;
  return expr.kind === 'subquery' && expr.atModifier !== undefined;
}

/** Series are known by their labels as text: the `value` labels of `count_values` in it, to eleven digits. */
function withRoundedLabels(answer: Answer): Answer {
  if (answer.kind === 'refused') return answer;
  const round = (key: string) =>
    key.replace(/value="([-+0-9.e]+)"/, (_, digits: string) => `value="${Number(digits).toPrecision(11)}"`);
  return { ...answer, series: new Map([...answer.series].map(([key, byTime]) => [round(key), byTime])) };
}

function contains(text: string, isWanted: (node: Expr, path: readonly Expr[]) => boolean): boolean {
  const parsed = parse(text.replaceAll('holt_winters(', 'double_exponential_smoothing('), {
    features: ['experimental-functions'],
  });
  let found = false;
  if (parsed.ok) {
    visit(parsed.expr, (node, path) => {
      found ||= isWanted(node, path);
    });
  }
  return found;
}

/** Are there two equal values at one time? NaN counts as equal to NaN. */
function hasTies(answer: Answer): boolean {
  if (answer.kind === 'refused') return false;
  const seen = new Set<string>();
  for (const byTime of answer.series.values()) {
    for (const [t, value] of byTime) {
      const key = `${t} ${value}`;
      if (seen.has(key)) return true;
      seen.add(key);
    }
  }
  return false;
}
