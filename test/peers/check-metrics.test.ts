import { spawnSync } from 'node:child_process';
import { isError } from '@tillwatch/model';
import { lintExposition } from '@tillwatch/scrape/exposition';
import { describe, expect, test } from 'vitest';

const hasPromtool = spawnSync('which', ['promtool']).status === 0;

/** `tillwatch check metrics` beside `promtool check metrics`. */
describe.skipIf(!hasPromtool)('pages are judged as promtool judges them', () => {
  const types = ['counter', 'gauge', 'histogram', 'summary', 'untyped'];
  const names = [
    'calls',
    'calls_total',
    'wait_milliseconds',
    'size_kibibytes',
    'wait_minutes_total',
    'weight_pounds',
    'thermometers',
    'wait_ms',
    'wait_s_total',
    'my_gauge',
    'a_counter_of_things',
    'summary',
    'a_bucket',
    'a_count',
    'a_sum',
    'a:b',
    'camelCase',
    'x9Y',
    'Size',
    'calls_count_total',
  ];
  const labels = ['', '{shop="a"}', '{le="1"}', '{quantile="0.5"}', '{shopName="a",le="2"}'];

  test.for(types)('%s', (type) => {
    for (const hasHelp of [true, false]) {
      const page = names.map((name, i) => {
        const help = hasHelp ? `# HELP ${name} What it is.\n` : '';
        return `${help}# TYPE ${name} ${type}\n${series(name, type, labels[i % labels.length]!)}`;
      });
      const { ours, theirs } = judge(page.join(''));
      expect(ours).toEqual(theirs);
    }
  });

  test.for([
    ['a second TYPE line', '# TYPE a gauge\na 1\n# TYPE a gauge\n'],
    ['a second HELP line', '# HELP a x\n# HELP a x\n# TYPE a gauge\na 1\n'],
    ['a TYPE line behind its samples', 'a 1\n# TYPE a gauge\n'],
    ['an unescaped quote', 'a{b="x" y"} 1\n'],
    ['a type that is none', '# TYPE a gouge\na 1\n'],
    ['no value', 'a\n'],
  ] as const)('%s is an error for both', ([, text]) => {
    expect(spawnSync('promtool', ['check', 'metrics'], { input: text }).status).toBe(1);
    expect(lintExposition({ file: 'page', text }).filter(isError)).toHaveLength(1);
  });
});

/** A series of a metric, with the names that its type gives it. */
function series(name: string, type: string, labels: string): string {
  if (type === 'histogram') return `${name}_bucket{le="+Inf"} 1\n${name}_sum 1\n${name}_count 1\n`;
  if (type === 'summary') return `${name}{quantile="0.5"} 1\n${name}_sum 1\n${name}_count 1\n`;
  return `${name}${labels} 1\n`;
}

function judge(text: string): { ours: string[]; theirs: string[] } {
  const { stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  const theirs = `${stdout}${stderr}`.split('\n').filter((line) => line !== '');
  const ours = lintExposition({ file: 'page', text }).map(({ message }) =>
    message.replace(/^metric "([^"]*)": /, '$1 '),
  );
  return { ours: ours.sort(), theirs: theirs.sort() };
}
