import { readYaml } from '@tillwatch/config';
import { compileAnchoredRegex, isError, Labels, type Problem, type SourceText, type Span } from '@tillwatch/model';
import { parse, selectorsOf } from '@tillwatch/promql';
import { checkBudgets, settleBudgets } from './budgets.ts';
import { checkPromotions, settlePromotions } from './promotions.ts';
import type { ReportProblem } from './report-problem.ts';
import { tillwatchSchema, type WrittenConfig } from './schema.ts';
import type {
  Audience,
  MailSettings,
  MappedSeries,
  SecretSource,
  TargetSettings,
  TeamSettings,
  TillwatchConfig,
} from './tillwatch-config.ts';

type SpanAt = (path: readonly (string | number)[]) => Span;

/**
 * Reads tillwatch.yaml. Every problem is reported, each with its place; `config` is `undefined` when there is an error
 * among them. Secrets written in plain sight are warned about; with `nowMs` promotions are too whose samples are gone.
 */
export function readTillwatchConfig(
  source: SourceText,
  options: { readonly nowMs?: number } = {},
): {
  config: TillwatchConfig | undefined;
  problems: Problem[];
} {
  const { value, problems, spanAt } = readYaml<WrittenConfig>(source, tillwatchSchema);
  if (value === undefined) return { config: undefined, problems };
  const all = [...problems, ...checkMeaning(value, spanAt, options.nowMs)];
  return { config: all.some(isError) ? undefined : settle(value), problems: all };
}

function settle(written: WrittenConfig): TillwatchConfig {
  const { shop, objectives = undefined, journey, mail, metrics } = written;
  const pageUrl = shop.pageUrl.replace(/\/+$/, '');
  const intervalMs = written.scrape?.interval ?? 15_000;
  const language = canonicalLanguage(shop.language);
  return {
    shop: {
      name: shop.name,
      currency: shop.currency,
      timezone: shop.timezone,
      language,
      averageOrderValue: shop.averageOrderValue,
      rates: shop.rates,
      pageUrl,
      dashboardUrl: shop.dashboardUrl ?? pageUrl,
      runbookUrl: (shop.runbookUrl ?? `${pageUrl}/docs/runbooks`).replace(/\/+$/, ''),
    },
    targets: written.targets.flatMap(settleTarget),
    scrape: {
      intervalMs,
      timeoutMs: written.scrape?.timeout ?? Math.min(10_000, intervalMs),
      evaluationIntervalMs: written.scrape?.evaluationInterval ?? intervalMs,
    },
    objectives: {
      successRate: objectives?.success?.target ?? 0.95,
      errorRate: objectives?.errors?.max ?? 0.02,
      ordersDropBelow: objectives?.drop?.below ?? 0.5,
      comparedWithMs: objectives?.drop?.comparedWith ?? 3_600_000,
      silenceMs: objectives?.silence?.after,
      stepP95Seconds: (objectives?.latency?.p95 ?? 3_000) / 1_000,
      databaseP95Seconds: (objectives?.database?.p95 ?? 1_000) / 1_000,
      declineRate: objectives?.declines?.max ?? 0.2,
      serverErrorRate: objectives?.serverErrors?.max ?? 0.02,
      minimumEvents: objectives?.minimumEvents ?? 5,
      minimumFailures: objectives?.minimumFailures ?? 3,
      budgets: settleBudgets(written),
    },
    journey: {
      steps: journey?.steps ?? [],
      providers: journey?.providers ?? [],
      channels: journey?.channels ?? [],
      regions: journey?.regions ?? [],
      pageRoutes: journey?.pageRoutes ?? ['/checkout'],
      checkoutRoutes: journey?.checkoutRoutes ?? '/(api/)?(cart|checkout|payment|pay|order)s?(/.*)?',
    },
    teams: Object.entries(written.teams).map(([name, team]) =>
      settleTeam(name, team, { language, timezone: shop.timezone }),
    ),
    messages: { dir: written.messages?.dir, overrides: [] },
    logs: written.logs,
    mail: settleMail(mail),
    promotions: settlePromotions(written),
    readiness: {
      beforeMs: written.readiness?.before ?? 4 * 3_600_000,
      testedWithinMs: written.readiness?.testedWithin ?? 7 * 86_400_000,
      utilisation: written.readiness?.utilisation ?? 0.8,
    },
    metrics: {
      attempts: (metrics?.attempts ?? []).map((one) => mapping(one, {})),
      outcomes: (metrics?.outcomes ?? []).map((one) =>
        mapping(one, {
          outcome: one.outcome,
          reason_class: one.reasonClass,
          step: one.step,
          provider: one.provider,
        }),
      ),
      orderValue: (metrics?.orderValue ?? []).map((one) =>
        mapping(one, { currency: one.currency ?? shop.currency, outcome: 'success' }),
      ),
    },
    limits: {
      seriesPerTarget: written.limits?.seriesPerTarget ?? 100_000,
      series: written.limits?.series ?? 1_000_000,
    },
    retentionMs: written.retention,
  };
}

