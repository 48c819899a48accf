import { formatDuration } from '@tillwatch/model';
import type { TargetSettings, TillwatchConfig } from '../settings/tillwatch-config.ts';
import type { SettledOptions } from './options.ts';
import { yamlFile } from './yaml-file.ts';

/** The job of a sentinel that runs beside Prometheus. */
const SENTINEL_JOB = 'tillwatch-sentinel';

export function prometheusFile(config: TillwatchConfig, options: SettledOptions): string {
  const { scrape, targets } = config;
  const jobs = [...new Set(targets.map(({ job }) => job))];
  return yamlFile('What to scrape and which rules to evaluate, written by Tillwatch from tillwatch.yaml.', {
    global: {
      scrape_interval: formatDuration(scrape.intervalMs),
      scrape_timeout: formatDuration(scrape.timeoutMs),
      evaluation_interval: formatDuration(scrape.evaluationIntervalMs),
    },
    rule_files: [
      'rules/checkout.yml',
      ...(config.objectives.budgets.length === 0 ? [] : ['rules/objectives.yml']),
      ...(config.promotions.length === 0 ? [] : ['rules/promotions.yml']),
      ...(options.sentinel === undefined ? [] : ['rules/sentinel.yml']),
      'rules/custom/*.yml',
    ],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [options.alertmanagerAddress] }] }] },
    scrape_configs: [
      ...jobs.flatMap((job) => scrapeConfigs(targets.filter((target) => target.job === job))),
      ...(options.selfAddress === undefined
        ? []
        : [{ job_name: 'tillwatch', static_configs: [{ targets: [options.selfAddress] }] }]),
      ...(typeof options.sentinel === 'object' ? [sentinelScrape(options.sentinel.address)] : []),
    ],
  });
}

/**
 * The evidence speaks of the shop's jobs and instances (hence `honor_labels`), and where it is not about one it must not seem to be
 * about the sentinel itself.
 */
function sentinelScrape(address: string): unknown {
  const regex = (text: string) => text.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&');
  return {
    job_name: SENTINEL_JOB,
    honor_labels: true,
    static_configs: [{ targets: [address] }],
    metric_relabel_configs: [
      {
        source_labels: ['__name__', 'job'],
        regex: `tillwatch_.*;${SENTINEL_JOB}`,
        target_label: 'job',
        replacement: '',
      },
      {
        source_labels: ['__name__', 'instance'],
        regex: `tillwatch_.*;${regex(address)}`,
        target_label: 'instance',
        replacement: '',
      },
    ],
  };
}

/**
 * One scrape config per job, or several when a job is served in different ways: then they get names of their own, and
 * relabelling gives all of them the job that was asked for.
 */
function scrapeConfigs(targets: readonly TargetSettings[]): unknown[] {
  const kinds = new Map<string, TargetSettings[]>();
  for (const target of targets) {
    const kind = `${target.scheme} ${target.metricsPath} ${target.intervalMs ?? ''}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), target]);
  }
  return [...kinds.values()].map((alike, i) => {
    const { job, scheme, metricsPath, intervalMs } = alike[0] as TargetSettings;
    return {
      job_name: i === 0 ? job : `${job}-${i + 1}`,
      scrape_interval: intervalMs === undefined ? undefined : formatDuration(intervalMs),
      scheme: scheme === 'http' ? undefined : scheme,
      metrics_path: metricsPath === '/metrics' ? undefined : metricsPath,
      // A shop that lets a label explode is cut off before it takes the watch with it.
      sample_limit: 50_000,
      static_configs: alike.map(({ addresses, labels }) => ({
        targets: [...addresses],
        labels: labels.size === 0 ? undefined : labels.toRecord(),
      })),
      relabel_configs: i === 0 ? undefined : [{ target_label: 'job', replacement: job }],
    };
  });
}
