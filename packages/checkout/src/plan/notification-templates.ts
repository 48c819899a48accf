import type { TeamSettings, TillwatchConfig } from '../settings/tillwatch-config.ts';
import { type LanguageBase, languageBase } from '../words/alert-words.ts';
import { BriefingWords } from '../words/briefing-words.ts';
import type { AlertName } from './alert-catalogue.ts';

/** What only these templates say. Everything else is a text of the team's messages, the shop's own among them. */
interface TemplateWords {
  /** Of a promotion, in the place of an all-clear. */
  readonly promotionOver: string;
  readonly since: string;
  readonly until: string;
  readonly affected: string;
}

const WORDS: Readonly<Record<LanguageBase, TemplateWords>> = {
  en: { promotionOver: 'Promotion over', since: 'since', until: 'until', affected: 'Affected' },
  de: { promotionOver: 'Aktion beendet', since: 'seit', until: 'bis', affected: 'Betroffen' },
};

/** Alerts that say most about an incident, and those that say more than the rest: the message is about the first of these. */
const TELLING: readonly (readonly AlertName[])[] = [
  ['CheckoutTargetDown', 'CheckoutAttemptsStopped', 'CheckoutSilent', 'CheckoutSuccessRateLow'],
  [
    'CheckoutErrorRateHigh',
    'CheckoutSuccessfulOrdersDrop',
    'CheckoutPaymentWithoutOrder',
    'CheckoutLatencyHigh',
    'DatabasePoolExhausted',
  ],
];

/**
 * The texts of Slack messages and e-mails for an Alertmanager without Tillwatch, per team in its words. All firing alerts of
 * a message are one incident: it is told once, by the alert that says most, and the others follow as one line each. Resolved
 * alerts are named with their times only: their annotations still hold the value from when it was bad.
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

/** How one kind of message writes its parts. */
interface Style {
  /** A value of the alerts, escaped as it must be. */
  readonly value: (expr: string) => string;
  readonly strong: (text: string) => string;
  readonly line: (text: string) => string;
  readonly item: (text: string) => string;
  readonly link: (expr: string, text: string) => string;
}

const plainValue = (expr: string) => `{{ ${expr} }}`;

const STYLES: Readonly<Record<'slack' | 'text' | 'html', Style>> = {
  slack: {
    value: (expr) => `{{ template "tillwatch.mrkdwn" ${expr} }}`,
    strong: (text) => `*${text}*`,
    line: (text) => `${text}\n`,
    item: (text) => `• ${text}\n`,
    link: (expr, text) => `<{{ ${expr} }}|${text}>`,
  },
  text: {
    value: plainValue,
    strong: (text) => text,
    line: (text) => `${text}\n`,
    item: (text) => `- ${text}\n`,
    link: (expr, text) => `${text}: {{ ${expr} }}`,
  },
  html: {
    value: plainValue,
    strong: (text) => `<strong>${text}</strong>`,
    line: (text) => `<p style="margin: 0 0 .6em">${text}</p>\n`,
    item: (text) => `<p style="margin: 0 0 .2em 1em">• ${text}</p>\n`,
    link: (expr, text) => `<a href="{{ ${expr} }}">${text}</a>`,
  },
};

function teamTemplates(config: TillwatchConfig, team: TeamSettings): string {
  const { shop } = config;
  const { name, audience, language } = team;
  const told = audience === 'business' ? 'business' : 'summary';
  const titled = (what: string, style: Style) => {
    const { value } = style;
    const words = wordsOf(config, team, style);
    return define(
      `${what}.${name}`,
      `{{ if eq .Status "firing" }}{{ if eq .CommonLabels.severity "inform" }}${words.notice}: {{ end }}{{ with .Alerts.Firing }}${choose()}${value(`$head.Annotations.${told}`)}{{ end }}{{ else if eq .CommonLabels.area "promotion" }}${words.promotionOver}: ${value('.CommonLabels.promotion')}{{ else }}${words.resolved}{{ end }} (${value(JSON.stringify(shop.name))})`,
    );
  };
  const page = (style: Style) =>
    style.line(style.link(JSON.stringify(shop.pageUrl), wordsOf(config, team, style).page));
  const { slack, text, html } = STYLES;
  return [
    titled('title', text),
    titled('slacktitle', slack),
    define(`slack.${name}`, story(config, team, slack)),
    define(`text.${name}`, `${story(config, team, text)}\n${page(text)}`),
    define(
      `html.${name}`,
      `<!DOCTYPE html>
<html lang="${languageBase(language)}"><body style="font: 16px/1.5 system-ui, sans-serif; color: #1b1b1b; max-width: 40em">
${story(config, team, html)}${page(html)}</body></html>
`,
    ),
  ].join('\n\n');
}

