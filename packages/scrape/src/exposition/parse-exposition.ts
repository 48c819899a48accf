import { encodePage } from './decode.ts';
import type { ExpositionEntry, MetricType } from './entries.ts';
import { type Dialect, ExpositionScanner } from './scanner.ts';

/**
 * Reads a whole metrics page into its lines, in order, as Prometheus 3 understands them.
 * @throws {ExpositionError} at the first line that cannot be read.
 */
export function parseExposition(body: string | Uint8Array, dialect: Dialect = 'text'): ExpositionEntry[] {
  const scanner = new ExpositionScanner(typeof body === 'string' ? encodePage(body) : body, dialect);
  const entries: ExpositionEntry[] = [];
  for (;;) {
    const kind = scanner.next();
    const { metric, metadata } = scanner;
    switch (kind) {
      case 'end':
        return entries;
      case 'series':
        entries.push({
          kind,
          text: scanner.seriesText,
          labels: scanner.labels(),
          value: scanner.value,
          timestampMs: scanner.timestampMs,
          exemplar: scanner.exemplar,
        });
        break;
      case 'type':
        entries.push({ kind, metric, type: metadata as MetricType });
        break;
      case 'help':
        entries.push({ kind, metric, help: metadata });
        break;
      case 'unit':
        entries.push({ kind, metric, unit: metadata });
        break;
      case 'comment':
        entries.push({ kind, text: metadata });
        break;
    }
  }
}
