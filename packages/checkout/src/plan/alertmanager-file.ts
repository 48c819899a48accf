import { formatDuration } from '@tillwatch/model';
import type { TeamSettings, TillwatchConfig } from '../settings/tillwatch-config.ts';
import { mailServer } from './mail-server.ts';
import type { SettledOptions } from './options.ts';
import { passwordFile, webhookFile } from './secret-files.ts';
import { yamlFile } from './yaml-file.ts';

/**
 * Who is told what. All alerts of one checkout and one severity are one group, so that one incident is one message and its
 * updates; lesser alerts keep quiet while the one that explains them fires.
 */
export function alertmanagerFile(config: TillwatchConfig, options: SettledOptions): string {
  const fallback = config.teams.find(({ audience }) => audience === 'ops') ?? config.teams[0];
  const paced = (ms: number) => formatDuration(Math.max(1_000, Math.round((ms * options.pace) / 1_000) * 1_000));
  return yamlFile(
    'Who is told, written by Tillwatch from tillwatch.yaml. Works with Alertmanager 0.25 and later.\nSecrets are not in here: the *_file entries name the files that hold them.',
    {
      global: config.teams.some((team) => team.email !== undefined) ? smtp(config, options) : undefined,
      templates: ['templates/*.tmpl'],
      route: {
        receiver: fallback?.name,
        group_by: ['journey', 'severity'],
        group_wait: paced(10_000),
        group_interval: paced(120_000),
        repeat_interval: '4h',
        routes: [
          // A promotion is told to every team, once: by a check before it and a report after it.
          ...(config.promotions.length === 0 ? [] : [promotionRoute(config, paced)]),
          ...config.teams.map((team) => ({
            receiver: team.name,
            matchers: matchers(team),
            continue: true,
          })),
        ],
      },
      inhibit_rules: inhibitions(),
      receivers: config.teams.map((team) => receiver(team, options)),
    },
  );
}

/** As long as Alertmanager remembers what it told. */
const PROMOTION_REPEAT = '120h';

function promotionRoute({ teams }: TillwatchConfig, paced: (ms: number) => string): unknown {
  return {
    matchers: ['area="promotion"'],
    group_by: ['alertname', 'promotion'],
    group_interval: paced(60_000),
    repeat_interval: PROMOTION_REPEAT,
    routes: teams.map(({ name }) => ({ receiver: name, continue: true })),
  };
}

function smtp(config: TillwatchConfig, options: SettledOptions): unknown {
  const { smarthost, requireTls, username, password } = mailServer(config, options);
  const hasPassword = password !== undefined || (username !== undefined && config.mail.password !== undefined);
  return {
    smtp_from: config.mail.from,
    smtp_smarthost: smarthost,
    smtp_require_tls: requireTls,
    smtp_auth_username: username,
    smtp_auth_password_file: hasPassword ? passwordFile(config, options) : undefined,
  };
}

/** Alerts of other rules have no area: they reach dev and ops. */
function matchers(team: TeamSettings): string[] {
  const severities = team.receives.join('|');
  return [
    ...(team.receives.length === 1 ? [`severity="${severities}"`] : []),
    ...(team.audience === 'business' ? ['area="customers"'] : []),
  ];
}

function inhibitions(): unknown[] {
  const rule = (sources: string[], targets: string[]) => ({
    source_matchers: [oneOf(sources)],
    target_matchers: [oneOf(targets)],
    equal: ['journey'],
  });
  const absence = [
    'CheckoutSuccessfulOrdersDrop',
    'CheckoutAttemptsStopped',
    'CheckoutSilent',
    'CheckoutMetricsMissing',
  ];
  const lesser = ['CheckoutFailureTrickle', 'HttpServerErrors', 'CheckoutLatencyHigh', 'CheckoutSuccessfulOrdersDrop'];
  return [
    // Nobody answers: everything else follows from that.
    rule(['CheckoutTargetDown'], [...absence, ...lesser.slice(0, 3), 'CheckoutInstanceDown', 'DatabaseSlow']),
    // Failures say more than what they cause.
    rule(['CheckoutSuccessRateLow', 'CheckoutErrorRateHigh'], lesser),
    rule(['CheckoutSilent', 'CheckoutAttemptsStopped'], ['CheckoutSuccessfulOrdersDrop']),
    rule(['CheckoutAttemptsStopped'], ['CheckoutSilent']),
    rule(['DatabasePoolExhausted'], ['DatabaseSlow']),
    rule(['CheckoutTargetDown', 'CheckoutMetricsMissing'], ['CheckoutMetricGone']),
  ];
}

function oneOf(names: readonly string[]): string {
  return names.length === 1 ? `alertname="${names[0]}"` : `alertname=~"${names.join('|')}"`;
}

function receiver(team: TeamSettings, options: SettledOptions): unknown {
  const { name, slack, email } = team;
  const template = (what: string) => `{{ template "tillwatch.${what}.${name}" . }}`;
  return {
    name,
    slack_configs:
      slack === undefined
        ? undefined
        : [
            {
              send_resolved: true,
              api_url_file: webhookFile(team, options),
              channel: slack.channel,
              username: 'Tillwatch',
              color: '{{ template "tillwatch.color" . }}',
              title: template('slacktitle'),
              title_link: '{{ template "tillwatch.link" . }}',
              fallback: template('slacktitle'),
              text: template('slack'),
            },
          ],
    email_configs:
      email === undefined
        ? undefined
        : [
            {
              send_resolved: true,
              to: email.to.join(', '),
              headers: { Subject: template('title') },
              html: template('html'),
              text: template('text'),
            },
          ],
  };
}
