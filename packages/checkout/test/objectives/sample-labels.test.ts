import { parse } from '@tillwatch/promql';
import { describe, expect, test } from 'vitest';
import { sampleLabels } from '../../src/objectives/sample-labels.ts';

function matchers(selector: string) {
  const parsed = parse(selector);
  if (!parsed.ok || parsed.expr.kind !== 'vectorSelector') throw new Error(`${selector} is no selector`);
  return parsed.expr.matchers;
}

describe('labels that a selector chooses', () => {
  test.for([
    ['m', {}],
    ['m{a="1",b="x"}', { a: '1', b: 'x' }],
    ['m{code=~"5.."}', { code: '500' }],
    ['m{code=~"4..|5.."}', { code: '400' }],
    ['m{route=~"/api/.*"}', { route: '/api/x' }],
    ['m{route=~"/v[12]/orders(/.*)?"}', { route: '/v1/orders/x' }],
    ['m{code!~"5.."}', { code: 'x' }],
    ['m{a!="b"}', { a: 'x' }],
    ['m{a=""}', {}],
    ['m{a=~"x|y",a!="x"}', { a: 'y' }],
  ] as const)('%s', ([selector, labels]) => {
    expect(sampleLabels(matchers(selector))).toEqual(labels);
  });

  test('and another does not', () => {
    const total = matchers('m{route=~"/api/.*"}');
    const errors = matchers('m{route=~"/api/.*",code=~"5.."}');
    const right = sampleLabels(total, errors)!;
    expect(right.route).toMatch(/^\/api\//);
    expect(right.code ?? '').not.toMatch(/^5..$/);
  });

  test.for([
    ['contradict each other', 'm{a="1",a="2"}', 'm'],
    ['are too strange to think of', 'm{a=~"[0-9a-f]{40}"}', 'm'],
  ] as const)('are none when they %s', ([, selector]) => {
    expect(sampleLabels(matchers(selector))).toBeUndefined();
  });

  test('are none when all that is chosen is excluded', () => {
    expect(sampleLabels(matchers('m{a="1"}'), matchers('m{a="1"}'))).toBeUndefined();
  });
});
