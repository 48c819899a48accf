import { type Briefing, Labels, type Notification } from '@tillwatch/model';

/** What a test message is about: an alert that says that it is none. */
export function testNotification(receiver: string, nowMs: number): Notification {
  const labels = Labels.of({ alertname: 'TillwatchTest', severity: 'test' });
  return {
    receiver,
    groupKey: `{}:{alertname="TillwatchTest", receiver=${JSON.stringify(receiver)}}`,
    groupLabels: Labels.of({ alertname: 'TillwatchTest' }),
    status: 'firing',
    alerts: [
      {
        labels,
        annotations: Labels.of({
          summary: 'This is a test message: nothing is wrong',
          description: `Somebody asked Tillwatch to check that receiver ${JSON.stringify(receiver)} can be reached.`,
        }),
        startsAtMs: nowMs,
        endsAtMs: nowMs + 60_000,
        generatorUrl: '',
      },
    ],
    atMs: nowMs,
  };
}

/** The same as a briefing, for receivers that are given briefings. */
export function testBriefing(receiver: string, externalUrl: string): Briefing {
  return {
    tone: 'inform',
    title: 'Test message from Tillwatch: nothing is wrong',
    lead: 'If you can read this, alerts reach you here.',
    blocks: [{ kind: 'facts', facts: [{ name: 'Receiver', value: receiver }] }],
    links: externalUrl === '' ? [] : [{ text: 'Open Tillwatch', url: externalUrl }],
    footer: 'Sent because somebody asked for a test. No alert is firing because of it.',
    language: 'en',
  };
}
