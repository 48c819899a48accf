import { parseDuration } from '@tillwatch/model';
import { z } from 'zod';
import { parseWrittenTime } from '../promotion/zoned-time.ts';

/** `5m` and the like, into ms. */
const duration = z.union([z.string(), z.number()]).transform((text, context) => {
  const ms = parseDuration(String(text));
  if (ms !== undefined && ms > 0) return ms;
  context.addIssue({ code: 'custom', message: `${JSON.stringify(text)} is not a duration: write 15s, 5m or 1h30m` });
  return z.NEVER;
});

/** `95 %`, `95%` or `0.95`, into 0.95. */
const share = z.union([z.string(), z.number()]).transform((given, context) => {
  const percent = typeof given === 'string' ? /^\s*(\d+(?:\.\d+)?)\s*%\s*$/.exec(given) : null;
  const value = percent === null ? Number(given) : Number(percent[1]) / 100;
  if (Number.isFinite(value) && value > 0 && value < 1) return value;
  context.addIssue({
    code: 'custom',
    message: `${JSON.stringify(given)} is not a share: write a percentage such as 95% or a number between 0 and 1`,
  });
  return z.NEVER;
});

const currency = z
  .string()
  .refine(isCurrency, { error: (issue) => `${JSON.stringify(issue.input)} is not a currency code such as EUR or USD` });

const timezone = z.string().refine(isTimezone, {
  error: (issue) => `${JSON.stringify(issue.input)} is not a time zone such as Europe/Berlin`,
});

const language = z.string().refine((tag) => isLanguage(tag), {
  error: (issue) => `no words in ${JSON.stringify(issue.input)}: write en or de (also en-GB, de-AT and the like)`,
});

const httpUrl = z.string().refine(isHttpUrl, {
  error: (issue) => `${JSON.stringify(issue.input)} is not an http:// or https:// address`,
});

const address = z.string().refine((text) => /^(?:\[[0-9a-fA-F:]+\]|[^\s/:@]+):\d{1,5}$/.test(text), {
  error: (issue) => `${JSON.stringify(issue.input)} is not host:port`,
});

const emailAddress = z.string().refine((text) => /^[^\s@<>,]+@[^\s@<>,]+$/.test(text), {
  error: (issue) => `${JSON.stringify(issue.input)} is not an e-mail address`,
});

const labelName = z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, { error: 'not a label name' });
const metricsPath = z.string().startsWith('/', { error: 'a path starts with /' });
const dateTime = z.union([z.string(), z.date()]).transform((given, context) => {
  const time = parseWrittenTime(given instanceof Date ? given.toISOString() : given);
  if (time !== undefined) return time;
  context.addIssue({
    code: 'custom',
    message: `${JSON.stringify(given)} is not a date of the calendar: write 2026-11-27T08:00, or with an offset 2026-11-27T08:00:00+01:00`,
  });
  return z.NEVER;
});

const envName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'not the name of an environment variable' });
const severity = z.enum(['page', 'inform']);

const target = z.strictObject({
  job: z.string().min(1).default('shop'),
  urls: z.array(httpUrl).optional(),
  addresses: z.array(address).optional(),
  metricsPath: metricsPath.optional(),
  labels: z.record(labelName, z.string()).default({}),
  interval: duration.optional(),
});

const slack = z.strictObject({
  webhookUrl: httpUrl.optional(),
  webhookUrlEnv: envName.optional(),
  webhookUrlFile: z.string().min(1).optional(),
  channel: z.string().min(1).optional(),
});

const team = z.strictObject({
  audience: z.enum(['dev', 'ops', 'business']).optional(),
  language: language.optional(),
  timezone: timezone.optional(),
  receives: z.union([severity.transform((one) => [one]), z.array(severity).min(1)]).optional(),
  slack: slack.optional(),
  email: z
    .strictObject({ to: z.union([emailAddress.transform((one) => [one]), z.array(emailAddress).min(1)]) })
    .optional(),
});

const mapped = {
  series: z.string().min(1),
  labels: z.record(labelName, labelName).default({}),
};

const outcome = z.strictObject({
  ...mapped,
  outcome: z.enum(['success', 'failure', 'abandoned']).optional(),
  reasonClass: z.enum(['technical', 'customer', 'fraud', 'action_required']).optional(),
  step: z.string().optional(),
  provider: z.string().optional(),
});

const budget = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,59}$/, { error: 'a budget is named in lower case letters, digits, - and _' }),
  description: z.string().min(1).max(300).optional(),
  target: share,
  window: duration.default(30 * 86_400_000),
  errors: z.string().min(1).optional(),
  total: z.string().min(1).optional(),
  latency: z.strictObject({ histogram: z.string().min(1), below: duration }).optional(),
  burn: severity.default('page'),
  minimumErrors: z.int().min(1).max(100_000).default(5),
});

