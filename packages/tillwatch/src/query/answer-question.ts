import {
  compareLabels,
  compareText,
  formatProblems,
  invariant,
  type Labels,
  type Matcher,
  type Queryable,
} from '@tillwatch/model';
import { type InstantResult, parse, QueryError, type RangeResult, selectorsOf } from '@tillwatch/promql';
import { formatLabels } from '../http/json.ts';
import type { Cancelable, QueryEngine } from './query-engine.ts';
import type { Answer, Question, TimeRange } from './question.ts';
import { instantJson, rangeJson, take } from './result-json.ts';

const encoder = new TextEncoder();

/** Answers a question on the calling thread. @throws {QueryError} */
export function answerQuestion(
  engine: QueryEngine,
  queryable: Queryable,
  question: Question,
  signal?: Cancelable,
): Answer {
  const { limit } = question;
  switch (question.kind) {
    case 'instant': {
      const result = engine.instant(question.text, question.timeMs, question.options, signal);
      return answerOf(instantJson(result, limit), result);
    }
    case 'range': {
      const { text, startMs, endMs, stepMs, options } = question;
      const result = engine.range(text, startMs, endMs, stepMs, options, signal);
      return answerOf(rangeJson(result.series, limit), result);
    }
    case 'series':
      return listed(selectLabels(queryable, question, signal).map(formatLabels), limit);
    case 'label-names': {
      const { fromMs, toMs } = question.range;
      const names =
        question.selectors.length === 0
          ? queryable.labelNames(fromMs, toMs)
          : sortedSet(selectLabels(queryable, question, signal).flatMap((labels) => labels.names()));
      return listed(names.map(jsonText), limit);
    }
    case 'label-values': {
      const { name, range } = question;
      const values =
        question.selectors.length === 0
          ? queryable.labelValues(name, range.fromMs, range.toMs)
          : sortedSet(selectLabels(queryable, question, signal).map((labels) => labels.get(name))).filter(Boolean);
      return listed(values.map(jsonText), limit);
    }
  }
}

/** Reads a text such as `up{job="shop"}`. @throws {QueryError} when it is not one series selector */
export function readSelector(text: string): readonly Matcher[] {
  const result = parse(text);
  if (!result.ok) throw new QueryError('parse', formatProblems(result.problems));
  const [selector, ...others] = selectorsOf(result.expr);
  if (result.expr.kind !== 'vectorSelector' || selector === undefined || others.length > 0) {
    throw new QueryError('parse', `${text} is not a series selector`);
  }
  return selector.matchers;
}

function answerOf(json: string, { annotations }: InstantResult | RangeResult): Answer {
  const texts = (severity: 'warning' | 'info') =>
    annotations.filter((annotation) => annotation.severity === severity).map((annotation) => annotation.message);
  return { data: encoder.encode(json), warnings: texts('warning'), infos: texts('info') };
}

function listed(json: readonly string[], limit: number): Answer {
  const isCut = limit > 0 && json.length > limit;
  return {
    data: encoder.encode(`[${take(json, limit).join(',')}]`),
    warnings: isCut ? ['results truncated due to limit'] : [],
    infos: [],
  };
}

/** Every label set that one of the selectors chooses, each once, in label order. */
function selectLabels(
  queryable: Queryable,
  { selectors, range }: { readonly selectors: readonly string[]; readonly range: TimeRange },
  signal: Cancelable | undefined,
): Labels[] {
  invariant(selectors.length > 0, 'without selectors there are no labels to select');
  const found = new Map<string, Labels>();
  for (const selector of selectors) {
    for (const labels of queryable.selectLabels(readSelector(selector), range.fromMs, range.toMs)) {
      if (signal?.aborted === true) throw new QueryError('canceled', 'the query was canceled');
      found.set(labels.key, labels);
    }
  }
  const sets = [...found.values()];
  return selectors.length === 1 ? sets : sets.sort(compareLabels);
}

function sortedSet(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort(compareText);
}

function jsonText(text: string): string {
  return JSON.stringify(text);
}
