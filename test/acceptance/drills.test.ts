import { describe, expect, test } from 'vitest';
import { DRILL_MS, drill } from '../support/drill.ts';

const TEAMS = [
  'email business@shop.example',
  'email developers@shop.example',
  'email operations@shop.example',
  'slack business',
  'slack developers',
  'slack operations',
];

/** Real processes and real time. They run side by side, since each of them mostly waits. */
describe.concurrent('fire drills, watched by the embedded engine', { timeout: DRILL_MS }, () => {
  test('a provider outage reaches every team, names the provider and an amount of money, and ends with the all-clear', async () => {
    const { code, report } = await drill('provider-outage');
    expect(report).toMatchObject({ detected: true, paged: true, resolved: true, falseAlarms: 0 });
    expect(report.named).toEqual({ provider: 'nordbank' });
    expect(report.receivers.toSorted()).toEqual(TEAMS);
    expect(report.money.lost).toBeGreaterThan(0);
    expect(report.money.perHour).toBeGreaterThan(0);
    expect(report.messages.at(-1)).toMatch(/^\W*All clear/);
    expect(code).toBe(0);
  });

  test('a broken checkout page pages although no error was counted', async () => {
    const { code, report } = await drill('broken-page');
    expect(report).toMatchObject({ detected: true, paged: true, resolved: true, falseAlarms: 0 });
    expect(report.receivers.toSorted()).toEqual(TEAMS);
    expect(code).toBe(0);
  });

  test('a card-testing wave pages nobody', async () => {
    const { code, report } = await drill('card-testing');
    expect(report).toMatchObject({ paged: false, falseAlarms: 0 });
    expect(code).toBe(0);
  });

  test('a rolling deploy pages nobody and informs nobody', async () => {
    const { code, report } = await drill('rolling-deploy');
    expect(report).toMatchObject({ detected: false, paged: false, falseAlarms: 0, receivers: [] });
    expect(code).toBe(0);
  });
});
