/** What has to be known to write a first tillwatch.yaml. Everything has a default. */
export interface InitAnswers {
  readonly shopName: string;
  readonly currency: string;
  readonly timezone: string;
  readonly language: string;
  /** Where the shop serves its metrics. */
  readonly metricsUrl: string;
  readonly pageUrl: string;
  readonly steps: readonly string[];
  readonly providers: readonly string[];
  readonly channels: readonly string[];
  /** The environment variable that holds the Slack webhook. */
  readonly slackEnv: string;
  readonly email: { readonly dev: string; readonly ops: string; readonly business: string };
}

/** Writes a commented tillwatch.yaml that `readTillwatchConfig` reads without problems. */
export function exampleConfig(answers: Partial<InitAnswers>): string {
  const shop = answers.shopName ?? 'My shop';
  const slackEnv = answers.slackEnv ?? 'SLACK_WEBHOOK_URL';
  const email = answers.email ?? { dev: 'dev@example.com', ops: 'ops@example.com', business: 'business@example.com' };
  const list = (items: readonly string[] | undefined, fallback: readonly string[]) =>
    `[${(items ?? fallback).map(scalar).join(', ')}]`;
  return `# What Tillwatch needs to know about your shop. Check it with: tillwatch check

shop:
  name: ${scalar(shop)}
  currency: ${scalar(answers.currency ?? 'EUR')}
  timezone: ${scalar(answers.timezone ?? 'UTC')}
  # The language of messages: en or de. A team can have its own.
  language: ${scalar(answers.language ?? 'en')}
  # Where people reach Tillwatch's page: links in messages lead there.
  pageUrl: ${scalar(answers.pageUrl ?? 'http://localhost:9095')}
  # Used for estimates until enough orders were seen.
  # averageOrderValue: 60
  # Other currencies are counted apart, or together with a rate: one USD is worth 0.92 of the currency above.
  # rates: { USD: 0.92 }
  # dashboardUrl: https://grafana.example.com/d/tillwatch-overview
  # runbookUrl: https://wiki.example.com/runbooks   # /<alert name> is appended

# Where the shop serves its metrics. Add one address per instance.
targets:
  - job: shop
    urls:
      - ${scalar(answers.metricsUrl ?? 'http://localhost:3000/metrics')}

scrape:
  interval: 15s

# What "works" means. Technical failures only: a declined card is the customer's.
objectives:
  success: { target: 95% }          # pages when fewer succeed
  errors: { max: 2% }               # pages when more fail, overall or in one provider, region, version …
  drop: { below: 50%, comparedWith: 1h }   # pages when orders fall below half of what was to be expected
  latency: { p95: 3s }              # pages when one in twenty needs longer for a step
  database: { p95: 1s }
  declines: { max: 20% }            # informs only
  serverErrors: { max: 2% }
  minimumEvents: 5                  # finished checkouts before a rate is judged at all
  minimumFailures: 3                # one failed order at night wakes nobody
  # Error budgets of anything that is counted; the checkout has its own.
  # budgets:
  #   - { name: api, target: 99.5%, window: 30d, errors: 'http_requests_total{code=~"5.."}', total: http_requests_total }
  #   - { name: payment-fast, target: 95%, latency: { histogram: 'checkout_step_duration_seconds{step="payment"}', below: 2500ms } }
  # silence: { after: 4h }          # pages when nobody buys for this long, however quiet it usually is

# How a customer goes through the checkout, in order.
journey:
  steps: ${list(answers.steps, ['cart', 'address', 'shipping', 'payment', 'confirm'])}
  providers: ${list(answers.providers, [])}
  channels: ${list(answers.channels, ['web'])}
  # Routes (as in the "route" label of http_requests_total) of the pages from which a checkout starts.
  pageRoutes: [/checkout]

# Who is told. "page" wakes somebody, "inform" can wait. Each team reads in its own words, and with
# language: de-AT and timezone: Europe/Vienna in its own language and time.
teams:
  dev:
    receives: [page, inform]
    slack: { webhookUrlEnv: ${scalar(slackEnv)} }
    email: { to: ${scalar(email.dev)} }
  ops:
    receives: [page, inform]
    slack: { webhookUrlEnv: ${scalar(slackEnv)} }
    email: { to: ${scalar(email.ops)} }
  business:
    receives: [page]
    slack: { webhookUrlEnv: ${scalar(slackEnv)} }
    email: { to: ${scalar(email.business)} }

# The shop's failure lines (JSON, as @tillwatch/instrument writes them): developers see the last ones with their trace.
# logs: [{ file: /var/log/shop.log }]

# Your own words in messages: tillwatch messages --out messages writes ours to start from.
# messages: { dir: messages }

# How mail goes out: SMTP_URL=smtp://user:password@mail.example.com:587 in the environment, or the fields below.
mail:
  from: tillwatch@example.com
  smtpUrlEnv: SMTP_URL
  # host: mail.example.com
  # username: tillwatch
  # passwordEnv: SMTP_PASSWORD

# Planned surges: the watch expects them, checks before them whether all is ready, and reports afterwards. Times are in shop.timezone.
promotions: []
#  - { name: Black Friday, from: 2026-11-27T00:00, to: 2026-11-28T00:00, expectedFactor: 5 }
# readiness: { before: 4h, testedWithin: 7d, utilisation: 80% }

# Your counters have other names? Say which are which.
# metrics:
#   attempts: [{ series: shop_checkouts_started_total }]
#   outcomes:
#     - { series: 'shop_orders_total{state="paid"}', outcome: success, labels: { provider: gateway } }
#     - { series: shop_order_errors_total, outcome: failure, reasonClass: technical, labels: { reason: error } }

# Against labels that explode: what is new beyond this is left out, what is known is kept. 0 is no limit.
# limits: { seriesPerTarget: 100000, series: 1000000 }

retention: 30d
`;
}

/** A YAML scalar that is read back as the same text. */
function scalar(text: string): string {
  return /^[a-zA-Z][\w./@-]*(?:[ :/][\w./@-]+)*$/.test(text) &&
    !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text) &&
    !text.includes(': ')
    ? text
    : JSON.stringify(text);
}
