import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Labels, unescapeName } from '@tillwatch/model';
import { afterAll, describe, expect, test } from 'vitest';
import { expandTemplate } from '../../packages/alerting/src/template/index.ts';

/** How names and label sets are written, and where links lead, as Prometheus's own test tables have it. */
const DATA = resolve(process.env.CONFORMANCE_DIR ?? '../shared/conformance');

/** Runs `check` on every case of a topic. */
function topic<T extends { readonly id: string }>(name: string, check: (one: T) => void): void {
  const file = join(DATA, 'prometheus', `${name}.json`);
  describe.skipIf(!existsSync(file))(`${name} (${DATA})`, () => {
    const all = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { cases: T[] }).cases : [];
    let passed = 0;
    afterAll(() => console.info(`prometheus/${name}: ${passed} passed, ${all.length - passed} failed`));
    test.for(all.map((one) => [one.id, one] as const))('%s', ([, one]) => {
      check(one);
      passed++;
    });
  });
}

// Names are escaped by who exposes them; we only read what is asked of us in a path, which has one of the schemes.
topic<{ id: string; input: string; values: string }>('names-escape', ({ input, values }) => {
  expect(unescapeName(values)).toBe(input);
});

topic<{ id: string; labels: Readonly<Record<string, string>>; printed: string }>('metric-string', (one) => {
  expect(Labels.of(one.labels).toString()).toBe(one.printed);
});

topic<{ id: string; expr: string; graph: string; table: string }>('graph-links', ({ expr, graph, table }) => {
  for (const [func, expected] of [
    ['graphLink', graph],
    ['tableLink', table],
  ] as const) {
    const text = `{{ ${func} ${JSON.stringify(expr)} }}`;
    const environment = { query: () => [], nowMs: 0, externalUrl: '' };
    expect(expandTemplate({ file: 'link', text }, new Map(), environment)).toBe(expected);
  }
});
