import { isError } from '@tillwatch/model';
import { describe, expect, test } from 'vitest';
import { lintExposition } from '../src/exposition/index.ts';

function lint(text: string): string[] {
  return lintExposition({ file: 'page', text }).map(({ severity, message, at }) => {
    const line = at.text.slice(0, at.from).split('\n').length;
    return `${line}: ${severity}: ${message}`;
  });
}

/** A metric with everything that the conventions ask for, but for what the row changes. */
function gauge(name: string, labels = ''): string {
  return `# HELP ${name} What it is.\n# TYPE ${name} gauge\n${name}${labels} 1\n`;
}

test('a page that keeps the conventions has no findings', () => {
  const page = [
    gauge('temperature_celsius', '{room="Küche"}'),
    '# HELP calls_total What it is.\n# TYPE calls_total counter\ncalls_total{code="200"} 1\ncalls_total{code="500"} 1\n',
    '# HELP wait_seconds What it is.\n# TYPE wait_seconds histogram\n',
    'wait_seconds_bucket{le="+Inf"} 1\nwait_seconds_sum 1\nwait_seconds_count 1\n',
    '# HELP size_bytes What it is.\n# TYPE size_bytes summary\nsize_bytes{quantile="0.5"} 1\nsize_bytes_sum 1\nsize_bytes_count 1\n',
  ];
  expect(lint(page.join(''))).toEqual([]);
});

describe('what strict readers refuse is an error', () => {
  test.for([
    [
      'a second TYPE line',
      '# HELP a x\n# TYPE a gauge\na 1\n# TYPE a gauge\n',
      '4: error: second TYPE line for metric "a"',
    ],
    [
      'a second HELP line',
      '# HELP a x\n# HELP a x\n# TYPE a gauge\na 1\n',
      '2: error: second HELP line for metric "a"',
    ],
    [
      'a TYPE line behind its samples',
      '# HELP a x\na 1\n# TYPE a gauge\n',
      '3: error: the TYPE line of metric "a" comes after its samples',
    ],
    ['the same series twice', `${gauge('a', '{b="1"}')}a{b="1"} 2\n`, '4: error: the same series twice: a{b="1"}'],
    [
      'what cannot be read',
      `${gauge('size', '{ort="Küche"}')}${'# Käse\n'}${gauge('b')}c{d="x" 1\n`,
      '8: error: expected a comma or } after a label, got 1',
    ],
  ] as const)('%s', ([, text, finding]) => {
    const errors = lint(text).filter((line) => line.includes(': error: '));
    expect(errors).toHaveLength(1);
    expect(errors[0]!.split(':')[0]).toBe(finding.split(':')[0]);
    if (!finding.startsWith('8')) expect(errors[0]).toBe(finding);
  });

  test('an unreadable place is shown with line and column', () => {
    const text = `${gauge('size', '{ort="Küche"}')}c{ort="Küche",x=1} 1\n`;
    const [problem] = lintExposition({ file: 'page', text }).filter(isError);
    expect(text.slice(problem!.at.from)).toMatch(/^1\} 1/);
    expect(problem).toMatchObject({ code: 'metrics-page' });
    expect(problem!.message).not.toContain('(line');
  });
});

describe('what the conventions ask for is a warning', () => {
  test.for([
    ['a 1\n', 'no help text'],
    ['# HELP a x\n# TYPE a counter\na 1\n', 'counter metrics should have "_total" suffix'],
    [gauge('a_total'), 'non-counter metrics should not have "_total" suffix'],
    [gauge('a_bucket'), 'non-histogram metrics should not have "_bucket" suffix'],
    [gauge('a_count'), 'non-histogram and non-summary metrics should not have "_count" suffix'],
    [gauge('a', '{le="1"}'), 'non-histogram metrics should not have "le" label'],
    [gauge('a', '{quantile="1"}'), 'non-summary metrics should not have "quantile" label'],
    [gauge('a_milliseconds'), 'use base unit "seconds" instead of "milliseconds"'],
    [gauge('a_kilobytes'), 'use base unit "bytes" instead of "kilobytes"'],
    [gauge('a_hours'), 'use base unit "seconds" instead of "hours"'],
    [gauge('a_ms'), 'metric names should not contain abbreviated units'],
    [gauge('a_gauge'), "metric name should not include type 'gauge'"],
    [gauge('a:b'), "metric names should not contain ':'"],
    [gauge('aB'), "metric names should be written in 'snake_case' not 'camelCase'"],
    [gauge('a', '{shopName="x"}'), "label names should be written in 'snake_case' not 'camelCase'"],
  ] as const)('%j', ([text, message]) => {
    const name = /([\w:]+).*\n$/.exec(text)![1];
    expect(lint(text)).toEqual([`1: warning: metric "${name}": ${message}`]);
  });

  test('a thermometer is not measured in meters, and OpenMetrics adds _total by itself', () => {
    expect(lint(gauge('thermometers'))).toEqual([]);
    expect(lint('# HELP a x\n# TYPE a counter\na_total 1\n# EOF\n')).toEqual([
      '3: warning: metric "a_total": no help text',
    ]);
  });
});
