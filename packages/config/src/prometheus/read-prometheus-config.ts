import { isError, Labels, type Problem, type SourceText } from '@tillwatch/model';
import type * as z from 'zod';
import { textField, whole } from '../fields/field.ts';
import { isLabelName, labelsRecord, quoteText } from '../fields/labels.ts';
import { defaulted, list, object, optional } from '../fields/object.ts';
import { choice, duration, text } from '../fields/scalars.ts';
import { valueAt } from '../yaml/issues.ts';
import { readYaml, type YamlReading } from '../yaml/read-yaml.ts';
import type { AlertingConfig, AlertmanagerEndpoint, GlobalConfig, PrometheusConfig } from './config.ts';
import { checkTargetAddresses, DISCOVERY_FIELDS, discoveryOf } from './discovery.ts';
import { expandLabels } from './expand-labels.ts';
import { checkHttpClient, HTTP_CLIENT_FIELDS, httpClientOf } from './http-client.ts';
import { relabelConfigs } from './relabel.ts';
import {
  checkProtocols,
  defaultProtocols,
  resolveScrapeConfig,
  SCRAPE_CONFIG,
  SCRAPE_DEFAULT_FIELDS,
} from './scrape-config.ts';
import { checkRemotes, checkScrapeConfigs, unsupportedInJob, warnings } from './semantics.ts';
import { DEFAULT_STORAGE, storage } from './storage.ts';
import { otlp, remoteRead, remoteWrite, runtime, tracing } from './unused-sections.ts';

/** What a prometheus.yml is read with. */
export interface PrometheusReadOptions {
  /**
   * Values for `${NAME}` in external labels, as Prometheus takes them from its environment; an unknown name becomes ''.
   * Without this they stay as they are written.
   */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Is a job that the embedded engine cannot scrape as it is written an error? Otherwise it is a warning. Default: false. */
  readonly refuseUnsupported?: boolean;
}

/** What was read; `config` is `undefined` exactly when there is a problem of severity error. */
export interface PrometheusReading {
  readonly config: PrometheusConfig | undefined;
  readonly problems: Problem[];
}

/**
 * Reads a prometheus.yml as Prometheus 3 does: strictly, with every default filled in and `global` inherited, and says all
 * that is wrong at once. What Prometheus can do and the embedded engine cannot is a warning.
 */
export function readPrometheusConfig(source: SourceText, options: PrometheusReadOptions = {}): PrometheusReading {
  const reading = readYaml(source, MAIN, { keepSource: true });
  const problems = [...reading.problems, ...checkScrapeConfigs(reading), ...checkRemotes(reading)];
  if (reading.value === undefined || problems.some(isError)) {
    return { config: undefined, problems: inOrder(problems) };
  }
  const config = resolve(reading.value, reading, options);
  problems.push(...legacyNameProblems(config, reading), ...warnings(config, reading, severityOf(options)));
  const isRefused = problems.some(isError);
  return { config: isRefused ? undefined : config, problems: inOrder(problems) };
}

/**
 * Adds the jobs of the files that `scrapeConfigFiles` names (the caller finds and opens them). They inherit from the
 * `global` of the main file; a job name may occur once over all files.
 */
export function addScrapeConfigFiles(
  config: PrometheusConfig,
  files: readonly SourceText[],
  options: Pick<PrometheusReadOptions, 'refuseUnsupported'> = {},
): PrometheusReading {
  const problems: Problem[] = [];
  const scrapeConfigs = [...config.scrapeConfigs];
  const firstFoundIn = new Map(config.scrapeConfigs.map(({ jobName }) => [jobName, 'main config file']));
  for (const file of files) {
    const reading = readYaml(file, SCRAPE_FILE, { keepSource: true });
    const found = [...reading.problems, ...checkScrapeConfigs(reading, config.global)];
    const jobs = (reading.value?.scrapeConfigs ?? []).map((raw, i) =>
      resolveScrapeConfig(raw, config.global, reading.spanAt(['scrape_configs', i, 'job_name'])),
    );
    found.push(...jobs.flatMap((job, i) => unsupportedInJob(job, ['scrape_configs', i], reading, severityOf(options))));
    for (const job of jobs) {
      const first = firstFoundIn.get(job.jobName);
      if (first !== undefined) {
        const message = `found multiple scrape configs with job name "${job.jobName}", first found in ${first}`;
        found.push({ code: 'duplicate-name', severity: 'error', message, at: job.at });
      }
      firstFoundIn.set(job.jobName, `"${file.file}"`);
    }
    problems.push(...inOrder(found));
    scrapeConfigs.push(...jobs);
  }
  const isRefused = problems.some(isError);
  return { config: isRefused ? undefined : { ...config, scrapeConfigs }, problems };
}

