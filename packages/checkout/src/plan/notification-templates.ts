import type { TeamSettings, TillwatchConfig } from '../settings/tillwatch-config.ts';
import { type LanguageBase, languageBase } from '../words/alert-words.ts';

interface TemplateWords {
  readonly resolved: string;
  readonly notice: string;
  readonly since: string;
  readonly until: string;
  readonly affected: string;
  readonly impact: string;
  readonly runbook: string;
  readonly page: string;
}

const WORDS: Readonly<Record<LanguageBase, TemplateWords>> = {
  en: {
    resolved: 'All clear',
    notice: 'Notice',
    since: 'since',
    until: 'until',
    affected: 'Affected',
    impact: 'Impact',
    runbook: 'What to do',
    page: 'Look at the checkout',
  },
  de: {
    resolved: 'Entwarnung',
    notice: 'Hinweis',
    since: 'seit',
    until: 'bis',
    affected: 'Betroffen',
    impact: 'Auswirkung',
    runbook: 'Was zu tun ist',
    page: 'Zum Bestellvorgang',
  },
};

/**
 * The texts of Slack messages and e-mails for an Alertmanager without Tillwatch, per team in its words. A resolved alert is
 * named with its times only: its annotations still hold the value from when it was bad.
 */
export function notificationTemplates(config: TillwatchConfig): string {
  return `${[head(config), ...config.teams.map((team) => teamTemplates(config, team))].join('\n\n')}\n`;
}

function head({ shop }: TillwatchConfig): string {
  return `{{/* Texts for Slack and e-mail, written by Tillwatch from tillwatch.yaml. */}}

{{ define "tillwatch.color" }}{{ if eq .Status "firing" }}{{ if eq .CommonLabels.severity "page" }}#c62828{{ else }}#b26a00{{ end }}{{ else }}#2e7d32{{ end }}{{ end }}

{{ define "tillwatch.link" }}${literal(shop.pageUrl)}{{ end }}

{{ define "tillwatch.clock" }}{{ .Format "15:04 MST" }}{{ end }}

{{ define "tillwatch.mrkdwn" }}{{ reReplaceAll ">" "&gt;" (reReplaceAll "<" "&lt;" (reReplaceAll "&" "&amp;" .)) }}{{ end }}`;
}

function teamTemplates({ shop }: TillwatchConfig, { name, audience, language }: TeamSettings): string {
  const words = WORDS[languageBase(language)];
  const annotation = `.Annotations.${audience}`;
  const showsParts = audience !== 'business';
  const headline = `(index . 0).Annotations.${audience === 'business' ? 'business' : 'summary'}`;
  const titled = (what: string, shown: (text: string) => string) =>
    `{{ define "tillwatch.${what}.${name}" }}{{ if eq .Status "firing" }}{{ if eq .CommonLabels.severity "inform" }}${words.notice}: {{ end }}{{ with .Alerts.Firing }}${shown(headline)}{{ end }}{{ else }}${words.resolved}{{ end }} (${shown(JSON.stringify(shop.name))}){{ end }}`;
  return `${titled('title', (text) => `{{ ${text} }}`)}

${titled('slacktitle', (text) => `{{ template "tillwatch.mrkdwn" ${text} }}`)}

{{ define "tillwatch.slack.${name}" }}{{ range .Alerts.Firing }}*{{ template "tillwatch.mrkdwn" .Labels.alertname }}*: {{ template "tillwatch.mrkdwn" ${annotation} }}
${words.since} {{ template "tillwatch.clock" .StartsAt }}
${showsParts ? slackLine(words.affected, 'components') : ''}${slackLine(words.impact, 'impact')}{{ if .Annotations.runbook_url }}<{{ .Annotations.runbook_url }}|${words.runbook}>{{ end }}
{{ end }}{{ range .Alerts.Resolved }}${words.resolved}: {{ template "tillwatch.mrkdwn" .Labels.alertname }} ({{ template "tillwatch.clock" .StartsAt }} ${words.until} {{ template "tillwatch.clock" .EndsAt }})
{{ end }}{{ end }}

{{ define "tillwatch.text.${name}" }}{{ range .Alerts.Firing }}{{ .Labels.alertname }}: {{ ${annotation} }}
${words.since} {{ template "tillwatch.clock" .StartsAt }}
${showsParts ? textLine(words.affected, 'components') : ''}${textLine(words.impact, 'impact')}{{ if .Annotations.runbook_url }}${words.runbook}: {{ .Annotations.runbook_url }}{{ end }}

{{ end }}{{ range .Alerts.Resolved }}${words.resolved}: {{ .Labels.alertname }} ({{ template "tillwatch.clock" .StartsAt }} ${words.until} {{ template "tillwatch.clock" .EndsAt }})
{{ end }}${words.page}: ${literal(shop.pageUrl)}
{{ end }}

{{ define "tillwatch.html.${name}" }}<!DOCTYPE html>
<html lang="${languageBase(language)}"><body style="font: 16px/1.5 system-ui, sans-serif; color: #1b1b1b; max-width: 40em">
{{ range .Alerts.Firing }}<h2 style="margin: 0 0 .2em">{{ .Labels.alertname }}</h2>
<p>{{ ${annotation} }}</p>
<p>${words.since} {{ template "tillwatch.clock" .StartsAt }}</p>
${showsParts ? htmlLine(words.affected, 'components') : ''}${htmlLine(words.impact, 'impact')}{{ if .Annotations.runbook_url }}<p><a href="{{ .Annotations.runbook_url }}">${words.runbook}</a></p>{{ end }}
{{ end }}{{ range .Alerts.Resolved }}<p><strong>${words.resolved}</strong>: {{ .Labels.alertname }} ({{ template "tillwatch.clock" .StartsAt }} ${words.until} {{ template "tillwatch.clock" .EndsAt }})</p>
{{ end }}<p><a href="${literal(shop.pageUrl)}">${words.page}</a></p>
</body></html>
{{ end }}`;
}

function slackLine(heading: string, annotation: string): string {
  return `{{ if .Annotations.${annotation} }}${heading}: {{ template "tillwatch.mrkdwn" .Annotations.${annotation} }}\n{{ end }}`;
}

function textLine(heading: string, annotation: string): string {
  return `{{ if .Annotations.${annotation} }}${heading}: {{ .Annotations.${annotation} }}\n{{ end }}`;
}

function htmlLine(heading: string, annotation: string): string {
  return `{{ if .Annotations.${annotation} }}<p>${heading}: {{ .Annotations.${annotation} }}</p>\n{{ end }}`;
}

/** A text of the config as a string constant, so that braces in it are no template. */
function literal(text: string): string {
  return `{{ ${JSON.stringify(text)} }}`;
}
