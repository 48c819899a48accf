import { resolve } from 'node:path';
import { readRuleFile } from '@tillwatch/config';
import { isError, type Problem } from '@tillwatch/model';
import { parseDocument } from 'yaml';
import { loadAlertmanagerFiles, loadPrometheusFiles, loadTillwatchYaml } from '../configuration.ts';
import { readSource } from '../files.ts';
import { plural, printProblems, type Terminal } from './terminal.ts';

/** Validates files of any of the kinds we read; tells them apart by what is in them. */
export async function checkCommand(terminal: Terminal, files: readonly string[]): Promise<number> {
  const problems: Problem[] = [];
  const checked = files.length === 0 ? ['tillwatch.yaml'] : files;
  for (const file of checked) problems.push(...(await checkFile(file)));
  printProblems(problems, terminal);
  if (problems.some(isError)) return 1;
  terminal.out(`${plural(checked.length, 'file')} checked: fine.\n`);
  return 0;
}

async function checkFile(file: string): Promise<readonly Problem[]> {
  const read = await readSource(resolve(file));
  if ('problem' in read) return [read.problem];
  const source = { file, text: read.source.text };
  switch (kindOf(source.text)) {
    case 'rules':
      return readRuleFile(source).problems;
    case 'prometheus':
      return (await loadPrometheusFiles(file)).problems;
    case 'alertmanager':
      return (await loadAlertmanagerFiles(file)).problems;
    case 'tillwatch':
      return (await loadTillwatchYaml(file)).problems;
  }
}

function kindOf(text: string): 'rules' | 'prometheus' | 'alertmanager' | 'tillwatch' {
  const content: unknown = parseDocument(text, { logLevel: 'silent' }).toJS({ maxAliasCount: 100 });
  const has = (key: string) => typeof content === 'object' && content !== null && key in content;
  if (has('groups')) return 'rules';
  if (has('scrape_configs') || has('rule_files') || has('alerting')) return 'prometheus';
  if (has('receivers') || has('route')) return 'alertmanager';
  return 'tillwatch';
}
