import { formatDuration } from '@tillwatch/model';
import type { TargetSettings, TillwatchConfig } from '../settings/tillwatch-config.ts';
import type { SettledOptions } from './options.ts';
import { yamlFile } from './yaml-file.ts';

export function prometheusFile(config: TillwatchConfig, options: SettledOptions): string {
  const { scrape, targets } = config;
  const jobs = [...new Set(targets.map(({ job }) => job))];
  return yamlFile('What to scrape and which rules to evaluate, written by Tillwatch from tillwatch.yaml.', {
    global: {
      scrape_interval: formatDuration(scrape.intervalMs),
      scrape_timeout: formatDuration(scrape.timeoutMs),
      evaluation_interval: formatDuration(scrape.evaluationIntervalMs),
    },
    rule_files: ['rules/checkout.yml', 'rules/custom/*.yml'],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [options.alertmanagerAddress] }] }] },
    scrape_configs: [
      ...jobs.flatMap((job) => scrapeConfigs(targets.filter((target) => target.job === job))),
      ...(options.selfAddress === undefined
        ? []
        : [{ job_name: 'tillwatch', static_configs: [{ targets: [options.selfAddress] }] }]),
    ],
  });
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
