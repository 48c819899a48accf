import type { BulkImport } from '@tillwatch/tsdb';
import type { PrometheusApi } from '../prometheus-api/prometheus-api.ts';
import { PrometheusApiError } from '../prometheus-api/prometheus-api-error.ts';
import type { ImportProgress } from './import-file.ts';

/** Which part of a server's past is imported. */
export interface ImportPrometheusOptions {
  readonly api: PrometheusApi;
  /** What to import; a series that several choose comes once. */
  readonly selectors: readonly string[];
  /** Samples in (fromMs, toMs]; ms since the epoch. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined;
}

const FIRST_PIECE_MS = 10 * 60_000;
const SHORTEST_PIECE_MS = 60_000;
const LONGEST_PIECE_MS = 2 * 86_400_000;
/** As many samples are asked for at once: some tens of megabytes of JSON, and far below every server's own limit. */
const SAMPLES_PER_PIECE = 500_000;

/**
 * Imports what any server with Prometheus's HTTP API has, piece by piece from the oldest on; pieces are made longer or shorter by
 * what comes back. Returns how many samples came.
 * @throws {PrometheusApiError} when the server does not answer
 * @throws {StoreError} when it cannot be written
 */
export async function importPrometheus(store: BulkImport, options: ImportPrometheusOptions): Promise<number> {
  const { api, selectors, fromMs, toMs, signal, onProgress } = options;
  let pieceMs = FIRST_PIECE_MS;
  let total = 0;
  for (let atMs = fromMs; atMs < toMs; ) {
    signal?.throwIfAborted();
    const untilMs = Math.min(toMs, atMs + pieceMs);
    let samples = 0;
    try {
      for (const selector of selectors) samples += await importPiece(store, api, selector, atMs, untilMs);
    } catch (error) {
      if (!isTooMuch(error) || pieceMs <= SHORTEST_PIECE_MS) throw error;
      pieceMs = Math.max(SHORTEST_PIECE_MS, Math.floor(pieceMs / 4));
      continue;
    }
    total += samples;
    onProgress?.({ share: (untilMs - fromMs) / (toMs - fromMs), samples: total });
    const wanted = samples === 0 ? LONGEST_PIECE_MS : ((untilMs - atMs) * SAMPLES_PER_PIECE) / samples;
    pieceMs = Math.floor(Math.max(SHORTEST_PIECE_MS, Math.min(LONGEST_PIECE_MS, 4 * pieceMs, wanted)));
    atMs = untilMs;
  }
  return total;
}

async function importPiece(
  store: BulkImport,
  api: PrometheusApi,
  selector: string,
  fromMs: number,
  toMs: number,
): Promise<number> {
  let samples = 0;
  for (const { labels, timestampsMs, values } of await api.samples(selector, fromMs, toMs)) {
    const series = store.series(labels);
    // What another selector chose too, or what came before the server said that it was too much, is there already, and refused.
    for (let i = 0; i < values.length; i++) if (series.append(timestampsMs[i]!, values[i]!)) samples++;
  }
  return samples;
}

/** Would a shorter piece be answered? Servers refuse a query for its cost, and answers have a longest size and time. */
export function isTooMuch(error: unknown): boolean {
  if (!(error instanceof PrometheusApiError)) return false;
  if (error.reason === 'refused') return /too many|exceed|limit|maximum|timed out|timeout/i.test(error.message);
  return error.reason === 'unreachable' && /answer is larger|did not answer within/.test(error.message);
}
