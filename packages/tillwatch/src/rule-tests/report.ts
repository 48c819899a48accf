import type { CheckOutcome, RuleTestOutcome } from '@tillwatch/alerting';
import { formatDuration, isError, type Problem, positionAt } from '@tillwatch/model';

/** What came of one file. `tests` is empty when the file could not be run. */
export interface FileOutcome {
  readonly file: string;
  readonly problems: readonly Problem[];
  readonly tests: readonly RuleTestOutcome[];
}

export function hasPassed({ problems, tests }: FileOutcome): boolean {
  return !problems.some(isError) && tests.every((test) => test.passed);
}

/** One line for each test, and below a failed one what was expected and what was there. */
export function textReport({ file, problems, tests }: FileOutcome): string {
  const lines = [file];
  if (problems.some(isError)) lines.push('  FAILED  not run: see the problems above');
  for (const test of tests) {
    lines.push(`  ${test.passed ? 'ok    ' : 'FAILED'}  ${test.name}`);
    for (const check of test.checks) if (!check.passed) lines.push(...failureLines(check).map((line) => `    ${line}`));
  }
  return `${lines.join('\n')}\n`;
}

/** Tells a failed check: where, what, the difference, and what helps to understand it. */
export function failureLines(check: CheckOutcome): string[] {
  const { kind, subject, evalTimeMs, missing, surplus, error, notes } = check;
  const what = kind === 'rules' ? `rule ${subject}` : kind === 'alert' ? `alert ${subject}` : oneLine(subject);
  return [
    `${place(check)}: ${what} at ${formatDuration(evalTimeMs)}`,
    ...(error === '' ? [] : [`  error: ${error}`]),
    ...missing.map((text) => `  - expected  ${text}`),
    ...surplus.map((text) => `  + got       ${text}`),
    ...(error === '' && missing.length > 0 && surplus.length === 0 ? ['  + got       nothing else'] : []),
    ...(error === '' && surplus.length > 0 && missing.length === 0 ? ['  - expected  nothing else'] : []),
    ...notes.map((note) => `  = ${note}`),
  ];
}

function place({ at }: CheckOutcome): string {
  const { line, column } = positionAt(at.text, at.from);
  return `${at.file}:${line}:${column}`;
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, ' ');
}

/** The same for programs. */
export function jsonReport(outcomes: readonly FileOutcome[]): object {
  const tests = outcomes.flatMap((outcome) => outcome.tests);
  return {
    passed: outcomes.every(hasPassed),
    tests: tests.length,
    failed: tests.filter((test) => !test.passed).length,
    files: outcomes.map((outcome) => ({
      file: outcome.file,
      passed: hasPassed(outcome),
      problems: outcome.problems.map(({ at, code, severity, message, hint }) => ({
        file: at.file,
        ...positionAt(at.text, at.from),
        severity,
        code,
        message,
        ...(hint === undefined ? {} : { hint }),
      })),
      tests: outcome.tests.map(({ name, passed, tookMs, checks }) => ({
        name,
        passed,
        tookMs: Math.round(tookMs),
        checks: checks.map(({ at, evalTimeMs, ...check }) => ({
          ...check,
          evalTime: formatDuration(evalTimeMs),
          file: at.file,
          ...positionAt(at.text, at.from),
        })),
      })),
    })),
  };
}

/** The form that build servers read: one suite for each file, one case for each test. */
export function junitReport(outcomes: readonly FileOutcome[]): string {
  const suites = outcomes.map((outcome) => {
    const { file, tests, problems } = outcome;
    const cases = tests.map(({ name, tookMs, checks }) => {
      const failed = checks.filter((check) => !check.passed);
      const attributes = `name=${xml(name)} classname=${xml(file)} time="${(tookMs / 1000).toFixed(3)}"`;
      if (failed.length === 0) return `    <testcase ${attributes}/>`;
      const text = failed.map((check) => failureLines(check).join('\n')).join('\n');
      const first = failed[0]!;
      const message = `${first.subject} at ${formatDuration(first.evalTimeMs)}`;
      return `    <testcase ${attributes}>\n      <failure message=${xml(oneLine(message))}>${escaped(text)}</failure>\n    </testcase>`;
    });
    const errors = problems.filter(isError);
    if (errors.length > 0) {
      const text = errors.map(({ at, message }) => {
        const { line, column } = positionAt(at.text, at.from);
        return `${at.file}:${line}:${column}: ${message}`;
      });
      cases.push(
        `    <testcase name="the file can be read" classname=${xml(file)}>\n      <error message=${xml(errors[0]!.message)}>${escaped(text.join('\n'))}</error>\n    </testcase>`,
      );
    }
    const failures = tests.filter((test) => !test.passed).length;
    const count = `tests="${cases.length}" failures="${failures}" errors="${errors.length > 0 ? 1 : 0}"`;
    return [`  <testsuite name=${xml(file)} ${count}>`, ...cases, '  </testsuite>'].join('\n');
  });
  return ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites>', ...suites, '</testsuites>', ''].join('\n');
}

function xml(text: string): string {
  return `"${escaped(text).replaceAll('"', '&quot;').replaceAll('\n', '&#10;')}"`;
}

function escaped(text: string): string {
  const plain = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  // What XML 1.0 has no way to write.
  return plain.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');
}
