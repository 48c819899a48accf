import { basename, resolve } from 'node:path';
import { checkRuleTemplate } from '@tillwatch/alerting';
import { exampleConfig, plan, readTillwatchConfig, type StandardFile, type TillwatchConfig } from '@tillwatch/checkout';
import {
  type AlertmanagerConfig,
  type RuleGroup,
  readAlertmanagerConfig,
  readPrometheusConfig,
  readRuleFile,
  readYaml,
} from '@tillwatch/config';
import { invariant, isError, Labels, type Problem } from '@tillwatch/model';
import { z } from 'zod';
import { displayName, type LoadResult, loadRuleFile, loadTillwatchYaml } from '../configuration.ts';
import { readSource } from '../files.ts';

/** Rules that are replayed together, and what is known about where they run. */
export interface RuleSet {
  /** The files, as they were given. */
  readonly name: string;
  readonly groups: readonly RuleGroup[];
  /** Of a tillwatch.yaml: who is told. */
  readonly alertmanager: AlertmanagerConfig | undefined;
  readonly config: TillwatchConfig | undefined;
  readonly externalLabels: Labels;
  /** Of a tillwatch.yaml; rule files do not say. */
  readonly evaluationIntervalMs: number | undefined;
}

/**
 * Reads rule files, and the rules that a tillwatch.yaml means, in the order given; those on what the sentinel says only with
 * `hasSentinel`. Collects every problem of all files.
 */
export async function loadRuleSet(files: readonly string[], hasSentinel: boolean): Promise<LoadResult<RuleSet>> {
  const problems: Problem[] = [];
  const groups: RuleGroup[] = [];
  let shop: ShopRules | undefined;
  for (const file of files) {
    if (await isRuleFile(file)) {
      const read = await loadRuleFile(file);
      problems.push(...read.problems);
      groups.push(...(read.value ?? []));
      continue;
    }
    const read = await loadTillwatchYaml(file);
    problems.push(...read.problems);
    if (read.value === undefined) continue;
    const rules = shopRules(read.value, hasSentinel);
    groups.push(...rules.groups);
    shop ??= rules;
  }
  if (problems.some(isError)) return { value: undefined, problems };
  const name = files.map((file) => displayName(file)).join(', ');
  const alone = { alertmanager: undefined, config: undefined, externalLabels: Labels.empty };
  return { value: { evaluationIntervalMs: undefined, ...alone, ...shop, name, groups }, problems };
}

type ShopRules = Omit<RuleSet, 'name'>;

/** What a tillwatch.yaml means, without writing a file. */
function shopRules(config: TillwatchConfig, hasSentinel: boolean): ShopRules {
  const files = plan(config, hasSentinel ? { sentinel: 'embedded' } : {});
  const groups = files.filter(isGeneratedRules).flatMap(({ path, content }) => {
    const read = readRuleFile({ file: path, text: content }, { checkTemplate: checkRuleTemplate });
    invariant(!read.problems.some(isError), `a generated file has mistakes: ${path}`);
    return read.groups;
  });
  const { config: prometheus } = readPrometheusConfig(sourceOf(files, 'prometheus.yml'));
  const { config: alertmanager } = readAlertmanagerConfig(sourceOf(files, 'alertmanager.yml'));
  return {
    config,
    groups,
    alertmanager,
    externalLabels: prometheus?.global.externalLabels ?? Labels.empty,
    evaluationIntervalMs: config.scrape.evaluationIntervalMs,
  };
}

/** A shop of which nothing is known but its currency: what costs are measured with beside hand-written rules. */
export function unknownShop(currency: string): TillwatchConfig {
  const { config } = readTillwatchConfig({ file: 'tillwatch.yaml', text: exampleConfig({ currency }) });
  invariant(config !== undefined, 'the example configuration has mistakes');
  return config;
}

function isGeneratedRules({ path }: StandardFile): boolean {
  return path.startsWith('rules/') && path.endsWith('.yml') && !path.endsWith('.test.yml');
}

function sourceOf(files: readonly StandardFile[], path: string): { file: string; text: string } {
  const file = files.find((one) => one.path === path);
  invariant(file !== undefined, `the plan has no ${path}`);
  return { file: path, text: file.content };
}

/** Has the file groups, or does its name say so? Everything else is read as a tillwatch.yaml, which says what is wrong. */
async function isRuleFile(file: string): Promise<boolean> {
  const read = await readSource(resolve(file));
  const content = 'source' in read ? readYaml({ file, text: read.source.text }, z.unknown()).raw : undefined;
  if (typeof content !== 'object' || content === null) return !basename(file).startsWith('tillwatch');
  return 'groups' in content || !('shop' in content || 'targets' in content || 'teams' in content);
}
