import { parseArgs } from 'node:util';
import { compareWithPrometheus } from '../support/promql-differential.ts';
import { describeReport } from '../support/promql-report.ts';

/** `npm run differential -- --expressions 20000 --seed 1`: the long run of `promql-differential.test.ts`. */
const { values } = parseArgs({
  options: { expressions: { type: 'string', default: '20000' }, seed: { type: 'string', default: '1' } },
});
const started = performance.now();
const report = await compareWithPrometheus(Number(values.seed), Number(values.expressions), ({ asked, mismatches }) => {
  process.stderr.write(`\r${asked} asked, ${mismatches.length} mismatches `);
});
process.stderr.write('\n');
console.log(describeReport(report));
console.log(`in ${((performance.now() - started) / 1000).toFixed(0)} s`);
process.exitCode = report.mismatches.length === 0 ? 0 : 1;
