import { formatDuration, type Problem, parseDuration } from '@tillwatch/model';
import { scalarText } from '../fields/field.ts';
import { valueAt } from '../yaml/issues.ts';
import type { YamlReading } from '../yaml/read-yaml.ts';
import type { GlobalConfig, PrometheusConfig, ScrapeConfig } from './config.ts';
import { validateRelabel } from './relabel.ts';
import { UNUSED_STORAGE_SETTINGS } from './storage.ts';

/**
 * Checks of the scrape configs against each other and against `global`. They read the raw document, so that they speak
 * up also when something else in the file is wrong.
 */
export function checkScrapeConfigs(
  reading: YamlReading<unknown>,
  global?: Pick<GlobalConfig, 'scrapeIntervalMs' | 'scrapeTimeoutMs'>,
): Problem[] {
  const jobs = valueAt(reading.raw, ['scrape_configs']);
  if (!Array.isArray(jobs)) return [];
  const globalIntervalMs =
    global?.scrapeIntervalMs ?? (durationAt(reading.raw, ['global', 'scrape_interval']) || 60_000);
  const problems: Problem[] = [];
  const seen = new Set<string>();
  jobs.forEach((_, i) => {
    const path = ['scrape_configs', i];
    const name = scalarText(valueAt(reading.raw, [...path, 'job_name'])) ?? '';
    if (name === '') return;
    if (seen.has(name)) {
      problems.push({
        code: 'duplicate-name',
        severity: 'error',
        message: `found multiple scrape configs with job name "${name}"`,
        hint: 'job names are unique; put all targets of a job into one scrape config',
        at: reading.spanAt([...path, 'job_name']),
      });
    }
    seen.add(name);
    const intervalMs = durationAt(reading.raw, [...path, 'scrape_interval']) || globalIntervalMs;
    const timeoutMs = durationAt(reading.raw, [...path, 'scrape_timeout']) ?? 0;
    if (timeoutMs > intervalMs) {
      problems.push({
        code: 'scrape-timeout',
        severity: 'error',
        message: `scrape timeout greater than scrape interval for scrape config with job name "${name}"`,
        hint: `the interval is ${formatDuration(intervalMs)}; a scrape must be over before the next one is due`,
        at: reading.spanAt([...path, 'scrape_timeout']),
      });
    }
  });
  return problems;
}

/** Remote endpoints may have names, and then different ones. */
export function checkRemotes(reading: YamlReading<unknown>): Problem[] {
  return ['remote_write', 'remote_read'].flatMap((section) => {
    const endpoints = valueAt(reading.raw, [section]);
    if (!Array.isArray(endpoints)) return [];
    const seen = new Set<string>();
    return endpoints.flatMap((endpoint, i): Problem[] => {
      const name = scalarText(valueAt(endpoint, ['name'])) ?? '';
      if (name === '' || !seen.has(name)) {
        seen.add(name);
        return [];
      }
      const message = `found multiple ${section.replace('_', ' ')} configs with job name "${name}"`;
      return [{ code: 'duplicate-name', severity: 'error', message, at: reading.spanAt([section, i, 'name']) }];
    });
  });
}

function durationAt(raw: unknown, path: readonly PropertyKey[]): number | undefined {
  const text = scalarText(valueAt(raw, path));
  return text === undefined ? undefined : parseDuration(text);
}

const UNUSED_SECTIONS: Readonly<Record<string, string>> = {
  tracing: 'tracing is not supported',
  remote_write: 'samples are kept in the embedded store only',
  remote_read: 'queries read the embedded store only',
  otlp: 'only scraping is supported',
};

