import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { AlertRouter, RuleEngine } from '@tillwatch/alerting';
import type { Scraper } from '@tillwatch/scrape';
import type { ExemplarStore, Tsdb } from '@tillwatch/tsdb';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { VERSION } from './build-info.ts';
import type { LastReload } from './http/status-routes.ts';
import type { LogStats } from './logs/log-reader.ts';
import { registerScrapeMetrics } from './scrape-metrics.ts';

/** Longer than any process runs. */
const NEVER_MS = 2 ** 31 - 1;
/** Waking up more often is most of what a watch costs that has little to do. */
const LAG_RESOLUTION_MS = 100;
const SAMPLED_LAGS = ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'];

/**
 * prom-client's process metrics, but for the lags of the event loop: it wakes up every few milliseconds for them, and its figures
 * have the time between two looks in them.
 */
function registerProcessMetrics(register: Registry): void {
  collectDefaultMetrics({ register, eventLoopMonitoringPrecision: NEVER_MS });
  for (const lag of SAMPLED_LAGS) register.removeSingleMetric(`nodejs_eventloop_lag_${lag}_seconds`);
  const looks = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  looks.enable();
  const seconds = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - LAG_RESOLUTION_MS / 1000);
  const lag = (name: string, help: string, collect: (this: Gauge) => void) =>
    new Gauge({ name: `nodejs_eventloop_lag_${name}_seconds`, help, registers: [register], collect });
  lag('p99', 'How late the event loop came to what was due, 99th percentile since this was read last.', function () {
    this.set(seconds(looks.percentile(99)));
  });
  lag('max', 'How late the event loop came to what was due at most since this was read last.', function () {
    this.set(seconds(looks.max));
    looks.reset();
  });
}

