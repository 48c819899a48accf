import { writeFile } from 'node:fs/promises';
import { runRuleTests } from '@tillwatch/alerting';
import { compileAnchoredRegex, RegexError } from '@tillwatch/model';
import { displayName } from '../configuration.ts';
import { loadRuleTests } from '../rule-tests/load-rule-tests.ts';
import { type FileOutcome, hasPassed, jsonReport, junitReport, textReport } from '../rule-tests/report.ts';
import { CliError, plural, printProblems, type Terminal } from './terminal.ts';

interface TestRulesOptions {
  readonly run?: readonly string[];
  readonly json?: boolean;
  readonly junit?: string;
  readonly ignoreUnknownFields?: boolean;
}

/** Runs files of rule tests; exit code 0 only when every test of every file passed. */
export async function testRulesCommand(
  terminal: Terminal,
  files: readonly string[],
  options: TestRulesOptions,
): Promise<number> {
  const isWanted = nameTest(options.run ?? []);
  const outcomes: FileOutcome[] = [];
  for (const path of files) {
    const { value, problems } = await loadRuleTests(path, options);
    printProblems(problems, terminal);
    const tests = value === undefined ? [] : await runRuleTests({ ...value, isWanted });
    const outcome = { file: displayName(path), problems, tests };
    outcomes.push(outcome);
    if (options.json !== true) terminal.out(textReport(outcome));
  }
  if (options.junit !== undefined) await writeReport(options.junit, junitReport(outcomes));
  const tests = outcomes.flatMap((outcome) => outcome.tests);
  const passed = outcomes.every(hasPassed);
  if (options.json === true) terminal.out(`${JSON.stringify(jsonReport(outcomes), undefined, 2)}\n`);
  else {
    const failed = tests.filter((test) => !test.passed).length;
    const unread = outcomes.filter((outcome) => outcome.tests.length === 0 && !hasPassed(outcome)).length;
    terminal.out(
      `${plural(tests.length, 'test')} in ${plural(files.length, 'file')}: ${tests.length - failed} passed, ${failed} failed${unread === 0 ? '' : `, ${plural(unread, 'file')} not run`}.\n`,
    );
  }
  if (passed && tests.length === 0 && options.run !== undefined) {
    throw new CliError(`no test has a name that matches ${options.run.join(' or ')}`);
  }
  return passed ? 0 : 1;
}

/** Whether a name is matched somewhere by one of the expressions; every name is when there is none. @throws {CliError} */
function nameTest(patterns: readonly string[]): (name: string) => boolean {
  if (patterns.length === 0) return () => true;
  try {
    const regexes = patterns.map((pattern) => compileAnchoredRegex(`.*(?:${pattern}).*`));
    return (name) => regexes.some((regex) => regex.matches(name));
  } catch (cause) {
    if (!(cause instanceof RegexError)) throw cause;
    throw new CliError(`--run: ${cause.message}`, { cause });
  }
}

async function writeReport(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (cause) {
    throw new CliError(`cannot write ${file}: ${(cause as Error).message}`, { cause });
  }
}
