import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client';

/** A metric that prom-client's default metrics always bring: how we see that a registry has them. */
const DEFAULT_METRIC = 'process_cpu_user_seconds_total';

/**
 * Registers `app_info{version} 1` and prom-client's process metrics (CPU, memory, event loop lag, garbage collection,
 * start time). What the registry already has stays as it is, so this may be called more than once.
 */
export function instrumentProcess(options: {
  readonly register: Registry;
  readonly version: string;
  /** Default true. */
  readonly processMetrics?: boolean;
}): void {
  const { register, version } = options;
  if (register.getSingleMetric('app_info') === undefined) {
    const info = new Gauge({
      name: 'app_info',
      help: 'The running release; always 1.',
      labelNames: ['version'],
      registers: [register],
      aggregator: 'first',
    });
    info.set({ version }, 1);
  }
  if ((options.processMetrics ?? true) && register.getSingleMetric(DEFAULT_METRIC) === undefined) {
    collectDefaultMetrics({ register });
  }
}