/** Tillwatch's own metrics, for its own rules and for whoever watches the watch. */
export function createSelfMetrics(parts: {
  tsdb: Tsdb;
  exemplars: ExemplarStore;
  rules: RuleEngine;
  router: AlertRouter;
  scraper: Scraper;
  lastReload: () => LastReload;
  logStats: () => LogStats;
  /** How often the query threads had to leave a damaged chunk out of an answer. */
  chunksLeftOut: () => number;
  /** By how much our clock is ahead of the machine's, which was set back. */
  clockAheadMs: () => number;
}): Registry {
  const register = new Registry();
  registerProcessMetrics(register);
  new Gauge({
    name: 'tillwatch_build_info',
    help: 'The version that runs.',
    labelNames: ['version'],
    registers: [register],
  }).set({ version: VERSION }, 1);

  const { tsdb, exemplars, rules, router, scraper, lastReload, logStats, chunksLeftOut, clockAheadMs } = parts;
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [register],
      collect() {
        this.set(read());
      },
    });
  registerScrapeMetrics(register, scraper);
  gauge('tillwatch_tsdb_series', 'Series in memory: those with samples in the last minutes.', () => tsdb.seriesCount());
  gauge(
    'tillwatch_tsdb_resting_series',
    'Series that had no samples for some minutes: they are in the file only.',
    () => tsdb.stats().restingSeriesCount,
  );
  gauge('tillwatch_tsdb_bytes', 'Size of the store on disk.', () => tsdb.stats().bytesOnDisk);
  gauge('tillwatch_tsdb_unwritable', '1 while the store cannot be written and holds new samples in memory.', () =>
    tsdb.stats().trouble === undefined ? 0 : 1,
  );
  gauge('tillwatch_tsdb_held_samples', 'Samples in memory that wait to be written.', () => tsdb.stats().heldSamples);
  gauge(
    'tillwatch_tsdb_quarantines',
    'Folders with damaged files in the quarantine of the data directory.',
    () => tsdb.stats().quarantines.length,
  );
  gauge('tillwatch_clock_ahead_seconds', 'How far the watch is ahead of a machine whose clock was set back.', () => {
    return clockAheadMs() / 1000;
  });
  const total = (name: string, help: string, read: () => number) =>
    new Counter({
      name,
      help,
      registers: [register],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  total('tillwatch_tsdb_failed_commits_total', 'Batches that could not be written when they came.', () => {
    return tsdb.stats().failedCommits;
  });
  total(
    'tillwatch_tsdb_lost_samples_total',
    'Samples that were given up because the disk refused for too long.',
    () => {
      return tsdb.stats().lostSamples;
    },
  );
  total('tillwatch_tsdb_damaged_chunks_total', 'How often a damaged chunk had to be left out of an answer.', () => {
    return tsdb.stats().chunksLeftOut + chunksLeftOut();
  });
  total('tillwatch_tsdb_late_samples_total', 'Samples that were stored in the out-of-order window.', () => {
    return tsdb.stats().lateSamples;
  });
  total('tillwatch_tsdb_out_of_order_samples_total', 'Samples that came too late to be stored.', () => {
    return tsdb.stats().outOfOrderSamples;
  });
  gauge('tillwatch_exemplars', 'Exemplars in memory.', () => exemplars.stats().count);
  total('tillwatch_exemplars_out_of_order_total', 'Exemplars that came too late to be kept.', () => {
    return exemplars.stats().outOfOrder;
  });
  gauge(
    'tillwatch_targets_down',
    'Targets whose last scrape failed.',
    () => scraper.targets().filter((target) => target.state === 'active' && target.health === 'down').length,
  );
  gauge('tillwatch_rules_failing', 'Rules whose last evaluation failed.', () =>
    rules.groups().reduce((sum, group) => sum + group.rules.filter((rule) => rule.health === 'err').length, 0),
  );
  gauge('tillwatch_outbox_owed', 'Messages that are decided and not delivered yet.', () => router.stats().outbox.owed);
  gauge(
    'tillwatch_outbox_oldest_seconds',
    'Age of the oldest message that is owed; 0 when none is.',
    () => router.stats().outbox.oldestOwedMs / 1000,
  );

  gauge('tillwatch_config_last_reload_successful', '1 when the configuration could be read the last time.', () =>
    lastReload().isSuccess ? 1 : 0,
  );
  gauge(
    'tillwatch_config_last_reload_success_timestamp_seconds',
    'When the configuration that runs was read.',
    () => lastReload().successAtMs / 1000,
  );

  gauge(
    'tillwatch_log_files_unreadable',
    'Log files of the shop that could not be read the last time.',
    () => logStats().unreadable,
  );
  new Counter({
    name: 'tillwatch_log_lines_total',
    help: 'Lines read from the log files of the shop: failure lines, and all others.',
    labelNames: ['kind'],
    registers: [register],
    collect() {
      this.reset();
      this.inc({ kind: 'failure' }, logStats().failures);
      this.inc({ kind: 'other' }, logStats().others);
    },
  });
  new Counter({
    name: 'tillwatch_log_skipped_bytes_total',
    help: 'Bytes of log files that were passed over because more was written than is read.',
    registers: [register],
    collect() {
      this.reset();
      this.inc(logStats().skippedBytes);
    },
  });

  new Counter({
    name: 'tillwatch_rule_evaluation_failures_total',
    help: 'Evaluations of rules that failed, by group.',
    labelNames: ['rule_group'],
    registers: [register],
    collect() {
      this.reset();
      for (const { file, name, failures } of rules.groups()) this.inc({ rule_group: `${file};${name}` }, failures);
    },
  });
  new Counter({
    name: 'tillwatch_samples_appended_total',
    help: 'Samples stored since the start.',
    registers: [register],
    collect() {
      this.reset();
      this.inc(tsdb.stats().samplesAppended);
    },
  });
  new Counter({
    name: 'tillwatch_notifications_total',
    help: 'Attempts to deliver a message, by receiver, integration and result (sent, or the reason of the failure).',
    labelNames: ['receiver', 'integration', 'result'],
    registers: [register],
    collect() {
      this.reset();
      for (const { receiver, integration, sent, failed } of router.stats().deliveries) {
        this.inc({ receiver, integration, result: 'sent' }, sent);
        for (const [result, count] of Object.entries(failed)) this.inc({ receiver, integration, result }, count);
      }
    },
  });
  new Counter({
    name: 'tillwatch_notification_failures_total',
    help: 'Messages that failed or left in plain form, whatever the reason. There from the start, so that the first one is seen.',
    labelNames: ['receiver', 'integration'],
    registers: [register],
    collect() {
      this.reset();
      for (const { receiver, integration, failed } of router.stats().deliveries) {
        const count = Object.values(failed).reduce((sum, one) => sum + one, 0);
        this.inc({ receiver, integration }, count);
      }
    },
  });
  return register;
}
