import type { SourceText } from '@tillwatch/model';

/** What every element of the mail carries, since mail programs drop style sheets. */
const FONT = `font-family: 'Helvetica Neue', Helvetica, Arial, sans-serif; box-sizing: border-box;`;
const base = (more = '') => `style="margin: 0; ${FONT} font-size: 14px;${more === '' ? '' : ` ${more}`}"`;
const BASE = base();
const BR = `<br ${BASE}>`;
const CELL = `${base('vertical-align: top; padding: 0 0 20px;')} valign="top"`;

/** A row with one cell, at the depth of the list of alerts. */
const row = (content: string) => `
                <tr ${BASE}>
                  <td class="content-block" ${CELL}>
                    ${content}
                  </td>
                </tr>`;

const pairs = (field: string) => `<strong ${BASE}>${field}</strong>${BR}
                    {{ range .${field}.SortedPairs }}{{ .Name }} = {{ .Value }}${BR}{{ end }}`;

const heading = (status: string) => row(`<strong ${BASE}>[{{ len .Alerts.${status} }}] ${status}</strong>`);

const alertRows = (status: string) => `
                {{ range .Alerts.${status} }}${row(`${pairs('Labels')}
                    {{ if .Annotations }}${pairs('Annotations')}{{ end }}
                    <a href="{{ .GeneratorURL }}" ${base('color: #348eda; text-decoration: underline;')}>Source</a>${BR}`)}
                {{ end }}`;

const rule = row(`${BR}
                    <hr ${BASE}>
                    ${BR}`);

const BANNER = `style="margin: 0; ${FONT} vertical-align: top; font-size: 16px; color: #fff; font-weight: 500; padding: 20px; text-align: center; border-radius: 3px 3px 0 0;`;
const banner = (kind: string, color: string, end: string) =>
  `<td class="alert ${kind}" ${BANNER} background-color: ${color};" valign="top" align="center" bgcolor="${color}">
              {{ len .Alerts }} alert{{ if gt (len .Alerts) 1 }}s{{ end }} for {{ range .GroupLabels.SortedPairs }}
                {{ .Name }}={{ .Value }}${end}
              {{ end }}
            </td>`;

const BUTTON = base(
  'text-decoration: none; color: #FFF; background-color: #348eda; border: solid #348eda; border-width: 10px 20px; line-height: 2em; font-weight: bold; text-align: center; cursor: pointer; display: inline-block; border-radius: 5px; text-transform: capitalize;',
);

const BLOCK = `style="${FONT} font-size: 14px;`;
const TABLE = `cellpadding="0" cellspacing="0" ${BASE}`;

/** Rules for narrow screens, where a mail program honours them. */
const NARROW = `@media only screen and (max-width: 640px) {
  body {
    padding: 0 !important;
  }

  h1,
h2,
h3,
h4 {
    font-weight: 800 !important;
    margin: 20px 0 5px !important;
  }

  h1 {
    font-size: 22px !important;
  }

  h2 {
    font-size: 18px !important;
  }

  h3 {
    font-size: 16px !important;
  }

  .container {
    padding: 0 !important;
    width: 100% !important;
  }

  .content {
    padding: 0 !important;
  }

  .content-wrap {
    padding: 10px !important;
  }

  .invoice {
    width: 100% !important;
  }
}`;

/** `email.default.html`: the mail that Alertmanager sends when a receiver says nothing else. */
export const emailTemplate: SourceText = {
  file: 'built-in e-mail template',
  text: `{{ define "email.default.html" }}

<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" ${BASE}>
<head>
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Type" content="text/html; charset=UTF-8">
<title>{{ template "__subject" . }}</title>
<style>
${NARROW}
</style>
</head>

<body itemscope itemtype="https://schema.org/EmailMessage" ${base('-webkit-font-smoothing: antialiased; -webkit-text-size-adjust: none; height: 100%; line-height: 1.6em; background-color: #f6f6f6; width: 100%;')}>

<table class="body-wrap" ${base('background-color: #f6f6f6; width: 100%;')} width="100%" bgcolor="#f6f6f6">
  <tr ${BASE}>
    <td ${base('vertical-align: top;')} valign="top"></td>
    <td class="container" width="600" ${BLOCK} vertical-align: top; display: block; max-width: 600px; margin: 0 auto; clear: both;" valign="top">
      <div class="content" ${BLOCK} max-width: 600px; margin: 0 auto; display: block; padding: 20px;">
        <table class="main" width="100%" cellpadding="0" cellspacing="0" ${base('background-color: #fff; border: 1px solid #e9e9e9; border-radius: 3px;')} bgcolor="#fff">
          <tr ${BASE}>
            {{ if .Alerts.Firing }}
            ${banner('alert-warning', '#E6522C', '')}
            {{ else }}
            ${banner('alert-good', '#68B90F', ' ')}
            {{ end }}
          </tr>
          <tr ${BASE}>
            <td class="content-wrap" ${base('vertical-align: top; padding: 30px;')} valign="top">
              <table width="100%" ${TABLE}>${row(`<a href="{{ template "__alertmanagerURL" . }}" class="btn-primary" ${BUTTON}>View in {{ template "__alertmanager" . }}</a>`)}
                {{ if .Alerts.Firing }}${heading('Firing')}
                {{ end }}${alertRows('Firing')}

                {{ if .Alerts.Resolved }}
                  {{ if .Alerts.Firing }}${rule}
                  {{ end }}${heading('Resolved')}
                {{ end }}${alertRows('Resolved')}
              </table>
            </td>
          </tr>
        </table>

        <div class="footer" ${base('width: 100%; clear: both; color: #999; padding: 20px;')}>
          <table width="100%" ${BASE}>
            <tr ${BASE}>
              <td class="aligncenter content-block" style="margin: 0; ${FONT} vertical-align: top; padding: 0 0 20px; text-align: center; color: #999; font-size: 12px;" valign="top" align="center"><a href="{{ .ExternalURL }}" style="margin: 0; ${FONT} text-decoration: underline; color: #999; font-size: 12px;">Sent by {{ template "__alertmanager" . }}</a></td>
            </tr>
          </table>
        </div></div>
    </td>
    <td ${base('vertical-align: top;')} valign="top"></td>
  </tr>
</table>

</body>
</html>

{{ end }}`,
};