function severityOf({ refuseUnsupported = false }: Pick<PrometheusReadOptions, 'refuseUnsupported'>) {
  return refuseUnsupported ? 'error' : 'warning';
}

const RULE_PATH = /^[^*]*(?:\*[^/]*)?$/;

function glob(what: string): z.ZodType<string, unknown> {
  return textField((path, fail) =>
    RULE_PATH.test(path)
      ? path
      : fail(`invalid ${what} file path "${path}"`, { hint: 'a * may stand in the last part of the path only' }),
  );
}

const GLOBAL = object(
  {
    ...SCRAPE_DEFAULT_FIELDS,
    evaluationIntervalMs: optional('evaluation_interval', duration()),
    ruleQueryOffsetMs: defaulted('rule_query_offset', duration(), 0),
    externalLabels: defaulted('external_labels', labelsRecord(), Labels.empty),
    queryLogFile: optional('query_log_file', text()),
    scrapeFailureLogFile: optional('scrape_failure_log_file', text()),
  },
  whole((wire, fail) => {
    const { scrape_interval: interval, scrape_timeout: timeout } = wire;
    const intervalMs = typeof interval === 'number' && interval > 0 ? interval : DEFAULT_INTERVAL_MS;
    if (typeof timeout === 'number' && timeout > intervalMs) {
      fail('scrape_timeout', 'global scrape timeout greater than scrape interval', {
        code: 'scrape-timeout',
        hint: 'a scrape must be over before the next one is due',
      });
    }
    checkProtocols(wire, (message) => `global scrape_protocols: ${message}`, fail);
    if (wire.metric_name_validation_scheme === 'legacy' && wire.metric_name_escaping_scheme === 'allow-utf-8') {
      fail('metric_name_escaping_scheme', 'utf8 metric names requested but validation scheme is set to Legacy');
    }
  }),
);

const ALERTMANAGER = object(
  {
    ...HTTP_CLIENT_FIELDS,
    ...DISCOVERY_FIELDS,
    scheme: defaulted('scheme', choice('http', 'https'), 'http'),
    pathPrefix: defaulted('path_prefix', text(), '/'),
    timeoutMs: defaulted('timeout', duration(), 10_000),
    apiVersion: defaulted('api_version', apiVersion(), 'v2'),
    sigv4: optional('sigv4', object({})),
    relabelConfigs: defaulted(
      'relabel_configs',
      relabelConfigs('empty or null Alertmanager target relabeling rule'),
      [],
    ),
    alertRelabelConfigs: defaulted(
      'alert_relabel_configs',
      relabelConfigs('empty or null Alertmanager alert relabeling rule'),
      [],
    ),
  },
  whole((wire, fail) => {
    checkHttpClient(wire, fail);
    checkTargetAddresses(wire, fail);
  }),
);

function apiVersion(): z.ZodType<'v2', unknown> {
  return textField((version, fail) =>
    version === 'v2' ? version : fail(`expected Alertmanager api version to be one of [v2] but got ${version}`),
  );
}

const ALERTING = object({
  alertRelabelConfigs: defaulted('alert_relabel_configs', relabelConfigs('empty or null alert relabeling rule'), []),
  alertmanagers: defaulted('alertmanagers', list(ALERTMANAGER, 'empty or null Alertmanager section'), []),
});

const MAIN = object(
  {
    global: optional('global', GLOBAL),
    runtime: optional('runtime', runtime()),
    ruleFiles: defaulted('rule_files', list(glob('rule')), []),
    scrapeConfigFiles: defaulted('scrape_config_files', list(glob('scrape config')), []),
    scrapeConfigs: defaulted('scrape_configs', list(SCRAPE_CONFIG, 'empty or null scrape config section'), []),
    alerting: optional('alerting', ALERTING),
    storage: optional('storage', storage()),
    tracing: optional('tracing', tracing()),
    remoteWrite: optional('remote_write', remoteWrite()),
    remoteRead: optional('remote_read', remoteRead()),
    otlp: optional('otlp', otlp()),
  },
  whole((wire, fail) => {
    // The two rules between sections that zod's view of one object at a time cannot see.
    const scheme = valueAt(wire, ['global', 'metricNameValidationScheme']);
    const strategy = valueAt(wire, ['otlp', 'translation']);
    if (scheme === 'legacy' && (strategy === 'NoTranslation' || strategy === 'NoUTF8EscapingWithSuffixes')) {
      const message = `OTLP translation strategy "${strategy}" is not allowed when UTF8 is disabled`;
      fail(['otlp', 'translation_strategy'], message);
    }
  }),
);

const SCRAPE_FILE = object({
  scrapeConfigs: defaulted('scrape_configs', list(SCRAPE_CONFIG, 'empty or null scrape config section'), []),
});

