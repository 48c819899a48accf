import type { TillwatchConfig } from '../settings/tillwatch-config.ts';
import { alertCatalogue } from './alert-catalogue.ts';
import { alertmanagerFile } from './alertmanager-file.ts';
import { annotationsFor } from './annotations.ts';
import { composeFile } from './compose-file.ts';
import { checkoutDashboard, overviewDashboard } from './dashboards.ts';
import { grafanaProvisioning } from './grafana-provisioning.ts';
import { mappingRules } from './metric-mapping.ts';
import { notificationTemplates } from './notification-templates.ts';
import { objectiveGroups } from './objective-rules.ts';
import { objectiveTestFile } from './objective-tests.ts';
import { objectivesDashboard } from './objectives-dashboard.ts';
import { type PlanOptions, settleOptions } from './options.ts';
import type { PlannedAlert, PlannedGroup } from './planned-rule.ts';
import { prometheusFile } from './prometheus-file.ts';
import { promotionGroups } from './promotion-rules.ts';
import { promotionTestFiles } from './promotion-tests.ts';
import { recordingGroups } from './recording-rules.ts';
import { olderVictoriaMetrics, ruleFile } from './rule-file.ts';
import { ruleTestFile } from './rule-tests.ts';
import { secretFiles } from './secret-files.ts';
import { sentinelGroups, sentinelTestFile } from './sentinel-rules.ts';
import { windowsFor } from './windows.ts';

/** One file of the plan; `path` is relative to the folder that all of them go into. */
export interface StandardFile {
  readonly path: string;
  readonly content: string;
}

/** The longest that a cleared alert is kept firing, so that a flapping fault is one incident. */
const KEEP_FIRING_MS = 120_000;

/**
 * Everything that a shop's tillwatch.yaml means, as the standard files of Prometheus, Alertmanager and Grafana. The same
 * config gives the same bytes. Only files below `secrets/` hold secrets, and only when `options.environment` is given.
 */
export function plan(config: TillwatchConfig, options: PlanOptions = {}): readonly StandardFile[] {
  const settled = settleOptions(options);
  const windows = windowsFor(config);
  const groups = [...mappingRules(config), ...recordingGroups(config, windows), alertGroup(config, settled.pace)];
  return [
    { path: 'prometheus.yml', content: prometheusFile(config, settled) },
    { path: 'rules/checkout.yml', content: ruleFile(config, groups) },
    { path: 'rules/checkout.test.yml', content: ruleTestFile(config, windows) },
    { path: 'victoriametrics/checkout.yml', content: ruleFile(config, olderVictoriaMetrics(groups)) },
    ...objectiveFiles(config),
    ...promotionFiles(config, settled.pace),
    ...(settled.sentinel === undefined ? [] : sentinelFiles(config)),
    { path: 'alertmanager.yml', content: alertmanagerFile(config, settled) },
    { path: 'templates/tillwatch.tmpl', content: notificationTemplates(config) },
    { path: 'grafana/dashboards/tillwatch-overview.json', content: overviewDashboard(config, windows) },
    { path: 'grafana/dashboards/tillwatch-checkout.json', content: checkoutDashboard(config, windows) },
    { path: 'grafana/dashboards/tillwatch-objectives.json', content: objectivesDashboard(config) },
    ...grafanaProvisioning(),
    { path: 'docker-compose.yml', content: composeFile(config.retentionMs) },
    ...secretFiles(config, settled),
  ];
}

function objectiveFiles(config: TillwatchConfig): StandardFile[] {
  const groups = objectiveGroups(config);
  const tests = objectiveTestFile(config);
  return [
    { path: 'rules/objectives.yml', content: ruleFile(config, groups) },
    ...(tests === undefined ? [] : [{ path: 'rules/objectives.test.yml', content: tests }]),
    { path: 'victoriametrics/objectives.yml', content: ruleFile(config, olderVictoriaMetrics(groups)) },
  ];
}

function promotionFiles(config: TillwatchConfig, pace: number): StandardFile[] {
  const groups = promotionGroups(config, pace);
  if (groups.length === 0) return [];
  return [
    { path: 'rules/promotions.yml', content: ruleFile(config, groups) },
    ...promotionTestFiles(config),
    { path: 'victoriametrics/promotions.yml', content: ruleFile(config, olderVictoriaMetrics(groups)) },
  ];
}

function sentinelFiles(config: TillwatchConfig): StandardFile[] {
  const groups = sentinelGroups(config);
  return [
    { path: 'rules/sentinel.yml', content: ruleFile(config, groups) },
    { path: 'rules/sentinel.test.yml', content: sentinelTestFile(config) },
    { path: 'victoriametrics/sentinel.yml', content: ruleFile(config, olderVictoriaMetrics(groups)) },
  ];
}

function alertGroup(config: TillwatchConfig, pace: number): PlannedGroup {
  const windows = windowsFor(config);
  const alerts = alertCatalogue(config, windows).map(
    (entry): PlannedAlert => ({
      kind: 'alerting',
      ...entry,
      keepFiringForMs:
        entry.area === 'watch' ? 0 : Math.max(1_000, Math.round((KEEP_FIRING_MS * pace) / 1_000) * 1_000),
      annotations: annotationsFor(entry.alert, config, windows),
    }),
  );
  return { name: 'checkout-alerts', rules: alerts };
}