/** The words of a team, written so that nothing in them is a template or markup. */
function wordsOf({ messages }: TillwatchConfig, { audience, language }: TeamSettings, style: Style) {
  const words = new BriefingWords(audience, language, messages.overrides);
  const { all_clear, notice, fact, heading, link } = words.texts;
  const said = (text: string) => {
    // Titles become subjects of e-mails: one line.
    const written = words.say(text).replaceAll(/\s+/g, ' ').trim();
    return /[{}<>&"\\]/.test(written) ? style.value(JSON.stringify(written)) : written;
  };
  return {
    ...WORDS[languageBase(language)],
    resolved: said(all_clear),
    notice: said(notice),
    alerts: said(fact.alerts),
    impact: said(heading.impact),
    runbook: said(link.runbook),
    page: said(link.page),
  };
}

function define(name: string, body: string): string {
  return `{{ define "tillwatch.${name}" }}${body}{{ end }}`;
}

/** What is wrong and since when, told once, and what has ended. */
function story(config: TillwatchConfig, team: TeamSettings, style: Style): string {
  const { audience } = team;
  const { value, strong, line, item, link } = style;
  const words = wordsOf(config, team, style);
  const annotation = (heading: string, name: string) =>
    `{{ if $head.Annotations.${name} }}${line(`${strong(heading)}: ${value(`(reReplaceAll "; $" "" $head.Annotations.${name})`)}`)}{{ end }}`;
  const isBusiness = audience === 'business';
  const firing = [
    choose(),
    line(value(`$head.Annotations.${audience}`)),
    line(`${words.since} {{ template "tillwatch.clock" $since }}`),
    isBusiness ? '' : annotation(words.affected, 'components'),
    annotation(words.impact, 'impact'),
    isBusiness
      ? ''
      : `{{ if gt (len .) 1 }}${line(`${strong(words.alerts)}:`)}{{ range . }}${item(value('.Annotations.summary'))}{{ end }}{{ end }}`,
    isBusiness
      ? ''
      : `{{ if $head.Annotations.runbook_url }}${line(link('$head.Annotations.runbook_url', words.runbook))}{{ end }}`,
  ];
  const times = `{{ template "tillwatch.clock" $from }} ${words.until} {{ template "tillwatch.clock" $to }}`;
  const ended = strong(
    `{{ if eq $.CommonLabels.area "promotion" }}${words.promotionOver}{{ else }}${words.resolved}{{ end }}`,
  );
  const over = isBusiness
    ? `{{ if eq (len $.Alerts.Firing) 0 }}${line(`${ended}, ${times}`)}{{ end }}`
    : `${line(`${ended}, ${times}:`)}{{ range . }}${item(`${value('.Labels.alertname')}${slice(value)}`)}{{ end }}`;
  return `{{ with .Alerts.Firing }}${firing.join('')}{{ end }}{{ with .Alerts.Resolved }}{{ $from := (index . 0).StartsAt }}{{ $to := (index . 0).EndsAt }}{{ range . }}{{ if .StartsAt.Before $from }}{{ $from = .StartsAt }}{{ end }}{{ if .EndsAt.After $to }}{{ $to = .EndsAt }}{{ end }}{{ end }}${over}{{ end }}`;
}

/** Sets `$head` to the alert that says most and `$since` to when the first one began; the dot is a list of firing alerts. */
function choose(): string {
  const prefer = (names: readonly string[]) =>
    `{{ range . }}{{ if match "^(${names.join('|')})$" .Labels.alertname }}{{ $head = . }}{{ end }}{{ end }}`;
  return `{{ $head := index . 0 }}{{ $since := $head.StartsAt }}{{ range . }}{{ if .StartsAt.Before $since }}{{ $since = .StartsAt }}{{ end }}{{ end }}${TELLING.toReversed().map(prefer).join('')}`;
}

/** Which slice an alert is about. */
function slice(value: Style['value']): string {
  return ['provider', 'method', 'region', 'channel', 'version', 'step', 'route', 'instance']
    .map((label) => `{{ if .Labels.${label} }} ${value(`.Labels.${label}`)}{{ end }}`)
    .join('');
}

/** A text of the config as a string constant, so that braces in it are no template. */
function literal(text: string): string {
  return `{{ ${JSON.stringify(text)} }}`;
}
