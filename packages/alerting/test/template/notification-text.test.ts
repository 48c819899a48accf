import { type Alert, Labels } from '@tillwatch/model';
import { describe, expect, test } from 'vitest';
import {
  checkNotificationText,
  fingerprint,
  notificationData,
  parseNotificationTemplates,
  renderNotificationText,
} from '../../src/template/index.ts';

function alert(labels: Record<string, string>, more: Partial<Alert> = {}): Alert {
  return {
    labels: Labels.of(labels),
    annotations: Labels.of({ summary: `${labels.shop} is down`, runbook: 'r' }),
    startsAtMs: Date.parse('2026-03-01T10:00:00.5Z'),
    endsAtMs: Date.parse('2026-03-01T11:00:00Z'),
    generatorUrl: 'http://p.example/g',
    ...more,
  };
}

const input = {
  receiver: 'team.till',
  groupLabels: Labels.of({ alertname: 'Down' }),
  atMs: Date.parse('2026-03-01T10:30:00Z'),
  alerts: [
    alert({ alertname: 'Down', shop: 'eu', severity: 'page' }),
    alert({ alertname: 'Down', shop: 'us', severity: 'page' }, { endsAtMs: Date.parse('2026-03-01T10:20:00Z') }),
  ],
};
const data = notificationData(input, 'http://am.example');
const { templates } = parseNotificationTemplates([]);

test('data say what the alerts share, and never an end that is not there yet', () => {
  expect(data).toMatchObject({
    // As upstream: the name of the receiver is escaped for a regular expression.
    receiver: 'team\\.till',
    status: 'firing',
    commonLabels: { alertname: 'Down', severity: 'page' },
    commonAnnotations: { runbook: 'r' },
    alerts: [
      { status: 'firing', startsAt: '2026-03-01T10:00:00.5Z', endsAt: '0001-01-01T00:00:00Z' },
      { status: 'resolved', endsAt: '2026-03-01T10:20:00Z' },
    ],
  });
  expect(notificationData({ ...input, atMs: Date.parse('2026-03-01T12:00:00Z') }, '').status).toBe('resolved');
});

test('fingerprints are those of Alertmanager', () => {
  expect(fingerprint(Labels.of({ job: 'foo', severity: 'warning' }))).toBe('9266ef3da838ad95');
  expect(fingerprint(Labels.empty)).toBe('cbf29ce484222325');
});

test.for([
  ['{{ .CommonLabels.SortedPairs.Names | join "," }}', 'alertname,severity'],
  ['{{ (index .Alerts 0).StartsAt.Format "15:04" }}', '10:00'],
  ['{{ range .Alerts.Resolved }}{{ .EndsAt.Sub .StartsAt }}{{ end }}', '19m59.5s'],
  ['{{ range .Alerts.Firing }}{{ since .StartsAt | humanizeDuration }}{{ end }}', '29m 59s'],
  ['{{ range .Alerts.Firing }}{{ .StartsAt | tz "Europe/Berlin" | date "15:04 MST" }}{{ end }}', '11:00 CET'],
  ['{{ range .Alerts.Firing }}{{ .EndsAt.IsZero }}{{ end }}', 'true'],
  ['{{ .GroupLabels | toJson }}', '{"alertname":"Down"}'],
  ['{{ "FOO bar" | title }}', 'Foo Bar'],
  ['{{ len .Alerts }} {{ .Alerts.Firing | len }}', '2 1'],
  ['no action at all', 'no action at all'],
] as const)('%s', ([text, output]) => {
  expect(renderNotificationText(templates, text, data, { nowMs: input.atMs })).toBe(output);
});

test('the whole of the data can be sent as JSON', () => {
  expect(JSON.parse(renderNotificationText(templates, '{{ toJson . }}', data))).toEqual(
    JSON.parse(JSON.stringify(data)),
  );
});

describe("a user's templates", () => {
  const own = (text: string) => parseNotificationTemplates([{ file: 'own.tmpl', text }]);

  test('replace the built-in ones, which others then use', () => {
    const { templates: mine, problems } = own('{{ define "__subject" }}my {{ .Status }}{{ end }}');
    expect(problems).toEqual([]);
    expect(mine.names).toContain('slack.default.title');
    expect(renderNotificationText(mine, '{{ template "slack.default.title" . }}', data)).toBe('my firing');
  });

  test('that are broken leave the others in place', () => {
    const { templates: mine, problems } = own('{{ define "x" }}{{ nope }}{{ end }}');
    expect(problems).toMatchObject([{ code: 'template-syntax', message: 'function "nope" not defined' }]);
    expect(renderNotificationText(mine, '{{ template "slack.default.title" . }}', data)).toBe('[FIRING:1] Down (page)');
  });

  test('are checked without rendering them', () => {
    const check = (text: string) => checkNotificationText(templates, { file: 'alertmanager.yml', text });
    expect(check('{{ template "slack.default.title" . }}')).toEqual([]);
    expect(check('{{ template "slack.default.titel" . }}')).toMatchObject([
      { hint: 'did you mean "slack.default.title"?' },
    ]);
    expect(check('{{ .Alerts | toupper }}')).toMatchObject([{ hint: 'did you mean toUpper?' }]);
  });
});

test('route labels may use each other but not themselves', () => {
  const routed = (labels: Record<string, string>) => notificationData({ ...input, routeLabels: Labels.of(labels) }, '');
  const render = (labels: Record<string, string>) =>
    renderNotificationText(templates, '{{ routeLabels "a" }}', routed(labels));
  expect(render({ a: '[{{ routeLabels "b" }}]', b: '{{ .Status }}' })).toBe('[firing]');
  expect(() => render({ a: '{{ routeLabels "b" }}', b: '{{ routeLabels "a" }}' })).toThrow('refers to itself');
});
