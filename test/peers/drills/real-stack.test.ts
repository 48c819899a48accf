import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { DRILL_MS, drill } from '../../support/drill.ts';

const isThere = (program: string) => spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
const hasStack = isThere('prometheus') && (isThere('prometheus-alertmanager') || isThere('alertmanager'));

describe.skipIf(!hasStack)('Prometheus and Alertmanager on the generated files', () => {
  test('a provider outage reaches Slack and e-mail, names the provider and an amount, and ends with the all-clear', {
    timeout: DRILL_MS,
  }, async () => {
    const { code, report } = await drill('provider-outage', '--stack', 'real');
    expect(report).toMatchObject({ detected: true, paged: true, resolved: true, falseAlarms: 0 });
    expect(report.named).toEqual({ provider: 'nordbank' });
    expect(report.secondsToSlack).not.toBeNull();
    expect(report.secondsToEmail).not.toBeNull();
    expect(report.money.lost ?? report.money.perHour).toBeGreaterThan(0);
    expect(code).toBe(0);
  });
});
