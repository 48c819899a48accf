import type { AlertRouter, RuleEngine } from '@tillwatch/alerting';
import type { Scraper } from '@tillwatch/scrape';
import type { Tsdb } from '@tillwatch/tsdb';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { VERSION } from './build-info.ts';
import type { LastReload } from './http/status-routes.ts';
import type { LogStats } from './logs/log-reader.ts';

/** Tillwatch's own metrics, for its own rules and for whoever watches the watch. */
export function createSelfMetrics(parts: {
  tsdb: Tsdb;
  rules: RuleEngine;
  router: AlertRouter;
  scraper: Scraper;
  lastReload: () => LastReload;
  logStats: () => LogStats;
}): Registry {
  const register = new Registry();
  collectDefaultMetrics({ register });
  new Gauge({
    name: 'tillwatch_build_info',
    help: 'The version that runs.',
    labelNames: ['version'],
    registers: [register],
  }).set({ version: VERSION }, 1);

  const { tsdb, rules, router, scraper, lastReload, logStats } = parts;
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [register],
      collect() {
        this.set(read());
      },
    });
  gauge('tillwatch_tsdb_series', 'Series in the store.', () => tsdb.stats().seriesCount);
  gauge('tillwatch_tsdb_bytes', 'Size of the store on disk.', () => tsdb.stats().bytesOnDisk);
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
