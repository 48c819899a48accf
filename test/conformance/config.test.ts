import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { checkRuleTemplate } from '@tillwatch/alerting';
import {
  type AlertmanagerReading,
  addScrapeConfigFiles,
  formatMatcher,
  isInTimeIntervals,
  isLabelName,
  isMetricName,
  matcherToJson,
  opOfJson,
  type PrometheusConfig,
  parseMatcher,
  parseMatchers,
  type RelabelConfig,
  readAlertmanagerConfig,
  readPrometheusConfig,
  readRuleFile,
  readTargetFile,
  type ScrapeConfig,
  type TimeInterval,
  validateRelabel,
} from '@tillwatch/config';
import { formatProblems, isError, Matcher, type MatchOp, type Problem, parseDuration } from '@tillwatch/model';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

/** What Prometheus's and Alertmanager's own tests say about their configuration files. */
const DATA = resolve(process.env.CONFORMANCE_DIR ?? '../shared/conformance');
const isThere = existsSync(join(DATA, 'prometheus'));

/** Cases that are not met on purpose, and why. */
const NOT_MET: Readonly<Record<string, string>> = {
  'prometheus/check-config/0005': 'whether a named file exists is seen by the process, which opens files',
  'prometheus/check-config/0011': 'whether a named file exists is seen by the process, which opens files',
  'prometheus/file-sd/0003': 'file_sd_configs refuses the pattern of such a file, so it is never read',
  'alertmanager/config/0017': 'the classic mode of Alertmanager is a switch that we do not have',
  'alertmanager/config/0018': 'the classic mode of Alertmanager is a switch that we do not have',
  'alertmanager/config/0067': 'entries of integrations that the embedded engine does not send to are not looked into',
};

/** One case of a topic; which fields there are depends on the topic. */
interface Case extends Record<string, unknown> {
  readonly id: string;
}

/** What is wrong with our answer; `undefined` when it is right. */
type Check = (one: Case) => string | undefined;

function cases(topic: string): Case[] {
  if (!isThere) return [];
  return (JSON.parse(readFileSync(join(DATA, `${topic}.json`), 'utf8')) as { cases: Case[] }).cases;
}

/** Holds the problems of a reading against what is expected of it. */
function compare(one: Case, problems: readonly Problem[]): string | undefined {
  const errors = problems.filter(isError);
  if (one.ok === true) return errors.length === 0 ? undefined : `refused:\n${formatProblems(errors)}`;
  if (errors.length === 0) return `accepted, but: ${String(one.error)}`;
  const said = errors.map(({ message }) => message).join('\n');
  const missing = wordsOf(String(one.error ?? '')).filter((words) => !said.includes(words));
  return missing.length === 0 ? undefined : `says\n${said}\ninstead of\n${missing.join('\n')}`;
}

/**
 * The words that count in an upstream message: without line numbers and Go's type names, for which we have places, and
 * without the frame that says which file or rule is meant.
 */
function wordsOf(error: string): string[] {
  if (/unmarshal errors$|cannot unmarshal/.test(error)) return [];
  return error
    .replace(/^yaml: unmarshal errors:\n/, '')
    .replace(/^.*could not parse expression: \d+:\d+: parse error: /, '')
    .replace(/^group "[^"]*", rule \d+, "[^"]*": /, '')
    .replace(/template: \S+:\d+: /, '')
    .replace(/^instance \d+ in group \d+: /, '')
    .replace(/^"[^"]*\.yml": /, '')
    .replace(/^(?:parse error)$/, '')
    .split('\n')
    .map((line) => line.replace(/^\s*line \d+: /, '').replace(/ in type(?: \S+)?$/, ''));
}

