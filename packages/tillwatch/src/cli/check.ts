import { basename, resolve } from 'node:path';
import { readYaml } from '@tillwatch/config';
import { isError, type Problem } from '@tillwatch/model';
import { z } from 'zod';
import {
  loadAlertmanagerFiles,
  loadPrometheusFiles,
  loadRuleFile,
  loadTemplateFile,
  loadTillwatchYaml,
} from '../configuration.ts';
import { readSource } from '../files.ts';
import { loadRuleTests } from '../rule-tests/load-rule-tests.ts';
import { plural, printProblems, type Terminal } from './terminal.ts';

/** Validates files of any of the kinds we read, with the files that they name; tells them apart by what is in them. */
export async function checkCommand(terminal: Terminal, files: readonly string[]): Promise<number> {
  const checked = files.length === 0 ? ['tillwatch.yaml'] : files;
  // A rule file can be given by itself and be named by a prometheus.yml too: each problem is told once.
  const problems = new Map<string, Problem>();
  for (const file of checked) {
    for (const problem of await checkFile(file)) problems.set(keyOf(problem), problem);
  }
  const found = [...problems.values()];
  printProblems(found, terminal);
  if (found.some(isError)) return 1;
  terminal.out(`${plural(checked.length, 'file')} checked: fine.\n`);
  return 0;
}

function keyOf({ at, code, message }: Problem): string {
  return `${at.file}:${at.from}:${at.to}:${code}:${message}`;
}

async function checkFile(file: string): Promise<readonly Problem[]> {
  return (await LOADERS[await kindOf(file)](file)).problems;
}

const LOADERS = {
  rules: loadRuleFile,
  ruleTests: loadRuleTests,
  template: loadTemplateFile,
  prometheus: loadPrometheusFiles,
  alertmanager: loadAlertmanagerFiles,
  tillwatch: loadTillwatchYaml,
} as const;

type Kind = keyof typeof LOADERS;

async function kindOf(file: string): Promise<Kind> {
  if (file.endsWith('.tmpl')) return 'template';
  const read = await readSource(resolve(file));
  // What cannot be read is complained about by whoever loads it.
  const content = 'source' in read ? readYaml({ file, text: read.source.text }, z.unknown()).raw : undefined;
  return (typeof content === 'object' && content !== null && kindByKeys(content)) || kindByName(basename(file));
}

function kindByKeys(content: object): Kind | undefined {
  const has = (...keys: string[]) => keys.some((key) => key in content);
  if (has('groups')) return 'rules';
  // These name rule files too, as a prometheus.yml does.
  if (has('tests', 'evaluation_interval', 'group_eval_order')) return 'ruleTests';
  if (has('scrape_configs', 'rule_files', 'scrape_config_files', 'alerting')) return 'prometheus';
  if (has('receivers', 'route')) return 'alertmanager';
  return has('shop', 'targets', 'teams') ? 'tillwatch' : undefined;
}

/** A file that holds nothing telling, or is no YAML. */
function kindByName(name: string): Kind {
  if (name.startsWith('prometheus')) return 'prometheus';
  if (name.startsWith('alertmanager')) return 'alertmanager';
  return /rules?[.\-_]/.test(name) ? 'rules' : 'tillwatch';
}
