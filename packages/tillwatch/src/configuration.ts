import { relative, resolve } from 'node:path';
import { readTillwatchConfig, type TillwatchConfig } from '@tillwatch/checkout';
import {
  type AlertmanagerConfig,
  type PrometheusConfig,
  type RuleGroup,
  readAlertmanagerConfig,
  readPrometheusConfig,
  readRuleFile,
} from '@tillwatch/config';
import { isError, type Problem, type SourceText, spanOf } from '@tillwatch/model';
import { expandPatterns, readSource } from './files.ts';

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

/** A configuration, or nothing when a problem is an error. All problems of all files are there, warnings too. */
export interface LoadResult<T> {
  readonly value: T | undefined;
  readonly problems: readonly Problem[];
}

/** Reads prometheus.yml, the rule files it names, and alertmanager.yml with its templates. Collects every problem of all of them. */
export async function loadStandardFiles(files: StandardFiles): Promise<LoadResult<Configuration>> {
  const collecting = await loadPrometheusFiles(files.prometheus);
  const telling = files.alertmanager === undefined ? undefined : await loadAlertmanagerFiles(files.alertmanager);
  const problems = [...collecting.problems, ...(telling?.problems ?? [])];
  if (collecting.value === undefined || problems.some(isError)) return { value: undefined, problems };
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

/** Reads prometheus.yml and the rule files that it names. */
export async function loadPrometheusFiles(file: string): Promise<LoadResult<PrometheusFiles>> {
  const problems: Problem[] = [];
  const source = await read(file, problems);
  if (source === undefined) return { value: undefined, problems };
  const { config: prometheus, problems: own } = readPrometheusConfig(source);
  problems.push(...own);

  const ruleFiles: { file: string; groups: readonly RuleGroup[] }[] = [];
  for (const path of await expandPatterns(prometheus?.ruleFiles ?? [], resolve(file))) {
    const rules = await read(path, problems);
    if (rules === undefined) continue;
    const result = readRuleFile(rules);
    problems.push(...result.problems);
    ruleFiles.push({ file: rules.file, groups: result.groups });
  }
  return {
    value: prometheus === undefined || problems.some(isError) ? undefined : { prometheus, ruleFiles },
    problems,
  };
}

/** Reads alertmanager.yml and the templates that it names. */
export async function loadAlertmanagerFiles(file: string): Promise<LoadResult<AlertmanagerFiles>> {
  const problems: Problem[] = [];
  const source = await read(file, problems);
  if (source === undefined) return { value: undefined, problems };
  const { config: alertmanager, problems: own } = readAlertmanagerConfig(source);
  problems.push(...own);

  const templates: SourceText[] = [];
  for (const path of await expandPatterns(alertmanager?.templates ?? [], resolve(file))) {
    const template = await read(path, problems);
    if (template !== undefined) templates.push(template);
  }
  return {
    value: alertmanager === undefined || problems.some(isError) ? undefined : { alertmanager, templates },
    problems,
  };
}

/** Reads one file under the name that messages call it by; when that fails, the problem is added to the others. */
async function read(file: string, problems: Problem[]): Promise<SourceText | undefined> {
  const result = await readSource(resolve(file));
  if ('source' in result) return { file: displayName(file), text: result.source.text };
  problems.push({ ...result.problem, at: spanOf({ file: displayName(file), text: '' }) });
  return undefined;
}

/** Reads tillwatch.yaml. */
export async function loadTillwatchYaml(file: string): Promise<LoadResult<TillwatchConfig>> {
  const read = await readSource(resolve(file));
  if ('problem' in read) {
    const hint = 'write one with: tillwatch init';
    return { value: undefined, problems: [{ ...read.problem, hint }] };
  }
  const { config, problems } = readTillwatchConfig({ file: displayName(file), text: read.source.text });
  return { value: problems.some(isError) ? undefined : config, problems };
}

/** Files below the current folder are called by their relative name in messages, others by their whole path. */
function displayName(file: string): string {
  const name = relative(process.cwd(), resolve(file));
  return name.startsWith('..') || name === '' ? resolve(file) : name;
}
