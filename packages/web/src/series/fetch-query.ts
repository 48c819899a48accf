import type { QueryAddress } from '../promql/query-address.ts';
import {
  type Drawn,
  drawable,
  type InstantAnswer,
  type MatrixAnswer,
  type TableRow,
  tableRows,
} from './query-answer.ts';
import { stepFor } from './range-answer.ts';

/** More series than this are not shown, and only one more is asked for: it says that there are more. */
const MOST_SERIES = 1_000;
/** More lines than this are not drawn: nobody tells them apart. */
const MOST_LINES = 60;

/** The times that a graph has points at. */
export interface Grid {
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly stepSeconds: number;
}

/** What came back, with what the server had to say about it. */
export type QueryResult = (
  | {
      readonly tab: 'table';
      readonly type: InstantAnswer['resultType'];
      readonly rows: readonly TableRow[];
      readonly atMs: number;
    }
  | { readonly tab: 'graph'; readonly drawn: Drawn; readonly grid: Grid }
) & {
  /** How many series there are, at most 1,000. */
  readonly count: number;
  /** Whether there are more of them. */
  readonly hasMore: boolean;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
  /** How long it took, as seen from here. */
  readonly tookMs: number;
};

interface Reply<T> {
  readonly status: string;
  readonly error?: string;
  /** All mistakes of a query, with their places; the error is the first of them. */
  readonly details?: string;
  readonly data?: T;
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
}

/** Asks the server what an address asks for. Rejects with the server's own words, which for a mistake in the query show its place. */
export async function fetchQuery(asked: QueryAddress, nowMs: number, signal: AbortSignal): Promise<QueryResult> {
  const startedMs = performance.now();
  const limit = String(MOST_SERIES + 1);
  const notes = ({ warnings = [], infos = [] }: Reply<unknown>, count: number) => ({
    count: Math.min(count, MOST_SERIES),
    hasMore: count > MOST_SERIES,
    warnings,
    infos,
    tookMs: performance.now() - startedMs,
  });
  if (asked.tab === 'table') {
    const atMs = asked.endMs ?? nowMs;
    const parameters = { query: asked.expr, time: String(atMs / 1000), limit };
    const reply = await post<InstantAnswer>('/api/v1/query', parameters, signal);
    const rows = tableRows(reply.data);
    return {
      tab: 'table',
      type: reply.data.resultType,
      rows: rows.slice(0, MOST_SERIES),
      atMs,
      ...notes(reply, rows.length),
    };
  }
  const grid = gridOf(asked, nowMs);
  const reply = await post<MatrixAnswer>(
    '/api/v1/query_range',
    {
      query: asked.expr,
      start: String(grid.startSeconds),
      end: String(grid.endSeconds),
      step: String(grid.stepSeconds),
      limit,
    },
    signal,
  );
  const count = reply.data.result.length;
  return { tab: 'graph', drawn: drawable(reply.data, MOST_LINES), grid, ...notes(reply, count) };
}

/** The times of a graph: whole seconds where it ends now. */
export function gridOf({ rangeMs, endMs, stepMs }: Omit<QueryAddress, 'expr' | 'tab'>, nowMs: number): Grid {
  const rangeSeconds = rangeMs / 1000;
  const stepSeconds = stepMs === undefined ? stepFor(rangeSeconds) : stepMs / 1000;
  const endSeconds = endMs === undefined ? Math.floor(nowMs / 1000) : endMs / 1000;
  return { startSeconds: endSeconds - rangeSeconds, endSeconds, stepSeconds };
}

async function post<T>(
  url: string,
  parameters: Record<string, string>,
  signal: AbortSignal,
): Promise<Reply<T> & { data: T }> {
  const response = await fetch(url, { method: 'POST', body: new URLSearchParams(parameters), signal });
  const reply = (await response.json().catch(() => ({ status: 'error' }))) as Reply<T>;
  if (reply.status !== 'success' || reply.data === undefined)
    throw new Error(reply.details ?? reply.error ?? `HTTP ${response.status}`);
  return { ...reply, data: reply.data };
}