/** `urls` of one entry may differ in scheme and path, so one entry can become several scrape targets. */
function settleTarget(written: WrittenConfig['targets'][number]): TargetSettings[] {
  const shared = { job: written.job, labels: Labels.of(written.labels), intervalMs: written.interval };
  const byPath = new Map<string, TargetSettings & { addresses: string[] }>();
  const add = (scheme: 'http' | 'https', path: string, address: string) => {
    const known = byPath.get(`${scheme} ${path}`);
    if (known !== undefined) known.addresses.push(address);
    else byPath.set(`${scheme} ${path}`, { ...shared, scheme, metricsPath: path, addresses: [address] });
  };
  for (const url of written.urls ?? []) {
    const { protocol, hostname, port, pathname } = new URL(url);
    const scheme = protocol === 'https:' ? 'https' : 'http';
    const path = pathname === '/' ? (written.metricsPath ?? '/metrics') : pathname;
    add(scheme, path, `${hostname}:${port === '' ? (scheme === 'https' ? 443 : 80) : port}`);
  }
  for (const address of written.addresses ?? []) add('http', written.metricsPath ?? '/metrics', address);
  return [...byPath.values()];
}

function settleTeam(
  name: string,
  team: WrittenConfig['teams'][string],
  shop: { readonly language: string; readonly timezone: string },
): TeamSettings {
  const audience = team.audience ?? defaultAudience(name) ?? 'ops';
  const webhook = team.slack === undefined ? undefined : webhookOf(team.slack);
  return {
    name,
    audience,
    language: team.language === undefined ? shop.language : canonicalLanguage(team.language),
    timezone: team.timezone ?? shop.timezone,
    receives: team.receives ?? (audience === 'business' ? ['page'] : ['page', 'inform']),
    slack: webhook === undefined ? undefined : { webhook, channel: team.slack?.channel },
    email: team.email,
  };
}

function defaultAudience(teamName: string): Audience | undefined {
  return teamName === 'dev' || teamName === 'ops' || teamName === 'business' ? teamName : undefined;
}

function webhookOf(slack: NonNullable<WrittenConfig['teams'][string]['slack']>): SecretSource | undefined {
  const { webhookUrl, webhookUrlEnv, webhookUrlFile } = slack;
  if (webhookUrlFile !== undefined) return { from: 'file', path: webhookUrlFile };
  if (webhookUrlEnv !== undefined) return { from: 'env', name: webhookUrlEnv };
  return webhookUrl === undefined ? undefined : { from: 'value', reveal: () => webhookUrl };
}

function settleMail(mail: WrittenConfig['mail']): MailSettings {
  const { password, passwordEnv, passwordFile } = mail ?? {};
  let secret: SecretSource | undefined;
  if (passwordFile !== undefined) secret = { from: 'file', path: passwordFile };
  else if (passwordEnv !== undefined) secret = { from: 'env', name: passwordEnv };
  else if (password !== undefined) secret = { from: 'value', reveal: () => password };
  return {
    from: mail?.from ?? 'tillwatch@localhost',
    smtpUrlEnv: mail?.smtpUrlEnv ?? 'SMTP_URL',
    host: mail?.host,
    port: mail?.port ?? 587,
    tls: mail?.tls ?? 'required',
    username: mail?.username,
    password: secret,
  };
}

function mapping(
  written: { series: string; labels: Record<string, string> },
  fixed: Record<string, string | undefined>,
): MappedSeries {
  const known = Object.entries(fixed).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { series: written.series, labels: written.labels, fixed: Object.fromEntries(known) };
}

function canonicalLanguage(tag: string): string {
  return new Intl.Locale(tag).toString();
}

/** What the schema cannot say: fields that need or exclude each other, and secrets in plain sight. */
function checkMeaning(written: WrittenConfig, spanAt: SpanAt, nowMs: number | undefined): Problem[] {
  const problems: Problem[] = [];
  const report = (
    path: (string | number)[],
    code: string,
    message: string,
    hint: string,
    severity: Problem['severity'] = 'error',
  ) => problems.push({ code, severity, message, hint, at: spanAt(path) });

  written.targets.forEach((target, i) => {
    if ((target.urls?.length ?? 0) + (target.addresses?.length ?? 0) === 0) {
      report(
        ['targets', i],
        'target-without-address',
        `the target "${target.job}" has no address`,
        'add urls: [http://shop:3000/metrics]',
      );
    }
    const reserved = ['job', 'instance'].find((name) => name in target.labels);
    if (reserved !== undefined) {
      report(
        ['targets', i, 'labels', reserved],
        'reserved-label',
        `the label "${reserved}" is set by the scrape`,
        'choose another name',
      );
    }
  });

  if (written.shop.currency in written.shop.rates) {
    report(
      ['shop', 'rates', written.shop.currency],
      'rate-of-own-currency',
      `${written.shop.currency} is the currency of the shop`,
      'take it out: rates are of other currencies',
    );
  }
  checkScrape(written, report);
  checkTeams(written, report);
  checkMail(written, report);

  checkPromotions(written, report, nowMs);
  checkBudgets(written, report);
  try {
    compileAnchoredRegex(written.journey?.checkoutRoutes ?? '');
  } catch (error) {
    report(['journey', 'checkoutRoutes'], 'regex', (error as Error).message, 'write an RE2 regular expression');
  }
  checkMapping(written, report);
  return problems;
}

