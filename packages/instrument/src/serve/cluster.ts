import cluster, { type Worker } from 'node:cluster';
import { AggregatorRegistry, type Registry } from 'prom-client';
import type { CollectedMetric } from '../cells/family.ts';

/**
 * One `/metrics` for the workers of a Node cluster.
 *
 * prom-client adds up the workers that are alive. When one dies its share vanishes, the sum falls, Prometheus takes
 * that for a restart, and counts everything the others ever did as new. Here the primary keeps the last counters and
 * histograms of each worker that has left, so totals never fall. A worker that is too busy to answer is represented by
 * what it said last, instead of failing the scrape.
 */

/** Metrics of one worker, as `getMetricsAsJSON()` gives them. */
export type WorkerMetrics = readonly CollectedMetric[];

const REQUEST = 'tillwatch:metrics-request';
const REPORT = 'tillwatch:metrics-report';

interface Report {
  readonly type: typeof REPORT;
  readonly requestId: number;
  readonly metrics: WorkerMetrics;
}

/** Joins what workers report over time. Pure: it knows nothing of processes. */
export class WorkerTotals {
  readonly #live = new Map<number, WorkerMetrics>();
  #departed: WorkerMetrics = [];

  /** Replaces what the worker `id` said before. */
  report(id: number, metrics: WorkerMetrics): void {
    this.#live.set(id, metrics);
  }

  /** The worker has left: what it counted stays, its gauges go. */
  depart(id: number): void {
    const last = this.#live.get(id);
    if (last === undefined) return;
    this.#live.delete(id);
    this.#departed = sum([this.#departed, last.filter(isCumulative)]);
  }

  /** The exposition of all workers that ever were. */
  render(): Promise<string> {
    return AggregatorRegistry.aggregate([...this.#live.values(), this.#departed] as object[]).metrics();
  }
}

/**
 * In a worker: answers the primary's questions for metrics, and reports once in `pushEveryMs` (default 5 s) unasked, so
 * that little is lost when the worker is killed. In a process that is no worker it does nothing. Returns how to stop.
 */
export function reportToPrimary(registry: Registry, options: { readonly pushEveryMs?: number } = {}): () => void {
  if (!cluster.isWorker) return () => {};
  const report = async (requestId: number): Promise<void> => {
    const metrics = (await registry.getMetricsAsJSON()) as unknown as WorkerMetrics;
    if (process.connected) process.send?.({ type: REPORT, requestId, metrics } satisfies Report);
  };
  // A collector that throws makes this worker silent; the primary goes on with what it knows.
  const reportQuietly = (requestId: number): void => void report(requestId).catch(() => {});
  const onMessage = (message: unknown): void => {
    if (isMessage(message, REQUEST)) reportQuietly(message.requestId);
  };
  process.on('message', onMessage);
  const timer = setInterval(() => reportQuietly(-1), options.pushEveryMs ?? 5000);
  timer.unref();
  return () => {
    process.off('message', onMessage);
    clearInterval(timer);
  };
}

/** The primary's view of all workers. */
export interface ClusterMetrics {
  /** Asks all workers, waits for their answers at most `timeoutMs`, and returns the sum of all that ever were. */
  metrics(): Promise<string>;
  /** Stops listening. */
  stop(): void;
}

/**
 * In the primary, before workers are forked: collects the metrics of workers that call `reportToPrimary`.
 * `timeoutMs` (default 1000) is how long one scrape waits for a worker that does not answer.
 */
export function collectFromWorkers(options: { readonly timeoutMs?: number } = {}): ClusterMetrics {
  const totals = new WorkerTotals();
  const pending = new Map<number, (workerId: number) => void>();
  let lastRequestId = 0;
  const onMessage = (worker: Worker, message: unknown): void => {
    if (!isMessage(message, REPORT)) return;
    totals.report(worker.id, (message as Report).metrics);
    pending.get(message.requestId)?.(worker.id);
  };
  // Not "exit": the channel may still hold messages then, and a report that comes after the farewell would count twice.
  const onDisconnect = (worker: Worker): void => {
    totals.depart(worker.id);
    for (const answered of pending.values()) answered(worker.id);
  };
  cluster.on('message', onMessage);
  cluster.on('disconnect', onDisconnect);

  const ask = (workers: readonly Worker[]): Promise<void> =>
    new Promise((resolve) => {
      const requestId = ++lastRequestId;
      const waitingFor = new Set(workers.map(({ id }) => id));
      const finish = (): void => {
        clearTimeout(timer);
        pending.delete(requestId);
        resolve();
      };
      const timer = setTimeout(finish, options.timeoutMs ?? 1000);
      pending.set(requestId, (workerId) => {
        waitingFor.delete(workerId);
        if (waitingFor.size === 0) finish();
      });
      // A worker that dies meanwhile is reported by "disconnect"; without a callback the failed send would be thrown.
      for (const worker of workers) worker.send({ type: REQUEST, requestId }, () => {});
      if (workers.length === 0) finish();
    });

  return {
    async metrics() {
      await ask(Object.values(cluster.workers ?? {}).filter((worker) => worker?.isConnected() === true) as Worker[]);
      return totals.render();
    },
    stop() {
      cluster.off('message', onMessage);
      cluster.off('disconnect', onDisconnect);
    },
  };
}

function isMessage<T extends string>(
  message: unknown,
  type: T,
): message is { readonly type: T; readonly requestId: number } {
  return typeof message === 'object' && message !== null && (message as { readonly type?: unknown }).type === type;
}

/** Whether a metric goes on counting for ever, and so must outlive the worker that counted. */
function isCumulative(metric: CollectedMetric): boolean {
  return metric.aggregator === 'sum' && (metric.type === 'counter' || metric.type === 'histogram');
}

function sum(all: readonly WorkerMetrics[]): WorkerMetrics {
  return AggregatorRegistry.aggregate(all as unknown as object[]).getMetricsAsArray() as unknown as WorkerMetrics;
}
