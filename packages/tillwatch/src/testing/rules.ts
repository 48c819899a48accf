import { resolve } from 'node:path';
import { checkRuleTemplate, type RuleFile, runRuleTests } from '@tillwatch/alerting';
import { plan } from '@tillwatch/checkout';
import { readRuleFile } from '@tillwatch/config';
import { formatProblems, isError, type Problem, type SourceText } from '@tillwatch/model';
import { displayName, loadTillwatchYaml } from '../configuration.ts';
import { expandPatterns, readSource } from '../files.ts';
import { loadRuleTests } from '../rule-tests/load-rule-tests.ts';
import { failureLines } from '../rule-tests/report.ts';
import { durationMs } from './duration.ts';
import { RuleTestError } from './expectation-error.ts';
import { RuleScenario, type ScenarioOptions } from './rule-scenario.ts';

const DEFAULT_INTERVAL_MS = 15_000;

/** How often is scraped and evaluated where a scenario does not say. */
interface Intervals {
  readonly scrapeMs: number;
  readonly evaluationMs: number | undefined;
}

/** Rules that were read, ready to be tried on series. */
export class Rules {
  readonly #files: readonly RuleFile[];
  readonly #intervals: Intervals;

  /** Use `loadRules` or `loadGeneratedRules`. */
  constructor(files: readonly RuleFile[], intervals: Intervals) {
    this.#files = files;
    this.#intervals = intervals;
  }

  /** Starts a scenario. The rules can be used for any number of them. @throws {TypeError} for a duration that is none */
  watch(options: ScenarioOptions): RuleScenario {
    const { every, evaluateEvery } = options;
    const scrapeMs = every === undefined ? this.#intervals.scrapeMs : positive(every, 'every');
    const ownMs = every === undefined ? (this.#intervals.evaluationMs ?? scrapeMs) : scrapeMs;
    const stepMs = evaluateEvery === undefined ? ownMs : positive(evaluateEvery, 'evaluateEvery');
    return new RuleScenario(this.#files, options, scrapeMs, stepMs);
  }
}

function positive(text: string, what: string): number {
  const ms = durationMs(text, what);
  if (ms === 0) throw new TypeError(`${what}: must be longer than 0`);
  return ms;
}

/**
 * Reads rule files, given as paths or patterns from the current folder.
 * @throws {RuleTestError} with every problem of every file
 */
export async function loadRules(...files: readonly string[]): Promise<Rules> {
  const read: RuleFile[] = [];
  const problems: Problem[] = [];
  for (const pattern of files) {
    const paths = await expandPatterns([pattern], resolve('tests'));
    if (paths.length === 0) throw new RuleTestError(`no file matches ${pattern}`);
    for (const path of paths) {
      const result = await readSource(path);
      if ('problem' in result) throw new RuleTestError(result.problem.message);
      read.push(toRules({ file: displayName(path), text: result.source.text }, problems));
    }
  }
  refuse(problems);
  return new Rules(read, { scrapeMs: DEFAULT_INTERVAL_MS, evaluationMs: undefined });
}

/**
 * The rules that `tillwatch generate` writes for a tillwatch.yaml, with its intervals.
 * @throws {RuleTestError} with every problem of the file
 */
export async function loadGeneratedRules(file = 'tillwatch.yaml'): Promise<Rules> {
  const { value: config, problems } = await loadTillwatchYaml(file);
  if (config === undefined) throw new RuleTestError(formatProblems(problems));
  const found: Problem[] = [];
  const rules = plan(config)
    .filter(({ path }) => path === 'rules/checkout.yml')
    .map(({ path, content }) => toRules({ file: path, text: content }, found));
  refuse(found);
  const { intervalMs: scrapeMs, evaluationIntervalMs: evaluationMs } = config.scrape;
  return new Rules(rules, { scrapeMs, evaluationMs });
}

/**
 * Runs files in the form of `promtool test rules`. Resolves when every test of every file passes.
 * @throws {RuleTestError} with every problem and every failed check
 */
export async function expectRuleTests(...files: readonly string[]): Promise<void> {
  const failed: string[] = [];
  for (const file of files) {
    const { value, problems } = await loadRuleTests(file);
    if (value === undefined) {
      failed.push(formatProblems(problems.filter(isError)));
      continue;
    }
    for (const { name, checks } of await runRuleTests(value)) {
      const lines = checks.filter((check) => !check.passed).flatMap(failureLines);
      if (lines.length > 0) failed.push([name, ...lines].join('\n  '));
    }
  }
  if (failed.length > 0) throw new RuleTestError(`rule tests failed\n${failed.join('\n')}`);
}

function toRules(source: SourceText, problems: Problem[]): RuleFile {
  const result = readRuleFile(source, { checkTemplate: checkRuleTemplate });
  problems.push(...result.problems);
  return { file: source.file, groups: result.groups };
}

/** @throws {RuleTestError} */
function refuse(problems: readonly Problem[]): void {
  const wrong = problems.filter(isError);
  if (wrong.length > 0) throw new RuleTestError(`rules cannot be used\n${formatProblems(wrong)}`);
}