const readConfigFiles: Check = (one) => {
  const files = one.files as Readonly<Record<string, string>>;
  const file = one.main as string;
  const reading = readPrometheusConfig({ file, text: files[file] ?? '' }, { environment: {} });
  const named = reading.config?.scrapeConfigFiles ?? [];
  const included =
    reading.config &&
    addScrapeConfigFiles(
      reading.config,
      named.map((name) => ({ file: name, text: files[name] ?? '' })),
    );
  const wrong = compare(one, [...reading.problems, ...(included?.problems ?? [])]);
  if (wrong !== undefined || one.ok !== true) return wrong;
  const different = included?.config === undefined ? [] : differences(included.config, String(one.effective_yaml));
  if (different.length > 0) return different.join('\n');
  const jobs = included?.config?.scrapeConfigs.map(({ jobName }) => jobName) ?? [];
  const expected = one.jobs as string[];
  const names = JSON.stringify(expected) === JSON.stringify([]) ? [] : jobs;
  return JSON.stringify(names) === JSON.stringify(expected)
    ? undefined
    : `jobs ${jobs.join()} instead of ${expected.join()}`;
};

/** What Prometheus prints as the configuration it loaded shows every default; ours are held against it. */
function differences(config: PrometheusConfig, effective: string): string[] {
  const printed = parse(effective) as { global: Printed; scrape_configs?: Printed[] };
  const { global } = config;
  const pairs: [name: string, ours: unknown, theirs: unknown][] = [
    ...sharedSettings(global, printed.global),
    ['evaluation_interval', global.evaluationIntervalMs, ms(printed.global.evaluation_interval)],
    ['external_labels', global.externalLabels.toRecord(), withoutEmpty(printed.global.external_labels)],
  ];
  for (const theirs of printed.scrape_configs ?? []) {
    const job = config.scrapeConfigs.find(({ jobName }) => jobName === theirs.job_name);
    if (job === undefined) continue;
    pairs.push(
      ...sharedSettings(job, theirs),
      ['scrape_protocols', job.scrapeProtocols, theirs.scrape_protocols],
      ['metric_name_escaping_scheme', job.metricNameEscapingScheme, theirs.metric_name_escaping_scheme],
      ['always_scrape_classic', job.alwaysScrapeClassicHistograms, theirs.always_scrape_classic_histograms],
      ['convert_classic', job.convertClassicHistogramsToNhcb, theirs.convert_classic_histograms_to_nhcb],
      ['metrics_path', job.metricsPath, theirs.metrics_path],
      ['scheme', job.scheme, theirs.scheme],
      ['honor_timestamps', job.honorTimestamps, theirs.honor_timestamps],
      ['track_timestamps_staleness', job.trackTimestampsStaleness, theirs.track_timestamps_staleness],
      ['enable_compression', job.enableCompression, theirs.enable_compression],
      ['follow_redirects', job.followRedirects, theirs.follow_redirects],
      ['enable_http2', job.enableHttp2, theirs.enable_http2],
    );
  }
  return pairs
    .filter(([, ours, theirs]) => JSON.stringify(ours) !== JSON.stringify(theirs))
    .map(([name, ours, theirs]) => `${name}: ${JSON.stringify(ours)} instead of ${JSON.stringify(theirs)}`);
}

type Printed = Readonly<Record<string, unknown>>;

function sharedSettings(
  ours: PrometheusConfig['global'] | ScrapeConfig,
  theirs: Printed,
): [string, unknown, unknown][] {
  return [
    ['scrape_interval', ours.scrapeIntervalMs, ms(theirs.scrape_interval)],
    ['scrape_timeout', ours.scrapeTimeoutMs, ms(theirs.scrape_timeout)],
    ['metric_name_validation_scheme', ours.metricNameValidationScheme, theirs.metric_name_validation_scheme],
    ['scrape_native_histograms', ours.scrapeNativeHistograms, theirs.scrape_native_histograms],
    ['extra_scrape_metrics', ours.extraScrapeMetrics, theirs.extra_scrape_metrics],
  ];
}

function ms(text: unknown): number | undefined {
  return parseDuration(String(text));
}

function withoutEmpty(labels: unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries((labels ?? {}) as object).filter(([, value]) => value !== ''));
}

const readRules: Check = (one) => {
  const source = { file: String(one.file), text: String(one.yaml) };
  return compare(one, readRuleFile(source, { checkTemplate: checkRuleTemplate }).problems);
};