/** The keys of tillwatch.yaml as they are written. */
export const tillwatchSchema = z.strictObject({
  shop: z.strictObject({
    name: z.string().min(1).max(80),
    currency: currency.default('EUR'),
    timezone: timezone.default('UTC'),
    language: language.default('en'),
    averageOrderValue: z.number().positive().optional(),
    rates: z.record(currency, z.number().positive().max(1e9)).default({}),
    pageUrl: httpUrl.default('http://localhost:9095'),
    dashboardUrl: httpUrl.optional(),
    runbookUrl: httpUrl.optional(),
  }),
  targets: z.array(target).min(1),
  scrape: z
    .strictObject({
      interval: duration.default(15_000),
      timeout: duration.optional(),
      evaluationInterval: duration.optional(),
    })
    .optional(),
  objectives: z
    .strictObject({
      success: z.strictObject({ target: share.default(0.95) }).optional(),
      errors: z.strictObject({ max: share.default(0.02) }).optional(),
      drop: z.strictObject({ below: share.default(0.5), comparedWith: duration.default(3_600_000) }).optional(),
      silence: z.strictObject({ after: duration }).optional(),
      latency: z.strictObject({ p95: duration.default(3_000) }).optional(),
      database: z.strictObject({ p95: duration.default(1_000) }).optional(),
      declines: z.strictObject({ max: share.default(0.2) }).optional(),
      serverErrors: z.strictObject({ max: share.default(0.02) }).optional(),
      minimumEvents: z.int().min(1).max(10_000).default(5),
      minimumFailures: z.int().min(2).max(1_000).default(3),
      budgets: z.array(budget).max(50).default([]),
    })
    .optional(),
  journey: z
    .strictObject({
      steps: z.array(z.string().min(1)).default([]),
      providers: z.array(z.string().min(1)).default([]),
      channels: z.array(z.string().min(1)).default([]),
      regions: z.array(z.string().min(1)).default([]),
      pageRoutes: z.array(z.string().min(1)).min(1).default(['/checkout']),
      checkoutRoutes: z.string().min(1).default('/(api/)?(cart|checkout|payment|pay|order)s?(/.*)?'),
    })
    .optional(),
  teams: z.record(z.string().regex(/^[a-z][a-z0-9_-]*$/, { error: 'a team is named in lower case letters' }), team),
  messages: z.strictObject({ dir: z.string().min(1) }).optional(),
  logs: z
    .array(z.strictObject({ file: z.string().min(1) }))
    .max(50)
    .default([]),
  mail: z
    .strictObject({
      from: emailAddress.default('tillwatch@localhost'),
      smtpUrlEnv: envName.default('SMTP_URL'),
      host: z.string().min(1).optional(),
      port: z.int().min(1).max(65_535).default(587),
      tls: z.enum(['required', 'optional']).default('required'),
      username: z.string().min(1).optional(),
      password: z.string().min(1).optional(),
      passwordEnv: envName.optional(),
      passwordFile: z.string().min(1).optional(),
    })
    .optional(),
  promotions: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(80),
        from: dateTime,
        to: dateTime,
        expectedFactor: z.number().positive().max(1_000).default(2),
        ramp: duration.default(900_000),
      }),
    )
    .max(200)
    .default([]),
  readiness: z
    .strictObject({
      before: duration.default(4 * 3_600_000),
      testedWithin: duration.default(7 * 86_400_000),
      utilisation: share.default(0.8),
    })
    .optional(),
  metrics: z
    .strictObject({
      attempts: z.array(z.strictObject(mapped)).default([]),
      outcomes: z.array(outcome).default([]),
      orderValue: z.array(z.strictObject({ ...mapped, currency: currency.optional() })).default([]),
    })
    .optional(),
  limits: z
    .strictObject({
      seriesPerTarget: z.int().min(0).max(10_000_000).default(100_000),
      series: z.int().min(0).max(100_000_000).default(1_000_000),
    })
    .optional(),
  retention: duration.default(30 * 86_400_000),
});

/** tillwatch.yaml as it was read, before defaults that depend on other fields. */
export type WrittenConfig = z.output<typeof tillwatchSchema>;

function isCurrency(code: string): boolean {
  return /^[A-Z]{3}$/.test(code) && Intl.supportedValuesOf('currency').includes(code);
}

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function isLanguage(tag: string): boolean {
  try {
    const base = new Intl.Locale(tag).language;
    return base === 'en' || base === 'de';
  } catch {
    return false;
  }
}

function isHttpUrl(text: string): boolean {
  try {
    return /^https?:$/.test(new URL(text).protocol);
  } catch {
    return false;
  }
}
