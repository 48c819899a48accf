import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { alert } from '../routing/fakes.ts';
import { type Loopback, startLoopback } from './loopback.ts';
import { notifierOf, sendBy } from './send.ts';

let hook: Loopback;
beforeAll(async () => {
  hook = await startLoopback();
});
afterAll(() => hook.close());
beforeEach(() => {
  hook.received.length = 0;
  hook.reply = () => ({});
});

function config(entry = ''): string {
  return `
route: {receiver: r}
receivers: [{name: r, webhook_configs: [{url: '${hook.url}/token-in-path'${entry}}]}]`;
}

test('sends what Alertmanager sends, and counts what max_alerts leaves out', async () => {
  const alerts = ['a', 'b', 'c'].map((provider) => alert({ provider }));
  await sendBy(notifierOf(config(', max_alerts: 2')), { alerts });
  expect(hook.received[0]).toMatchObject({
    path: '/token-in-path',
    headers: { 'content-type': 'application/json' },
    body: {
      version: '4',
      receiver: 'r',
      status: 'firing',
      truncatedAlerts: 1,
      notification_reason: 'first notification',
    },
  });
  expect(hook.received[0]?.body.alerts).toHaveLength(2);
});

test.for([
  ['basic_auth', ', http_config: {basic_auth: {username: u, password: p}}', 'Basic dTpw'],
  ['a token', ', http_config: {authorization: {credentials: t}}', 'Bearer t'],
] as const)('authenticates with %s', async ([, entry, header]) => {
  await sendBy(notifierOf(config(entry)), { alerts: [alert({})] });
  expect(hook.received[0]?.headers.authorization).toBe(header);
});

test.for([
  [400, 'client', false],
  [401, 'auth', false],
  [408, 'timeout', true],
  [429, 'rate-limited', true],
  [500, 'server', true],
  [301, 'client', false],
] as const)('status %i counts as %s', async ([status, reason, retryable]) => {
  hook.reply = () => ({
    status,
    body: `no: ${hook.url}/token-in-path ${'x'.repeat(500)}`,
    headers: { location: '/elsewhere' },
  });
  const error = await sendBy(notifierOf(config()), { alerts: [alert({})] }).catch((e) => e);
  expect(error).toMatchObject({ reason, retryable });
  expect(error.message).toContain(`unexpected status code ${status}: no: <secret>`);
  expect(error.message.length).toBeLessThan(300);
  expect(hook.received).toHaveLength(1);
});

test('an answer without end is not read to its end', async () => {
  hook.reply = () => ({ status: 500, body: 'x'.repeat(5_000_000) });
  await expect(sendBy(notifierOf(config()), { alerts: [alert({})] })).rejects.toMatchObject({ reason: 'server' });
});