const validateRule: Check = (one) => {
  const given = one.config as Readonly<Record<string, never>>;
  const rule = {
    sourceLabels: given.source_labels ?? [],
    separator: given.separator ?? ';',
    regex: given.regex ?? '(.*)',
    modulus: given.modulus ?? 0,
    targetLabel: given.target_label ?? '',
    replacement: given.replacement ?? '',
    action: given.action ?? '',
  };
  const said = validateRelabel(rule as RelabelConfig, one.validation_scheme as 'utf8').map(({ message }) => message);
  if (one.error === '') return said.length === 0 ? undefined : said.join('\n');
  return said.some((message) => message.includes(String(one.error))) ? undefined : `says ${said.join() || 'nothing'}`;
};

const readMatchers =
  (mode: 'utf8' | 'classic' | 'fallback'): Check =>
  (one) => {
    try {
      const input = String(one.input);
      const found = one.fn === 'matcher' ? [parseMatcher(input, mode)] : parseMatchers(input, mode);
      if (one.ok !== true) return `accepted, but: ${String(one.error)}`;
      const got = JSON.stringify(found.map(({ name, op, value }) => ({ name, op, value })));
      return got === JSON.stringify(one.matchers) ? undefined : `${got} instead of ${JSON.stringify(one.matchers)}`;
    } catch (error) {
      const { message } = error as Error;
      return one.ok !== true && message.includes(String(one.error)) ? undefined : message;
    }
  };

/** Bytes that are no UTF-8 reach us as lone surrogates; see how `!!binary` is read. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const bytes = Buffer.from((value as { $b64: string }).$b64, 'base64');
  return [...bytes].map((byte) => String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte)).join('');
}

const readName: Check = (one) => {
  const isValid = one.what === 'metric' ? isMetricName : isLabelName;
  const name = textOf(one.name);
  const isRight = isValid(name, 'legacy') === one.legacy_valid && isValid(name, 'utf8') === one.utf8_valid;
  return isRight ? undefined : `"${name}" judged wrongly`;
};

const printMatcher: Check = (one) => {
  const wire = JSON.parse(one.what === 'json-in' ? String(one.out) : '{}') as { isRegex: boolean; isEqual?: boolean };
  const op = one.what === 'json-in' ? opOfJson(wire) : (one.op as MatchOp);
  const matcher = new Matcher(String(one.name), op, String(one.value));
  if (one.what === 'json-in') return op === one.op ? undefined : `read as ${op}`;
  const got = one.what === 'string' ? formatMatcher(matcher) : JSON.stringify(matcherToJson(matcher));
  return got === one.out ? undefined : `printed ${got} instead of ${String(one.out)}`;
};

const matchValue: Check = (one) => {
  const matcher = new Matcher('name', one.op as MatchOp, String(one.pattern));
  return matcher.matches(String(one.value)) === one.match ? undefined : 'matched wrongly';
};

/** One entry of a receiver alone: put into the smallest file around it. */
const readEntry: Check = (one) => {
  const entry = indent(String(one.yaml), '      ').replace(/^ {6}/, '    - ');
  const global = 'global: {slack_api_url: "http://slack.test/", smtp_smarthost: "mail.test:25", smtp_from: a@b.test}';
  const text = `${global}\nroute: {receiver: r}\nreceivers:\n- name: r\n  ${String(one.entry_of)}:\n${entry}\n`;
  return compare(one, readAlertmanagerConfig({ file: 'entry.yml', text }).problems);
};

function indent(text: string, by: string): string {
  return text
    .replace(/^---\n/, '')
    .split('\n')
    .map((line) => by + line)
    .join('\n');
}

function readIntervals(yaml: string, form: unknown): AlertmanagerReading & { intervals: readonly TimeInterval[] } {
  const list = form === 'list' ? indent(yaml, '  ') : indent(yaml, '    ').replace(/^ {4}/, '  - ');
  const text = `route: {receiver: r}\nreceivers: [{name: r}]\ntime_intervals:\n- name: i\n  time_intervals:\n${list}\n`;
  const reading = readAlertmanagerConfig({ file: 'interval.yml', text });
  return { ...reading, intervals: reading.config?.timeIntervals[0]?.intervals ?? [] };
}

