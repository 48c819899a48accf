import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('this version of Node knows the flags that the garbage collector is told', async () => {
  const settings = new URL('../src/cli/garbage-collector.ts', import.meta.url);
  const script = `import(${JSON.stringify(settings.href)}).then((module) => module.settleGarbageCollector())`;
  const { stderr } = await promisify(execFile)(process.execPath, ['--import', 'tsx', '-e', script]);
  expect(stderr).toBe('');
});
