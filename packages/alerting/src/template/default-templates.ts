import type { SourceText } from '@tillwatch/model';

/**
 * The named templates that every receiver finds, with the names and the output of Alertmanager's own: a receiver without
 * texts says the same here and there, and users' templates can build on them.
 */
export const defaultTemplates: SourceText = {
  file: 'built-in templates',
  text: `
{{- define "__alertmanager" }}Alertmanager{{ end -}}

{{- define "__alertmanagerURL" }}{{ .ExternalURL }}/#/alerts?receiver={{ .Receiver | urlquery }}{{ end -}}

{{- define "__subject" -}}
  {{- $firing := len .Alerts.Firing -}}
  {{- $rest := .CommonLabels.Remove .GroupLabels.Names -}}
  [{{ toUpper .Status }}{{ if eq .Status "firing" }}:{{ $firing }}{{ end }}] {{ join " " .GroupLabels.Values }}{{ " " -}}
  {{- if $rest }}({{ join " " $rest.Values }}){{ end -}}
{{- end -}}

{{- define "__description" }}{{ end -}}

{{- define "__text_alert_list" -}}
{{- range . -}}
Labels:
{{ range .Labels.SortedPairs }} - {{ .Name }} = {{ .Value }}
{{ end -}}
Annotations:
{{ range .Annotations.SortedPairs }} - {{ .Name }} = {{ .Value }}
{{ end -}}
Source: {{ .GeneratorURL }}
{{ end -}}
{{- end -}}

{{- define "__text_alert_list_markdown" }}
{{ range . -}}
Labels:
{{ range .Labels.SortedPairs }}  - {{ .Name }} = {{ .Value }}
{{ end }}
Annotations:
{{ range .Annotations.SortedPairs }}  - {{ .Name }} = {{ .Value }}
{{ end }}
Source: {{ .GeneratorURL }}

{{ end -}}
{{- end -}}

{{- define "__text_both_lists" }}
{{ with .Alerts.Firing }}
Alerts Firing:
{{ template "__text_alert_list" . }}
{{ end }}
{{ with .Alerts.Resolved }}
Alerts Resolved:
{{ template "__text_alert_list" . }}
{{ end }}
{{ end -}}

{{- define "slack.default.title" }}{{ template "__subject" . }}{{ end -}}
{{- define "slack.default.username" }}{{ template "__alertmanager" . }}{{ end -}}
{{- define "slack.default.fallback" }}{{ template "slack.default.title" . }} | {{ template "slack.default.titlelink" . }}{{ end -}}
{{- define "slack.default.callbackid" }}{{ end -}}
{{- define "slack.default.pretext" }}{{ end -}}
{{- define "slack.default.titlelink" }}{{ template "__alertmanagerURL" . }}{{ end -}}
{{- define "slack.default.iconemoji" }}{{ end -}}
{{- define "slack.default.iconurl" }}{{ end -}}
{{- define "slack.default.text" }}{{ end -}}
{{- define "slack.default.footer" }}{{ end -}}
{{- define "slack.default.color" }}{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}{{ end -}}

{{- define "pagerduty.default.description" }}{{ template "__subject" . }}{{ end -}}
{{- define "pagerduty.default.client" }}{{ template "__alertmanager" . }}{{ end -}}
{{- define "pagerduty.default.clientURL" }}{{ template "__alertmanagerURL" . }}{{ end -}}
{{- define "pagerduty.default.instances" }}{{ template "__text_alert_list" . }}{{ end -}}

{{- define "opsgenie.default.message" }}{{ template "__subject" . }}{{ end -}}
{{- define "opsgenie.default.source" }}{{ template "__alertmanagerURL" . }}{{ end -}}
{{- define "opsgenie.default.description" }}{{ join " " .CommonAnnotations.Values }}
{{ with .Alerts.Firing -}}
Alerts Firing:
{{ template "__text_alert_list" . }}
{{- end }}
{{ with .Alerts.Resolved -}}
Alerts Resolved:
{{ template "__text_alert_list" . }}
{{- end }}
{{- end -}}

{{- define "discord.default.title" }}{{ template "__subject" . }}{{ end -}}
{{- define "discord.default.content" }}{{ end -}}
{{- define "discord.default.message" }}{{ template "__text_both_lists" . }}{{ end -}}
{{- define "telegram.default.message" }}{{ template "__text_both_lists" . }}{{ end -}}
{{- define "webex.default.message" }}{{ template "__text_both_lists" . }}{{ end -}}
{{- define "sns.default.subject" }}{{ template "__subject" . }}{{ end -}}
{{- define "sns.default.message" }}{{ template "__text_both_lists" . }}{{ end -}}

{{- define "msteamsv2.default.title" }}{{ template "__subject" . }}{{ end -}}
{{- define "msteamsv2.default.text" }}
{{ with .Alerts.Firing }}
# Alerts Firing:
{{ template "__text_alert_list_markdown" . }}
{{ end }}
{{ with .Alerts.Resolved }}
# Alerts Resolved:
{{ template "__text_alert_list_markdown" . }}
{{ end }}
{{ end -}}

{{- define "email.default.subject" }}{{ template "__subject" . }}{{ end -}}
`,
};
