import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { runCli } from '../../packages/tillwatch/src/cli/program.ts';

/** Rule tests of `promtool test rules`, run by `tillwatch test rules`. */
const DATA = resolve(process.env.CONFORMANCE_DIR ?? '../shared/conformance');
const TOPIC = join(DATA, 'prometheus', 'unit-tests.json');

interface UnitTestCase {
  readonly id: string;
  readonly main: string;
  readonly files: Readonly<Record<string, string>>;
  readonly run?: readonly string[];
  readonly ignore_unknown_fields?: boolean;
  readonly pass: boolean;
}

describe.skipIf(!existsSync(TOPIC))(`rule tests of Prometheus (${DATA})`, () => {
  const all = existsSync(TOPIC) ? (JSON.parse(readFileSync(TOPIC, 'utf8')) as { cases: UnitTestCase[] }).cases : [];
  const folder = mkdtempSync(join(tmpdir(), 'tillwatch-rule-tests-'));
  let passed = 0;
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
    console.info(`prometheus/unit-tests: ${passed} passed, ${all.length - passed} failed`);
  });

  test.for(all.map((one) => [one.id, one] as const))('%s', async ([id, one]) => {
    const dir = join(folder, id);
    for (const [name, text] of Object.entries(one.files)) {
      mkdirSync(dirname(join(dir, name)), { recursive: true });
      writeFileSync(join(dir, name), text);
    }
    let output = '';
    const terminal = {
      out(text: string) {
        output += text;
      },
      err(text: string) {
        output += text;
      },
    };
    const flags = [
      ...(one.run ?? []).flatMap((pattern) => ['--run', pattern]),
      ...(one.ignore_unknown_fields === true ? ['--ignore-unknown-fields'] : []),
    ];
    const code = await runCli(['test', 'rules', join(dir, one.main), ...flags], terminal);
    expect(code, output).toBe(one.pass ? 0 : 1);
    passed++;
  });
});
