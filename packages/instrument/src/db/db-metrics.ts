import { Gauge, type Registry } from 'prom-client';
import { type Histogram, type HistogramCell, histogram } from '../cells/histogram.ts';
import { monotonicMs } from '../clock.ts';
import { LabelGuard } from '../labels/label-guard.ts';
import { sanitizeReason } from '../labels/sanitize.ts';
import { SelfMetrics } from '../self-metrics.ts';
import { operationOf } from './operation.ts';

/** Options of the database instruments. */
export interface DbOptions {
  /** The registry to count in, usually `checkout.registry`. */
  readonly register: Registry;
  /** The `pool` label of the gauges, when a shop has more than one. Default `default`. */
  readonly pool?: string;
  /**
   * Names the operation of a query, or `undefined` for the default: the name of a prepared statement, a leading comment
   * such as `op: place_order`, or the verb. The text itself never becomes a label.
   */
  readonly operation?: (text: string, name: string | undefined) => string | undefined;
  /** Upper bounds in seconds. */
  readonly buckets?: readonly number[];
  /** How many operations may be told apart before the rest becomes `other`. Default 50. */
  readonly maxOperations?: number;
  /** A clock in ms that never goes back. Default `performance.now`. */
  readonly now?: () => number;
}

const BUCKETS: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The cells of one operation. */
interface OperationCells {
  readonly success: HistogramCell;
  readonly failure: HistogramCell;
}

/** Observes queries by operation and outcome. */
export class DbMetrics {
  readonly now: () => number;
  readonly pool: string;
  readonly #queries: Histogram;
  readonly #wait: Histogram;
  readonly #operations: LabelGuard;
  readonly #byOperation = new Map<string, OperationCells>();
  readonly #name: DbOptions['operation'];

  constructor(options: DbOptions) {
    const self = new SelfMetrics(options.register);
    const maxOperations = options.maxOperations ?? 50;
    const buckets = options.buckets ?? BUCKETS;
    this.now = options.now ?? monotonicMs;
    this.pool = options.pool ?? 'default';
    this.#name = options.operation;
    this.#queries = histogram(
      options.register,
      'db_query_duration_seconds',
      'Time of database queries, without the wait for a connection of the pool.',
      ['operation', 'outcome'],
      buckets,
    );
    this.#wait = histogram(
      options.register,
      'db_pool_wait_seconds',
      'Time until the pool gave a connection, or gave up.',
      ['pool', 'outcome'],
      buckets,
    );
    this.#operations = new LabelGuard({
      declared: ['select', 'insert', 'update', 'delete', 'other'],
      maxValues: maxOperations,
      clean: sanitizeReason,
      onFold: () => self.foldedLabel('operation'),
    });
    for (const operation of ['select', 'insert', 'update', 'delete']) this.#cells(operation);
  }

  /** The operation of a query; it does not throw. */
  operation(text: string, name: string | undefined): string {
    let named: string | undefined;
    try {
      named = this.#name?.(text, name);
    } catch {
      named = undefined;
    }
    return this.#operations.admit(named ?? operationOf(text, name)) || 'other';
  }

  /** Observes a query of an `operation` that began at `startMs` and has just ended. */
  observe(operation: string, startMs: number, hasFailed: boolean): void {
    const cells = this.#cells(operation);
    (hasFailed ? cells.failure : cells.success).observe((this.now() - startMs) / 1000);
  }

  /** Observes a wait for a connection that began at `startMs` and has just ended. */
  observeWait(startMs: number, hasFailed: boolean): void {
    this.#wait.cell(this.pool, hasFailed ? 'failure' : 'success').observe((this.now() - startMs) / 1000);
  }

  #cells(operation: string): OperationCells {
    let cells = this.#byOperation.get(operation);
    if (cells === undefined) {
      cells = {
        success: this.#queries.cell(operation, 'success'),
        failure: this.#queries.cell(operation, 'failure'),
      };
      this.#byOperation.set(operation, cells);
    }
    return cells;
  }
}

/** What a pool can tell about itself; asked on each scrape. */
export interface PoolState {
  /** Connections that are open, idle ones included. */
  readonly total: number;
  /** Open connections that nobody uses. */
  readonly idle: number;
  /** Callers that wait for a connection. */
  readonly waiting: number;
  /** How many connections the pool may open. */
  readonly max: number;
}

/** The pools of a registry, by their label. */
class PoolGauge extends Gauge<'pool' | 'state'> {
  readonly pools = new Map<string, () => PoolState>();
}

/**
 * Shows any pool: `db_pool_connections{pool,state="used"|"idle"}`, `db_pool_max_connections{pool}` and
 * `db_pool_waiting{pool}`. `read` is asked on each scrape; a pool of the same name replaces the one before.
 */
export function instrumentPool(
  read: () => PoolState,
  options: { readonly register: Registry; readonly pool?: string },
): void {
  const { register } = options;
  const pool = options.pool ?? 'default';
  const existing: unknown = register.getSingleMetric('db_pool_connections');
  if (existing instanceof PoolGauge) {
    existing.pools.set(pool, read);
    return;
  }
  const gauge = (name: string, help: string) => new Gauge({ name, help, labelNames: ['pool'], registers: [register] });
  const connections = new PoolGauge({
    name: 'db_pool_connections',
    help: 'Open connections of the pool by state.',
    labelNames: ['pool', 'state'],
    registers: [register],
    collect() {
      for (const [name, readPool] of connections.pools) {
        const { total, idle, waiting: queue, max: limit } = readPool();
        connections.set({ pool: name, state: 'idle' }, idle);
        connections.set({ pool: name, state: 'used' }, Math.max(0, total - idle));
        max.set({ pool: name }, limit);
        waiting.set({ pool: name }, queue);
      }
    },
  });
  const max = gauge('db_pool_max_connections', 'Connections that the pool may open.');
  const waiting = gauge('db_pool_waiting', 'Callers that wait for a connection of the pool.');
  connections.pools.set(pool, read);
}
