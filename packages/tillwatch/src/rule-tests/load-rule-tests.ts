import { resolve } from 'node:path';
import { checkRuleTemplate, checkRuleTests, type RuleFile } from '@tillwatch/alerting';
import { type Placed, type RuleTestFile, readRuleFile, readRuleTestFile } from '@tillwatch/config';
import { isError, type Problem, spanOf } from '@tillwatch/model';
import { displayName, type LoadResult } from '../configuration.ts';
import { expandPatterns, readSource } from '../files.ts';

/** A file of rule tests with the rules that it tests. */
export interface RuleTests {
  readonly file: RuleTestFile;
  readonly rules: readonly RuleFile[];
}

export interface RuleTestLoadOptions {
  /** Fields that nobody knows are warned about instead of refused, in the test file and in the rule files. */
  readonly ignoreUnknownFields?: boolean | undefined;
}

/** Reads a file of rule tests and the rule files that it names, and finds the checks that can never say anything. */
export async function loadRuleTests(
  path: string,
  { ignoreUnknownFields = false }: RuleTestLoadOptions = {},
): Promise<LoadResult<RuleTests>> {
  const name = displayName(path);
  const read = await readSource(resolve(path));
  if ('problem' in read) {
    return { value: undefined, problems: [{ ...read.problem, at: spanOf({ file: name, text: '' }) }] };
  }
  const { file, problems } = readRuleTestFile({ file: name, text: read.source.text }, { ignoreUnknownFields });
  if (file === undefined) return { value: undefined, problems };
  const rules = await loadRules(file.ruleFiles, resolve(path), problems, ignoreUnknownFields);
  if (problems.some(isError)) return { value: undefined, problems };
  problems.push(...checkRuleTests(file, rules));
  return { value: problems.some(isError) ? undefined : { file, rules }, problems };
}

async function loadRules(
  patterns: readonly Placed[],
  base: string,
  problems: Problem[],
  ignoreUnknownFields: boolean,
): Promise<RuleFile[]> {
  const rules = new Map<string, RuleFile>();
  for (const { text, at } of patterns) {
    const paths = await expandPatterns([text], base);
    if (paths.length === 0) {
      const hint = 'patterns are relative to the folder of the test file';
      problems.push({ code: 'rule-test-no-file', severity: 'error', message: `no file matches ${text}`, hint, at });
    }
    for (const path of paths) {
      const file = displayName(path);
      if (rules.has(file)) continue;
      const read = await readSource(path);
      if ('problem' in read) {
        problems.push({ ...read.problem, at });
        continue;
      }
      const source = { file, text: read.source.text };
      const result = readRuleFile(source, { checkTemplate: checkRuleTemplate, ignoreUnknownFields });
      problems.push(...result.problems);
      rules.set(file, { file, groups: result.groups });
    }
  }
  return [...rules.values()];
}
