import { formatDuration, parseDuration } from '@tillwatch/model';

/** What the query page shows; all of it stands in the address, so that a link shows what its sender saw. */
export interface QueryAddress {
  /** PromQL; '' while nothing was asked. */
  readonly expr: string;
  readonly tab: QueryTab;
  /** How far the graph reaches back from its end. Above 0. */
  readonly rangeMs: number;
  /** The moment of the table and the end of the graph; `undefined` is now. */
  readonly endMs: number | undefined;
  /** Between the points of the graph; `undefined` is whatever suits the range. Above 0. */
  readonly stepMs: number | undefined;
}

/** A table of values at one moment, or a graph over a range. */
export type QueryTab = 'table' | 'graph';

/** What the page starts with. */
export const NO_QUERY: QueryAddress = {
  expr: '',
  tab: 'table',
  rangeMs: 3_600_000,
  endMs: undefined,
  stepMs: undefined,
};

/**
 * Reads the page's own parameters (`expr`, `tab`, `range`, `end`, `step`) or, where there is no `expr`, those of Prometheus's
 * `/graph` (`g0.expr`, `g0.tab`, `g0.range_input`, `g0.end_input`, `g0.moment_input`, `g0.step_input`), as alerts carry them in their
 * `generatorURL`. What cannot be read is as if it were not there.
 */
export function readQueryAddress(search: string): QueryAddress {
  const given = new URLSearchParams(search);
  const ofPrometheus = !given.has('expr') && given.has('g0.expr');
  const first = (...names: readonly string[]) => names.map((name) => given.get(name)).find((text) => text) ?? '';
  if (ofPrometheus) {
    const tab = given.get('g0.tab');
    return {
      expr: first('g0.expr'),
      tab: tab === '0' || tab === 'graph' ? 'graph' : 'table',
      rangeMs: durationIn(first('g0.range_input')) ?? NO_QUERY.rangeMs,
      endMs: timeIn(first('g0.end_input', 'g0.moment_input')),
      stepMs: durationIn(first('g0.step_input')),
    };
  }
  return {
    expr: first('expr'),
    tab: given.get('tab') === 'graph' ? 'graph' : 'table',
    rangeMs: durationIn(first('range')) ?? NO_QUERY.rangeMs,
    endMs: timeIn(first('end')),
    stepMs: durationIn(first('step')),
  };
}

/** The path and parameters that `readQueryAddress` reads back; what is as usual is left out. */
export function writeQueryAddress({ expr, tab, rangeMs, endMs, stepMs }: QueryAddress): string {
  const parameters = new URLSearchParams();
  if (expr !== '') parameters.set('expr', expr);
  if (tab !== NO_QUERY.tab) parameters.set('tab', tab);
  if (rangeMs !== NO_QUERY.rangeMs) parameters.set('range', formatDuration(rangeMs));
  if (endMs !== undefined) parameters.set('end', new Date(endMs).toISOString().replace('.000Z', 'Z'));
  if (stepMs !== undefined) parameters.set('step', formatDuration(stepMs));
  const text = parameters.toString();
  return text === '' ? '/query' : `/query?${text}`;
}

/** A duration as Prometheus writes it, or seconds; `undefined` for anything else and for nothing at all. In ms. */
export function durationIn(text: string): number | undefined {
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : parseDuration(text);
  return ms !== undefined && ms > 0 ? ms : undefined;
}

/** Beyond this there are no dates. */
const LAST_MS = 8_640_000_000_000_000;

/** Unix seconds, RFC 3339, or the UTC time that Prometheus puts into its addresses. In ms. */
function timeIn(text: string): number | undefined {
  const ms = /^\d+(\.\d+)?$/.test(text)
    ? Math.round(Number(text) * 1000)
    : Date.parse(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}(:\d{2})?$/.test(text) ? `${text.replace(' ', 'T')}Z` : text);
  return Number.isFinite(ms) && Math.abs(ms) <= LAST_MS ? ms : undefined;
}