/** What Prometheus takes and the embedded engine does not, and relabelling rules that break classic names. */
export function warnings(
  config: PrometheusConfig,
  reading: YamlReading<unknown>,
  unsupported: Problem['severity'] = 'warning',
): Problem[] {
  const problems: Problem[] = [];
  const warn = (code: string, path: readonly PropertyKey[], message: string, hint?: string, part?: 'key') => {
    problems.push({ code, severity: 'warning', message, hint, at: reading.spanAt(path, part) });
  };
  for (const [section, hint] of Object.entries(UNUSED_SECTIONS)) {
    if (valueAt(reading.raw, [section]) === undefined) continue;
    warn('not-embedded', [section], `${section} is ignored by the embedded engine`, hint, 'key');
  }
  for (const [path, hint] of UNUSED_STORAGE_SETTINGS) {
    if (valueAt(reading.raw, ['storage', ...path]) === undefined) continue;
    const message = `storage.${path.join('.')} is ignored by the embedded engine`;
    warn('not-embedded', ['storage', ...path], message, hint, 'key');
  }
  for (const name of ['scrape_interval', 'evaluation_interval', 'scrape_timeout']) {
    if (durationAt(reading.raw, ['global', name]) !== 0) continue;
    warn('zero-duration', ['global', name], `${name} of 0 means the default`, 'leave it out, or write a duration');
  }
  const global = config.global.metricNameValidationScheme;
  checkLegacyRules(
    problems,
    reading,
    ['alerting', 'alert_relabel_configs'],
    config.alerting.alertRelabelConfigs,
    global,
  );
  config.scrapeConfigs.forEach((job, i) => {
    const path = ['scrape_configs', i];
    problems.push(...unsupportedInJob(job, path, reading, unsupported));
    for (const name of ['scrape_interval', 'scrape_timeout']) {
      if (durationAt(reading.raw, [...path, name]) !== 0) continue;
      warn(
        'zero-duration',
        [...path, name],
        `${name} of 0 means the global value`,
        'leave it out, or write a duration',
      );
    }
    const scheme = job.metricNameValidationScheme;
    checkLegacyRules(problems, reading, [...path, 'relabel_configs'], job.relabelConfigs, scheme);
    checkLegacyRules(problems, reading, [...path, 'metric_relabel_configs'], job.metricRelabelConfigs, scheme);
  });
  config.alerting.alertmanagers.forEach(({ unsupportedDiscoveries }, i) => {
    for (const field of unsupportedDiscoveries) {
      const message = `${field} is not supported by the embedded engine`;
      warn('not-embedded', ['alerting', 'alertmanagers', i, field], message, undefined, 'key');
    }
  });
  return problems;
}

/**
 * What a job asks for and the embedded engine cannot do: it would have no targets, or could not log in to them. Prometheus
 * can, so the file is right; the caller says whether it may be run.
 */
export function unsupportedInJob(
  { unsupportedDiscoveries, oauth2, httpSdConfigs }: ScrapeConfig,
  path: readonly PropertyKey[],
  reading: YamlReading<unknown>,
  severity: Problem['severity'],
): Problem[] {
  const problems = unsupportedDiscoveries.map(
    (field): Problem => ({
      code: 'not-embedded',
      severity,
      message: `${field} is not supported by the embedded engine`,
      hint: 'list the targets in static_configs, or use file_sd_configs, http_sd_configs or dns_sd_configs',
      at: reading.spanAt([...path, field], 'key'),
    }),
  );
  const clients = [
    { auth: oauth2, at: [...path, 'oauth2'] },
    ...httpSdConfigs.map((config, i) => ({ auth: config.oauth2, at: [...path, 'http_sd_configs', i, 'oauth2'] })),
  ];
  for (const { auth, at } of clients) {
    const { grantType = '' } = auth ?? {};
    if (grantType === '' || grantType === 'client_credentials') continue;
    problems.push({
      code: 'not-embedded',
      severity,
      message: `grant_type ${grantType} of oauth2 is not supported by the embedded engine`,
      hint: 'use grant_type: client_credentials, or authorization with a credentials_file that something else renews',
      at: reading.spanAt([...at, 'grant_type']),
    });
  }
  return problems;
}

function checkLegacyRules(
  problems: Problem[],
  reading: YamlReading<unknown>,
  path: readonly PropertyKey[],
  rules: readonly Parameters<typeof validateRelabel>[0][],
  scheme: 'utf8' | 'legacy',
): void {
  if (scheme !== 'legacy') return;
  rules.forEach((rule, i) => {
    for (const { field, message } of validateRelabel(rule, 'legacy')) {
      problems.push({ code: 'relabel', severity: 'error', message, at: reading.spanAt([...path, i, field]) });
    }
  });
}
