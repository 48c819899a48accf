import { stringify } from 'yaml';

export interface DemoConfigOptions {
  /** Where the shop serves its metrics. */
  readonly metricsUrl: string;
  /** Where the page will be reached, for the links in messages. */
  readonly pageUrl: string;
  readonly language: string;
  /** Where the shop writes its failure lines. */
  readonly logFile?: string | undefined;
}

/** The environment variables that the demo's tillwatch.yaml takes its secrets from. */
export const DEMO_ENVIRONMENT = {
  dev: 'TILLWATCH_DEMO_SLACK_DEV',
  ops: 'TILLWATCH_DEMO_SLACK_OPS',
  business: 'TILLWATCH_DEMO_SLACK_BUSINESS',
  smtp: 'TILLWATCH_DEMO_SMTP_URL',
} as const;

/** The demo's tillwatch.yaml: the demo shop, watched every five seconds, and three teams. */
export function demoConfig({ metricsUrl, pageUrl, language, logFile }: DemoConfigOptions): string {
  return stringify({
    shop: { name: 'Demo shop', currency: 'EUR', timezone: localTimezone(), language, pageUrl },
    targets: [{ job: 'shop', urls: [metricsUrl] }],
    scrape: { interval: '5s', timeout: '4s', evaluationInterval: '5s' },
    journey: {
      steps: ['cart', 'address', 'shipping', 'payment', 'confirm'],
      providers: ['acme-pay', 'nordbank', 'walletly'],
      channels: ['web', 'app'],
      pageRoutes: ['/checkout'],
    },
    teams: {
      developers: {
        audience: 'dev',
        receives: ['page', 'inform'],
        slack: { webhookUrlEnv: DEMO_ENVIRONMENT.dev },
        email: { to: 'developers@shop.example' },
      },
      operations: {
        audience: 'ops',
        receives: ['page', 'inform'],
        slack: { webhookUrlEnv: DEMO_ENVIRONMENT.ops },
        email: { to: 'operations@shop.example' },
      },
      business: {
        audience: 'business',
        receives: ['page'],
        slack: { webhookUrlEnv: DEMO_ENVIRONMENT.business },
        email: { to: 'business@shop.example' },
      },
    },
    ...(logFile === undefined ? {} : { logs: [{ file: logFile }] }),
    mail: { from: 'tillwatch@shop.example', smtpUrlEnv: DEMO_ENVIRONMENT.smtp, tls: 'optional' },
  });
}

function localTimezone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}
