import { compareLabels, compareText, invariant, type Labels, type Queryable } from '@tillwatch/model';
import { type InstantResult, QueryError, type RangeResult } from '@tillwatch/promql';
import { formatLabels } from '../http/json.ts';
import { cardinality } from './cardinality.ts';
import { countReads } from './query-cost.ts';
import type { Cancelable, QueryEngine } from './query-engine.ts';
import type { Answer, Question, TimeRange } from './question.ts';
import { readResponse } from './remote-read.ts';
import { encodePieces, instantJson, listJson, rangeJson, take } from './result-json.ts';
import { readSeriesSelector } from './unreadable-query.ts';

const CUT = 'results truncated due to limit';

/** Answers a question on the calling thread; the `rest` of a large answer is written while it is read. @throws {QueryError} */
export function answerQuestion(
  engine: QueryEngine,
  queryable: Queryable,
  question: Question,
  signal?: Cancelable,
): Answer {
  const { limit } = question;
  switch (question.kind) {
    case 'instant': {
      const { text, timeMs, options } = question;
      const cost = countReads(queryable, options.withStats);
      const result = engine.instant(text, timeMs, options, signal, cost.queryable);
      return evaluated(instantJson(result.value, limit, cost.json()), result, isCut(result.value, limit), signal);
    }
    case 'range': {
      const { text, startMs, endMs, stepMs, options } = question;
      const cost = countReads(queryable, options.withStats);
      const result = engine.range(text, startMs, endMs, stepMs, options, signal, cost.queryable);
      const wasCut = limit > 0 && result.series.length > limit;
      return evaluated(rangeJson(result.series, limit, cost.json()), result, wasCut, signal);
    }
    case 'series':
      return listed(selectLabels(queryable, question, signal), formatLabels, limit, signal);
    case 'label-names': {
      const { fromMs, toMs } = question.range;
      const names =
        question.selectors.length === 0
          ? queryable.labelNames(fromMs, toMs)
          : sortedSet(selectLabels(queryable, question, signal).flatMap((labels) => labels.names()));
      return listed(names, JSON.stringify, limit, signal);
    }
    case 'label-values': {
      const { name, range } = question;
      const values =
        question.selectors.length === 0
          ? queryable.labelValues(name, range.fromMs, range.toMs)
          : sortedSet(selectLabels(queryable, question, signal).map((labels) => labels.get(name))).filter(Boolean);
      return listed(values, JSON.stringify, limit, signal);
    }
    case 'cardinality':
      return inPieces([JSON.stringify(cardinality(queryable, question.range, limit, signal))], signal);
    case 'remote-read':
      return { data: readResponse(queryable, question.queries, signal), warnings: [], infos: [] };
  }
}

function evaluated(
  json: Iterable<string>,
  { annotations }: InstantResult | RangeResult,
  wasCut: boolean,
  signal: Cancelable | undefined,
): Answer {
  const texts = (severity: 'warning' | 'info') =>
    annotations.filter((annotation) => annotation.severity === severity).map((annotation) => annotation.message);
  return inPieces(json, signal, [...texts('warning'), ...(wasCut ? [CUT] : [])], texts('info'));
}

function listed<T>(
  elements: readonly T[],
  format: (element: T) => string,
  limit: number,
  signal: Cancelable | undefined,
): Answer {
  const kept = take(elements, limit);
  const json = function* () {
    for (const element of kept) yield format(element);
  };
  return inPieces(listJson(json()), signal, kept.length < elements.length ? [CUT] : []);
}

/** Most answers have one piece, and only those that have more have a `rest`. */
function inPieces(
  texts: Iterable<string>,
  signal: Cancelable | undefined,
  warnings: readonly string[] = [],
  infos: readonly string[] = [],
): Answer {
  const pieces = encodePieces(texts);
  const first = pieces.next();
  const second = first.done === true ? first : pieces.next();
  const data = first.done === true ? new Uint8Array() : first.value;
  if (second.done === true) return { data, warnings, infos };
  const rest = function* () {
    yield second.value as Uint8Array;
    for (const piece of pieces) {
      checkNotCanceled(signal);
      yield piece;
    }
  };
  return { data, rest: rest(), warnings, infos };
}

function isCut(value: InstantResult['value'], limit: number): boolean {
  if (limit === 0) return false;
  if (value.type === 'vector') return value.samples.length > limit;
  return value.type === 'matrix' && value.series.length > limit;
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
    const { matchers } = readSeriesSelector(selector);
    for (const labels of queryable.selectLabels(matchers, range.fromMs, range.toMs)) {
      checkNotCanceled(signal);
      found.set(labels.key, labels);
    }
  }
  const sets = [...found.values()];
  return selectors.length === 1 ? sets : sets.sort(compareLabels);
}

function checkNotCanceled(signal: Cancelable | undefined): void {
  if (signal?.aborted === true) throw new QueryError('canceled', 'the query was canceled');
}

function sortedSet(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort(compareText);
}
