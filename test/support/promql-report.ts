import type { DifferentialReport, Mismatch } from './promql-differential.ts';

/** A comparison in words. */
export function describeReport(report: DifferentialReport): string {
  const { asked, withValues, empty, bothRefused, sensitiveToRounding, known, mismatches } = report;
  const differences = [...known].map(([name, count]) => `  ${count} × ${name}`);
  return [
    `${asked} queries put to Prometheus ${report.version} and to us:`,
    `  ${withValues} answers with values, ${empty} empty ones, ${bothRefused} refusals`,
    `  ${sensitiveToRounding} not compared, since they are made of rounding errors`,
    ...(differences.length > 0 ? ['known differences of 3.x:', ...differences] : []),
    `${mismatches.length} mismatches`,
    ...mismatches.map(describeMismatch),
  ].join('\n');
}

/** One mismatch, with all that is needed to see it again. */
function describeMismatch({ seed, question, difference }: Mismatch): string {
  const at =
    question.kind === 'instant'
      ? `at ${question.timeMs}`
      : `from ${question.startMs} to ${question.endMs} step ${question.stepMs}`;
  return `  ${question.expr}\n    ${at}, data ${seed}: ${difference}`;
}
