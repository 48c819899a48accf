import { dirname, relative, resolve } from 'node:path';
import { checkReceiverTexts, checkRuleTemplate, parseNotificationTemplates } from '@tillwatch/alerting';
import { readTillwatchConfig, type TillwatchConfig } from '@tillwatch/checkout';
import {
  type AlertmanagerConfig,
  addScrapeConfigFiles,
  type PrometheusConfig,
  type RuleGroup,
  readAlertmanagerConfig,
  readPrometheusConfig,
  readRuleFile,
  readYaml,
} from '@tillwatch/config';
import { isError, type Problem, type SourceText, spanOf } from '@tillwatch/model';
import { z } from 'zod';
import { withAbsolutePaths } from './file-paths.ts';
import { expandPatterns, readSource } from './files.ts';
import { readMessagesDir } from './messages-dir.ts';
import { placeInReceivers } from './template-places.ts';

/** The standard files, read and checked: what the engine runs on. */
export interface Configuration {
  readonly prometheus: PrometheusConfig;
  readonly ruleFiles: readonly { readonly file: string; readonly groups: readonly RuleGroup[] }[];
  readonly alertmanager: AlertmanagerConfig | undefined;
  readonly templates: readonly SourceText[];
}

/** Which files to read. */
export interface StandardFiles {
  readonly prometheus: string;
  readonly alertmanager?: string | undefined;
}

/**
 * A configuration, or nothing when it cannot be run. All problems of all files are there, warnings too. A mistake in the text
 * of a receiver is an error that can be run with: such a message is sent in plain form, which is better than nobody being told.
 */
export interface LoadResult<T> {
  readonly value: T | undefined;
  readonly problems: readonly Problem[];
}

/** Reads prometheus.yml, the rule files it names, and alertmanager.yml with its templates. Collects every problem of all of them. */
export async function loadStandardFiles(files: StandardFiles): Promise<LoadResult<Configuration>> {
  const collecting = await loadPrometheusFiles(files.prometheus);
  const telling = files.alertmanager === undefined ? undefined : await loadAlertmanagerFiles(files.alertmanager);
  const problems = [...collecting.problems, ...(telling?.problems ?? [])];
  const isComplete = files.alertmanager === undefined || telling?.value !== undefined;
  if (collecting.value === undefined || !isComplete) return { value: undefined, problems };
  return {
    value: {
      ...collecting.value,
      alertmanager: telling?.value?.alertmanager,
      templates: telling?.value?.templates ?? [],
    },
    problems,
  };
}

/** The collecting and judging half of a configuration. */
export type PrometheusFiles = Pick<Configuration, 'prometheus' | 'ruleFiles'>;

/** The telling half of a configuration. */
export interface AlertmanagerFiles {
  readonly alertmanager: AlertmanagerConfig;
  readonly templates: readonly SourceText[];
}

/** Reads prometheus.yml, and the rule files and files of jobs that it names. A mistake in one does not silence the others. */
export async function loadPrometheusFiles(file: string): Promise<LoadResult<PrometheusFiles>> {
  const problems: Problem[] = [];
  const source = await read(file, problems);
  if (source === undefined) return { value: undefined, problems };
  const main = readPrometheusConfig(source, { refuseUnsupported: true });
  problems.push(...main.problems);

  const jobFiles = await readAll(
    main.config?.scrapeConfigFiles ?? writtenList(source, 'scrape_config_files'),
    file,
    problems,
  );
  const withJobs =
    main.config === undefined ? undefined : addScrapeConfigFiles(main.config, jobFiles, { refuseUnsupported: true });
  problems.push(...(withJobs?.problems ?? []));
  const prometheus = withJobs?.config === undefined ? undefined : withAbsolutePaths(withJobs.config, file);

  const ruleFiles: { file: string; groups: readonly RuleGroup[] }[] = [];
  for (const rules of await readAll(main.config?.ruleFiles ?? writtenList(source, 'rule_files'), file, problems)) {
    const result = readRules(rules, prometheus);
    problems.push(...result.problems);
    ruleFiles.push({ file: rules.file, groups: result.groups });
  }
  return {
    value: prometheus === undefined || problems.some(isError) ? undefined : { prometheus, ruleFiles },
    problems,
  };
}

/** Reads one rule file by itself. */
export async function loadRuleFile(file: string): Promise<LoadResult<readonly RuleGroup[]>> {
  const problems: Problem[] = [];
  const source = await read(file, problems);
  if (source === undefined) return { value: undefined, problems };
  const result = readRules(source, undefined);
  problems.push(...result.problems);
  return { value: problems.some(isError) ? undefined : result.groups, problems };
}