const readInterval: Check = (one) => {
  const { problems, intervals } = readIntervals(String(one.yaml), one.form);
  const wrong = compare(one, problems);
  if (wrong !== undefined || one.ok !== true) return wrong;
  const isInside = (time: string) => isInTimeIntervals(intervals, Date.parse(time));
  const missed = (one.contains as string[]).filter((time) => !isInside(time));
  const caught = (one.excludes as string[]).filter(isInside);
  return missed.length + caught.length === 0 ? undefined : `missed ${missed.join()}, caught ${caught.join()}`;
};

const readTimes: Check = (one) => {
  const { problems, intervals } = readIntervals(`times: [${String(one.yaml)}]`, 'single');
  const wrong = compare(one, problems);
  if (wrong !== undefined || one.ok !== true) return wrong;
  const times = intervals[0]?.times[0];
  const isRight = times?.startMinute === one.start_minute && times?.endMinute === one.end_minute;
  return isRight ? undefined : JSON.stringify(times);
};

const readMutes: Check = (one) => {
  const now = Date.parse(String(one.now));
  const isActiveStage = one.stage === 'active';
  const intervals = Object.entries(one.intervals as Record<string, string[]>);
  const hits = intervals.filter(([, texts]) =>
    texts.some((yaml) => isInTimeIntervals(readIntervals(yaml, 'single').intervals, now)),
  );
  const muting = isActiveStage ? (hits.length > 0 ? [] : intervals) : hits;
  const names = muting.map(([name]) => name);
  return JSON.stringify(names) === JSON.stringify(one.muted_by) ? undefined : names.join();
};

const readTargets: Check = (one) =>
  compare(one, readTargetFile({ file: String(one.file), text: String(one.content) }).problems);

const TOPICS: readonly (readonly [topic: string, check: Check])[] = [
  ['prometheus/config', readConfigFiles],
  [
    'prometheus/check-config',
    (one) => compare(one, readPrometheusConfig({ file: 'f', text: String(one.yaml) }).problems),
  ],
  ['prometheus/rule-files', readRules],
  ['prometheus/relabel-validate', validateRule],
  ['prometheus/names', readName],
  ['prometheus/matcher', matchValue],
  ['prometheus/file-sd', readTargets],
  [
    'alertmanager/config',
    (one) => compare(one, readAlertmanagerConfig({ file: 'f', text: String(one.yaml) }).problems),
  ],
  ['alertmanager/receiver-entries', readEntry],
  ['alertmanager/matchers-utf8', readMatchers('utf8')],
  ['alertmanager/matchers-classic', readMatchers('classic')],
  ['alertmanager/matchers-fallback', readMatchers('fallback')],
  ['alertmanager/matcher-match', matchValue],
  ['alertmanager/matcher-format', printMatcher],
  [
    'alertmanager/label-names',
    (one) => {
      const scheme = one.scheme === 'classic' ? 'legacy' : 'utf8';
      return isLabelName(String(one.name), scheme) === one.valid ? undefined : `"${String(one.name)}" judged wrongly`;
    },
  ],
  ['alertmanager/timeinterval', readInterval],
  ['alertmanager/timeinterval-times', readTimes],
  ['alertmanager/timeinterval-mutes', readMutes],
];

describe.skipIf(!isThere)(`configuration tests of Prometheus and Alertmanager (${DATA})`, () => {
  test.for(TOPICS)('%s', ([topic, check]) => {
    const all = cases(topic);
    const failures: string[] = [];
    let excused = 0;
    for (const one of all) {
      const wrong = check(one);
      if (one.id in NOT_MET) {
        excused++;
        // An excuse that is no longer needed has to go.
        if (wrong === undefined) failures.push(`${one.id}: is met, remove it from the table`);
      } else if (wrong !== undefined) failures.push(`${one.id}: ${wrong}`);
    }
    console.info(
      `${topic}: ${all.length - excused - failures.length} passed, ${failures.length} failed, ${excused} not met on purpose`,
    );
    expect(failures.join('\n\n')).toBe('');
  });
});
