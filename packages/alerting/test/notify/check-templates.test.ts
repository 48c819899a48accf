import { expect, test } from 'vitest';
import { checkReceiverTexts } from '../../src/notify/check-templates.ts';
import { configOf } from '../routing/fakes.ts';

const yaml = `
global: {smtp_smarthost: 'localhost:25', smtp_from: a@shop.example}
route: {receiver: ops}
receivers:
  - name: ops
    slack_configs:
      - {api_url: 'http://127.0.0.1/a', text: '{{ template "connect.k8s.url" . }}'}
      - {api_url: 'http://127.0.0.1/b', text: '{{ .Annotations.summary }}', fields: [{title: t, value: '{{ nonsense }}'}]}
    email_configs:
      - {to: 'ops@shop.example', html: '{{ template "own.html" . }}', headers: {Subject: '{{ if eq .Status "resolved" }}{{ .Nothing }}{{ end }}'}}
  - name: fine
    slack_configs: [{api_url: 'http://127.0.0.1/c', text: '{{ range .Alerts }}{{ .Annotations.summary }}{{ end }}'}]
`;

test('finds every mistake before a message needs the template', () => {
  const templates = [{ file: 'own.tmpl', text: '{{ define "own.html" }}\n{{ .CommonLabels.a.b.c }}{{ end }}' }];
  const found = checkReceiverTexts(configOf(yaml), templates).map(({ at, message }) => `${at.file}: ${message}`);
  expect(found.sort()).toEqual([
    expect.stringMatching(/^own\.tmpl: .*CommonLabels/),
    expect.stringMatching(/^receivers\[ops\]\.email_configs\[0\]\.headers\.Subject: .*Nothing/),
    expect.stringMatching(/^receivers\[ops\]\.slack_configs\[0\]\.text: .*connect\.k8s\.url/),
    expect.stringMatching(/^receivers\[ops\]\.slack_configs\[1\]\.fields\[0\]\.value: .*nonsense/),
    expect.stringMatching(/^receivers\[ops\]\.slack_configs\[1\]\.text: .*Annotations/),
  ]);
});

test('the default templates are faultless', () => {
  const plain = `
global: {smtp_smarthost: 'localhost:25', smtp_from: a@shop.example}
route: {receiver: ops}
receivers: [{name: ops, slack_configs: [{api_url: 'http://127.0.0.1/a'}], email_configs: [{to: ops@shop.example}]}]`;
  expect(checkReceiverTexts(configOf(plain), [])).toEqual([]);
});