/** Reads one file of notification templates by itself. */
export async function loadTemplateFile(file: string): Promise<LoadResult<SourceText>> {
  const problems: Problem[] = [];
  const source = await read(file, problems);
  if (source !== undefined) problems.push(...parseNotificationTemplates([source]).problems);
  return { value: problems.some(isError) ? undefined : source, problems };
}

/** Reads alertmanager.yml and the templates that it names, and renders every text of every receiver once on trial. */
export async function loadAlertmanagerFiles(file: string): Promise<LoadResult<AlertmanagerFiles>> {
  const problems: Problem[] = [];
  const source = await read(file, problems);
  if (source === undefined) return { value: undefined, problems };
  const { config: alertmanager, problems: own } = readAlertmanagerConfig(source);
  problems.push(...own);

  const templates = await readAll(alertmanager?.templates ?? writtenList(source, 'templates'), file, problems);
  problems.push(...parseNotificationTemplates(templates).problems);
  const isReadable = !problems.some(isError);
  if (alertmanager !== undefined) {
    problems.push(...placeInReceivers(source, checkReceiverTexts(alertmanager, templates)));
  }
  return { value: alertmanager !== undefined && isReadable ? { alertmanager, templates } : undefined, problems };
}

/** Without a known prometheus.yml nothing is said about windows that are short for its scrapes. */
function readRules(source: SourceText, prometheus: PrometheusConfig | undefined) {
  return readRuleFile(source, {
    checkTemplate: checkRuleTemplate,
    ...(prometheus === undefined ? {} : { scrapeIntervalMs: shortestScrapeMs(prometheus) }),
  });
}

/** A rule can be about any job: a window is too short only when it is so for all of them. */
function shortestScrapeMs({ global, scrapeConfigs }: PrometheusConfig): number {
  return scrapeConfigs.length === 0
    ? global.scrapeIntervalMs
    : Math.min(...scrapeConfigs.map((job) => job.scrapeIntervalMs));
}

/** The patterns of a list in a file that as a whole is refused: the files that it names are checked all the same. */
function writtenList(source: SourceText, key: string): string[] {
  const list = (readYaml(source, z.unknown()).raw as Record<string, unknown> | undefined)?.[key];
  return Array.isArray(list) ? list.filter((entry) => typeof entry === 'string') : [];
}

async function readAll(patterns: readonly string[], baseFile: string, problems: Problem[]): Promise<SourceText[]> {
  const sources: SourceText[] = [];
  for (const path of await expandPatterns(patterns, resolve(baseFile))) {
    const source = await read(path, problems);
    if (source !== undefined) sources.push(source);
  }
  return sources;
}

/** Reads one file under the name that messages call it by; when that fails, the problem is added to the others. */
async function read(file: string, problems: Problem[]): Promise<SourceText | undefined> {
  const result = await readSource(resolve(file));
  if ('source' in result) return { file: displayName(file), text: result.source.text };
  problems.push({ ...result.problem, at: spanOf({ file: displayName(file), text: '' }) });
  return undefined;
}

/** Reads tillwatch.yaml and the texts that it names. Its log files and folders are made absolute. */
export async function loadTillwatchYaml(file: string): Promise<LoadResult<TillwatchConfig>> {
  const unread: Problem[] = [];
  const source = await read(file, unread);
  if (source === undefined) {
    const hint = 'write one with: tillwatch init';
    return { value: undefined, problems: unread.map((problem) => ({ ...problem, hint })) };
  }
  const { config, problems } = readTillwatchConfig(source, { nowMs: Date.now() });
  if (config === undefined || problems.some(isError)) return { value: undefined, problems };
  const besideIt = (path: string) => resolve(dirname(resolve(file)), path);
  const { dir } = config.messages;
  const messages = dir === undefined ? undefined : await readMessagesDir(besideIt(dir), displayName);
  return {
    value: {
      ...config,
      logs: config.logs.map((log) => ({ file: besideIt(log.file) })),
      messages: { dir, overrides: messages?.overrides ?? [] },
    },
    problems: [...problems, ...(messages?.problems ?? [])],
  };
}

/** Files below the current folder are called by their relative name in messages, others by their whole path. */
export function displayName(file: string): string {
  const name = relative(process.cwd(), resolve(file));
  return name.startsWith('..') || name === '' ? resolve(file) : name;
}
