import type { SecretSource, TeamSettings, TillwatchConfig } from '../settings/tillwatch-config.ts';
import { mailServer } from './mail-server.ts';
import type { SettledOptions } from './options.ts';

/** Where alertmanager.yml says that a team's webhook address is. */
export function webhookFile(team: TeamSettings, options: SettledOptions): string {
  const webhook = team.slack?.webhook;
  return webhook?.from === 'file' ? webhook.path : `${options.secretsDir}/${webhookName(team)}`;
}

export function passwordFile(config: TillwatchConfig, options: SettledOptions): string {
  const { password } = config.mail;
  return password?.from === 'file' ? password.path : `${options.secretsDir}/smtp-password`;
}

/** The files with the secrets that could be found. Always below `secrets/`, so that they can be told from the others. */
export function secretFiles(config: TillwatchConfig, options: SettledOptions): { path: string; content: string }[] {
  const { environment } = options;
  if (environment === undefined) return [];
  const files = config.teams.map((team) => ({
    path: `secrets/${webhookName(team)}`,
    content: team.slack === undefined ? undefined : secretText(team.slack.webhook, environment),
  }));
  files.push({
    path: 'secrets/smtp-password',
    content:
      mailServer(config, options).password ??
      (config.mail.password === undefined ? undefined : secretText(config.mail.password, environment)),
  });
  return files.filter((file): file is { path: string; content: string } => file.content !== undefined);
}

function webhookName(team: TeamSettings): string {
  return `${team.name}-slack-webhook-url`;
}

function secretText(source: SecretSource, environment: NonNullable<SettledOptions['environment']>): string | undefined {
  switch (source.from) {
    case 'env':
      return environment[source.name] || undefined;
    case 'value':
      return source.reveal();
    case 'file':
      return undefined;
  }
}