const DEFAULT_INTERVAL_MS = 60_000;
const DEFAULT_TIMEOUT_MS = 10_000;

type RawMain = z.output<typeof MAIN>;

function resolve(raw: RawMain, reading: YamlReading<unknown>, options: PrometheusReadOptions): PrometheusConfig {
  const global = resolveGlobal(raw.global, options);
  const scrapeConfigs = raw.scrapeConfigs.map((job, i) =>
    resolveScrapeConfig(job, global, reading.spanAt(['scrape_configs', i, 'job_name'])),
  );
  const { remoteWrite, remoteRead, tracing, otlp, runtime } = raw;
  return {
    global,
    ruleFiles: raw.ruleFiles,
    scrapeConfigFiles: raw.scrapeConfigFiles,
    scrapeConfigs,
    alerting: resolveAlerting(raw.alerting),
    storage: raw.storage ?? DEFAULT_STORAGE,
    unused: { remoteWrite, remoteRead, tracing, otlp, runtime },
  };
}

function resolveGlobal(raw: RawMain['global'], options: PrometheusReadOptions): GlobalConfig {
  const scrapeIntervalMs = raw?.scrapeIntervalMs || DEFAULT_INTERVAL_MS;
  const scheme = raw?.metricNameValidationScheme ?? 'utf8';
  const native = raw?.scrapeNativeHistograms ?? false;
  return {
    scrapeIntervalMs,
    scrapeTimeoutMs: raw?.scrapeTimeoutMs || Math.min(DEFAULT_TIMEOUT_MS, scrapeIntervalMs),
    evaluationIntervalMs: raw?.evaluationIntervalMs || DEFAULT_INTERVAL_MS,
    ruleQueryOffsetMs: raw?.ruleQueryOffsetMs ?? 0,
    externalLabels: expandLabels(raw?.externalLabels ?? Labels.empty, options.environment),
    queryLogFile: raw?.queryLogFile,
    scrapeFailureLogFile: raw?.scrapeFailureLogFile,
    scrapeProtocols: (raw?.scrapeProtocols as GlobalConfig['scrapeProtocols'] | undefined) ?? defaultProtocols(native),
    scrapeNativeHistograms: native,
    alwaysScrapeClassicHistograms: raw?.alwaysScrapeClassicHistograms ?? false,
    convertClassicHistogramsToNhcb: raw?.convertClassicHistogramsToNhcb ?? false,
    extraScrapeMetrics: raw?.extraScrapeMetrics ?? false,
    metricNameValidationScheme: scheme,
    metricNameEscapingScheme: raw?.metricNameEscapingScheme ?? (scheme === 'utf8' ? 'allow-utf-8' : 'underscores'),
    bodySizeLimitBytes: raw?.bodySizeLimitBytes ?? 0,
    sampleLimit: raw?.sampleLimit ?? 0,
    targetLimit: raw?.targetLimit ?? 0,
    labelLimit: raw?.labelLimit ?? 0,
    labelNameLengthLimit: raw?.labelNameLengthLimit ?? 0,
    labelValueLengthLimit: raw?.labelValueLengthLimit ?? 0,
    keepDroppedTargets: raw?.keepDroppedTargets ?? 0,
  };
}

function resolveAlerting(raw: RawMain['alerting']): AlertingConfig {
  const alertmanagers = (raw?.alertmanagers ?? []).map(
    (endpoint): AlertmanagerEndpoint => ({
      scheme: endpoint.scheme,
      pathPrefix: endpoint.pathPrefix,
      timeoutMs: endpoint.timeoutMs,
      apiVersion: endpoint.apiVersion,
      relabelConfigs: endpoint.relabelConfigs,
      alertRelabelConfigs: endpoint.alertRelabelConfigs,
      ...discoveryOf(endpoint),
      ...httpClientOf(endpoint),
    }),
  );
  return { alertRelabelConfigs: raw?.alertRelabelConfigs ?? [], alertmanagers };
}

/** With `metric_name_validation_scheme: legacy` label names must be identifiers; known only after inheritance. */
function legacyNameProblems(config: PrometheusConfig, reading: YamlReading<unknown>): Problem[] {
  const isLegacy = config.global.metricNameValidationScheme === 'legacy';
  const externals = isLegacy ? config.global.externalLabels.names() : [];
  const problems = externals
    .filter((name) => !isLabelName(name, 'legacy'))
    .map((name): Problem => {
      const at = reading.spanAt(['global', 'external_labels', name], 'key');
      return { code: 'label-name', severity: 'error', message: `${quoteText(name)} is not a valid label name`, at };
    });
  return problems;
}

function inOrder(problems: readonly Problem[]): Problem[] {
  return [...problems].sort((a, b) => a.at.from - b.at.from);
}