function checkScrape(written: WrittenConfig, report: ReportProblem): void {
  const { interval = 15_000, timeout } = written.scrape ?? {};
  if (timeout !== undefined && timeout > interval) {
    report(['scrape', 'timeout'], 'timeout-over-interval', 'the timeout is longer than the interval', 'shorten it');
  }
  if (interval > 120_000) {
    report(
      ['scrape', 'interval'],
      'slow-scrape',
      'with more than two minutes between scrapes a failure is noticed late',
      'write 15s; values in memory of the shop cost it nothing',
      'warning',
    );
  }
}

function checkTeams(written: WrittenConfig, report: ReportProblem): void {
  const teams = Object.entries(written.teams);
  if (teams.length === 0) {
    report(
      ['teams'],
      'no-team',
      'there is no team, so nobody would be told',
      'add teams: { ops: { email: { to: … } } }',
    );
  }
  for (const [name, team] of teams) {
    if (team.audience === undefined && defaultAudience(name) === undefined) {
      report(
        ['teams', name],
        'team-audience',
        `in whose words does the team "${name}" read?`,
        'add audience: dev, ops or business',
      );
    }
    if (team.slack === undefined && team.email === undefined) {
      report(
        ['teams', name],
        'team-unreachable',
        `the team "${name}" has neither slack nor email`,
        'add email: { to: [somebody@example.com] } or slack: { webhookUrlEnv: SLACK_WEBHOOK_URL }',
      );
    }
    if (team.slack !== undefined) checkSlack(name, team.slack, report);
  }
}

function checkSlack(
  name: string,
  slack: NonNullable<WrittenConfig['teams'][string]['slack']>,
  report: ReportProblem,
): void {
  const given = [slack.webhookUrl, slack.webhookUrlEnv, slack.webhookUrlFile].filter((one) => one !== undefined);
  if (given.length !== 1) {
    report(
      ['teams', name, 'slack'],
      'slack-webhook',
      `the team "${name}" has ${given.length === 0 ? 'no' : 'more than one'} Slack webhook`,
      'write one of webhookUrlEnv, webhookUrlFile, webhookUrl',
    );
  }
  if (slack.webhookUrl !== undefined) {
    report(
      ['teams', name, 'slack', 'webhookUrl'],
      'secret-in-plain-sight',
      'whoever reads this file can write to your Slack',
      'put the address into an environment variable and write webhookUrlEnv: SLACK_WEBHOOK_URL',
      'warning',
    );
  }
}

function checkMail(written: WrittenConfig, report: ReportProblem): void {
  const { mail } = written;
  if (mail?.password !== undefined) {
    report(
      ['mail', 'password'],
      'secret-in-plain-sight',
      'whoever reads this file can send mail in your name',
      'put the password into an environment variable and write passwordEnv: SMTP_PASSWORD',
      'warning',
    );
  }
  const passwords = [mail?.password, mail?.passwordEnv, mail?.passwordFile].filter((one) => one !== undefined);
  if (passwords.length > 1) {
    report(['mail'], 'mail-password', 'there is more than one password', 'keep one of passwordEnv, passwordFile');
  }
  if (passwords.length > 0 && mail?.username === undefined) {
    report(['mail'], 'mail-username', 'there is a password but no username', 'add username');
  }
}

function checkMapping(written: WrittenConfig, report: ReportProblem): void {
  const { metrics } = written;
  if (metrics === undefined) return;
  for (const kind of ['attempts', 'outcomes', 'orderValue'] as const) {
    metrics[kind].forEach(({ series }, i) => {
      const path = ['metrics', kind, i, 'series'];
      const parsed = parse(series);
      if (!parsed.ok) {
        report(path, 'metric-mapping', `"${series}" is not PromQL`, parsed.problems[0]?.message ?? 'write a selector');
      } else if (selectorsOf(parsed.expr).length !== 1) {
        report(
          path,
          'metric-mapping',
          `"${series}" is not one counter`,
          'write one selector, such as orders_total{state="paid"}',
        );
      }
    });
  }
  metrics.outcomes.forEach((one, i) => {
    if (one.outcome === undefined && one.labels.outcome === undefined) {
      report(
        ['metrics', 'outcomes', i],
        'mapping-outcome',
        `is "${one.series}" a success or a failure?`,
        'add outcome: success (failure, abandoned), or labels: { outcome: <your label> }',
      );
    }
  });
}
