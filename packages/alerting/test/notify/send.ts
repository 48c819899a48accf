import { type Alert, type Briefing, Labels } from '@tillwatch/model';
import { createNotifiers } from '../../src/notify/create-notifier.ts';
import type { Delivered, Notifier } from '../../src/notify/notifier.ts';
import { parseNotificationTemplates } from '../../src/template/index.ts';
import { configOf } from '../routing/fakes.ts';

/** The first way out of the first receiver of an alertmanager.yml. */
export function notifierOf(
  yaml: string,
  options: { templates?: string; files?: Record<string, string> } = {},
): Notifier {
  const sources = options.templates === undefined ? [] : [{ file: 'own.tmpl', text: options.templates }];
  const { templates } = parseNotificationTemplates(sources);
  const readFile = async (path: string) => {
    const text = options.files?.[path];
    if (text === undefined) throw new Error(`ENOENT: no such file ${path}`);
    return text;
  };
  const context = { templates, externalUrl: 'http://am.example', readFile };
  const [notifier] = createNotifiers(configOf(yaml).receivers[0]!, context).values();
  return notifier!;
}

/** What to send, with a message around it. */
export interface Sending {
  readonly alerts: readonly Alert[];
  readonly briefing?: Briefing;
  readonly thread?: string;
  readonly id?: string;
  readonly signal?: AbortSignal;
}

/** Sends one message by a notifier and closes it. */
export async function sendBy(notifier: Notifier, sending: Sending): Promise<Delivered> {
  const { alerts, briefing, thread = 'incident 1', id = 'm1', signal = new AbortController().signal } = sending;
  const groupLabels = Labels.of({ alertname: alerts[0]?.labels.get('alertname') ?? '' });
  const isFiring = alerts.some((alert) => alert.endsAtMs > NOW_MS);
  try {
    return await notifier.send(
      {
        id,
        notification: {
          receiver: 'r',
          groupKey: `{}:${groupLabels}`,
          groupLabels,
          status: isFiring ? 'firing' : 'resolved',
          alerts,
          atMs: NOW_MS,
        },
        routeLabels: Labels.empty,
        reason: 'first notification',
        briefing,
        thread,
        nowMs: NOW_MS,
      },
      signal,
    );
  } finally {
    await notifier.close();
  }
}

/** When the messages of these tests are sent: 2026-03-01T10:05:00Z. */
export const NOW_MS = Date.UTC(2026, 2, 1, 10, 5);

export const briefing: Briefing = {
  tone: 'page',
  title: 'Checkout fails for 12 % of customers',
  lead: 'Provider acme-pay <eu> answers with errors.',
  blocks: [
    { kind: 'facts', heading: 'Then and now', facts: [{ name: 'Success rate', value: '88 %' }] },
    { kind: 'list', items: ['payment at "acme-pay"', "region 'eu'"] },
    { kind: 'code', text: 'POST /pay -> 502 <html>' },
    { kind: 'text', heading: 'Since', text: '10:02\nfor 3 minutes' },
  ],
  links: [
    { text: 'Open the page', url: 'https://tillwatch.example/?a=1&b="2"' },
    { text: 'Evil', url: 'javascript:alert(1)' },
  ],
  footer: 'Estimated from the last week.',
  language: 'en',
};
