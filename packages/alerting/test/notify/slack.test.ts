import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { unescapeText } from '../../src/notify/slack/mrkdwn.ts';
import { alert } from '../routing/fakes.ts';
import { type Loopback, startLoopback } from './loopback.ts';
import { briefing, notifierOf, sendBy } from './send.ts';

let slack: Loopback;
beforeAll(async () => {
  slack = await startLoopback();
});
afterAll(() => slack.close());
beforeEach(() => {
  slack.received.length = 0;
  slack.reply = () => ({});
});

function config(entry: string): string {
  return `
route: {receiver: r}
receivers:
  - name: r
    slack_configs:
      - api_url: '${slack.url}/services/T0/B0/secret'
        channel: '#checkout'
${entry.replace(/^/gm, '        ')}`;
}

const attachment = () => slack.received.at(-1)?.body.attachments[0];

describe('standard messages', () => {
  test('120 alerts fit: first how many, then the worst, then where the rest is', async () => {
    const alerts = Array.from({ length: 120 }, (_, i) =>
      alert(
        { sku: `SKU-${i}-Größe-XL` },
        {},
        { description: `SKU-${i}: 12 of 15 checkouts failed & about 480 EUR are at risk. Wiederholung läuft.` },
      ),
    );
    const notifier = notifierOf(
      config(
        `title: '{{ range .Alerts }}{{ .Labels.sku }} {{ end }}'\ntext: '{{ range .Alerts }}{{ .Annotations.description }}{{ "\\n" }}{{ end }}'`,
      ),
    );
    await sendBy(notifier, { alerts });
    const { title, text } = attachment();
    expect([...title]).toHaveLength(1_024);
    expect(text.length).toBeLessThanOrEqual(3_000);
    const shown = text.match(/SKU-\d+: /g).length;
    expect(text.split('\n')[0]).toBe(`120 alerts, ${shown} shown`);
    expect(text).toMatch(/\n… <http:\/\/am\.example\/#\/alerts\?receiver=r\|see all>$/);
    expect(text.replaceAll('&amp;', '')).not.toContain('&');
  });

  test('values cannot form links, mentions or bold text; what the template writes stays', async () => {
    const alerts = [
      alert(
        { provider: 'Smith & Sons <!channel> *now*' },
        {},
        {
          summary: 'Error rate > 2 % & rising for <all> regions',
          runbook: 'https://wiki.example/run?q=rate(5xx)>0.02&team=ops',
        },
      ),
    ];
    const notifier = notifierOf(
      config(
        `title: '{{ .CommonLabels.provider }}'\ntext: '*{{ .CommonAnnotations.summary }}* <{{ .CommonAnnotations.runbook }}|runbook> {{ .CommonLabels.provider }}'`,
      ),
    );
    await sendBy(notifier, { alerts });
    const { title, text } = attachment();
    expect(unescapeText(title)).toBe('Smith & Sons <!channel> *now*');
    expect(title).toContain('Smith &amp; Sons &lt;!channel&gt;');
    expect(text).toContain('*Error rate &gt; 2 % &amp; rising for &lt;all&gt; regions*');
    expect(text).toContain('<https://wiki.example/run?q=rate(5xx)%3E0.02&amp;team=ops|runbook>');
    expect(text).not.toContain('*now*');
  });

  test.for([
    ['a template that does not exist', '{{ template "connect.k8s.url" . }}', 'connect.k8s.url'],
    ['a field that does not exist', '{{ .Annotations.summary }}', 'Annotations'],
    ['a function that does not exist', '{{ nonsense 1 }}', 'nonsense'],
  ] as const)('%s: a plain message comes, which names the mistake', async ([, text, named]) => {
    const alerts = [alert({ provider: 'acme-pay' }, {}, { summary: 'Error rate 7.3 %' })];
    const { degraded } = await sendBy(notifierOf(config(`text: '${text}'`)), { alerts });
    expect(degraded).toMatchObject({ name: 'NotifyError', reason: 'template' });
    const { body } = slack.received[0]!;
    expect(body.channel).toBe('#checkout');
    for (const part of ['CheckoutErrors', 'provider=acme-pay', 'Error rate 7.3 %', 'text', named, 'slack_configs[0]']) {
      expect(unescapeText(body.text)).toContain(part);
    }
  });
});

describe('briefings', () => {
  test('go out as blocks with a fallback and the colour of their tone', async () => {
    const { title, degraded } = await sendBy(notifierOf(config('')), { alerts: [alert({})], briefing });
    expect(title).toBe(briefing.title);
    expect(degraded).toBeUndefined();
    const { body } = slack.received[0]!;
    expect(body.channel).toBe('#checkout');
    expect(body.text).toContain('🔴 Checkout fails for 12 % of customers');
    expect(body.attachments[0]).toMatchObject({ color: '#c62828', blocks: expect.any(Array) });
    expect(JSON.stringify(body)).not.toContain('javascript:');
  });

  test('when Slack refuses the blocks, the same goes out as text', async () => {
    slack.reply = (n) => (n === 0 ? { status: 400, body: 'invalid_blocks' } : {});
    const { degraded } = await sendBy(notifierOf(config('')), { alerts: [alert({ provider: 'acme-pay' })], briefing });
    expect(degraded).toMatchObject({ reason: 'client', message: 'unexpected status code 400: invalid_blocks' });
    expect(unescapeText(slack.received[1]?.body.text)).toContain('Provider acme-pay <eu> answers with errors.');
  });
});

describe('answers', () => {
  test.for([
    ['a revoked webhook', { status: 403, body: 'invalid_token' }, 'auth', false, 'create a new one'],
    ['a removed webhook', { status: 404, body: 'no_service' }, 'auth', false, 'create a new one'],
    ['an archived channel', { status: 410, body: 'channel_is_archived' }, 'client', false, 'archived'],
    [
      'the Web API that refuses with 200',
      { status: 200, body: '{"ok":false,"error":"channel_not_found"}' },
      'client',
      false,
      'name',
    ],
    ['a 500', { status: 500, body: 'rollup_error' }, 'server', true, ''],
    ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }, 'client', false, 'redirects'],
    ['a closed connection', { drop: true }, 'connection', true, ''],
  ] as const)('%s', async ([, reply, reason, retryable, hint]) => {
    slack.reply = () => reply;
    const error = await sendBy(notifierOf(config('')), { alerts: [alert({})] }).catch((e) => e);
    expect(error).toMatchObject({ name: 'NotifyError', reason, retryable });
    expect(error.hint ?? '').toContain(hint);
    expect(error.message).not.toContain('secret');
  });

  test.for([
    ['header', { status: 429, headers: { 'retry-after': '30' } }],
    ['body', { status: 429, body: '{"retry_after":30,"ok":false,"error":"rate_limited"}' }],
  ] as const)('a 429 says in its %s how long to wait', async ([, reply]) => {
    slack.reply = () => reply;
    await expect(sendBy(notifierOf(config('')), { alerts: [alert({})] })).rejects.toMatchObject({
      reason: 'rate-limited',
      retryAfterMs: 30_000,
    });
  });

  test('a bot token goes into the header, and a missing file is named', async () => {
    const yaml = `
route: {receiver: r}
receivers:
  - name: r
    slack_configs:
      - {api_url: '${slack.url}/api/chat.postMessage', channel: '#c', http_config: {authorization: {credentials: 'xoxb-secret'}}}`;
    slack.reply = () => ({ body: '{"ok":true,"ts":"1"}' });
    await sendBy(notifierOf(yaml), { alerts: [alert({})] });
    expect(slack.received[0]?.headers.authorization).toBe('Bearer xoxb-secret');
  });

  test('an address that nobody listens at, and one in a file', async () => {
    const closed = notifierOf(config('').replace(slack.url, 'http://127.0.0.1:1'));
    await expect(sendBy(closed, { alerts: [alert({})] })).rejects.toMatchObject({
      reason: 'connection',
      message: '127.0.0.1:1 refuses connections',
    });
    const inFile = config('').replace(/api_url: .*/, 'api_url_file: /run/slack');
    await sendBy(notifierOf(inFile, { files: { '/run/slack': `${slack.url}/from/file\n` } }), { alerts: [alert({})] });
    expect(slack.received.at(-1)?.path).toBe('/from/file');
    await expect(sendBy(notifierOf(inFile), { alerts: [alert({})] })).rejects.toMatchObject({
      reason: 'configuration',
    });
  });
});
