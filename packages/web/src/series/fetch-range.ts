import type { RangeAnswer } from './range-answer.ts';

/** Asks the server's Prometheus API. Rejects with the server's own words. */
export async function fetchRange(
  query: string,
  grid: { readonly startSeconds: number; readonly endSeconds: number; readonly stepSeconds: number },
  signal: AbortSignal,
): Promise<RangeAnswer> {
  const body = new URLSearchParams({
    query,
    start: String(grid.startSeconds),
    end: String(grid.endSeconds),
    step: String(grid.stepSeconds),
  });
  const response = await fetch('/api/v1/query_range', { method: 'POST', body, signal });
  const answer = (await response.json()) as { status: string; error?: string; data?: RangeAnswer };
  if (answer.status !== 'success' || answer.data === undefined) throw new Error(answer.error ?? `${response.status}`);
  return answer.data;
}
