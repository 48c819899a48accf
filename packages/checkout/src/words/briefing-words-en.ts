import type { BriefingWords, Telling } from './briefing-words.ts';
import { isAboutDatabase } from './hints.ts';

const LABEL_NAMES: Readonly<Record<string, string>> = {
  provider: 'provider',
  step: 'step',
  region: 'region',
  channel: 'channel',
  version: 'version',
  method: 'payment method',
  reason: 'reason',
  instance: 'instance',
};

function part(labels: Readonly<Record<string, string>>): string {
  return Object.entries(LABEL_NAMES)
    .filter(([name]) => labels[name] !== undefined)
    .map(([name, word]) => `${word} ${labels[name]}`)
    .join(', ');
}

function customers(labels: Readonly<Record<string, string>>): string {
  const clauses = [
    labels.provider === undefined ? '' : `who pay with ${labels.provider}`,
    labels.method === undefined ? '' : `who pay by ${labels.method}`,
    labels.region === undefined ? '' : `in the region ${labels.region}`,
    labels.channel === undefined ? '' : `in the channel ${labels.channel}`,
  ].filter((clause) => clause !== '');
  return ['customers', ...clauses].join(' ');
}

const at = ({ culprit }: Telling) => (culprit === undefined ? '' : ` (${part(culprit.labels)})`);
const affected = ({ culprit }: Telling) => (culprit === undefined ? 'Customers' : capital(customers(culprit.labels)));
const fewerOf = (now: string | undefined, before: string | undefined) =>
  now === undefined || before === undefined ? '' : `: ${now} a minute, before ${before}`;

/** What to look at follows from the part that is named and from the reasons given. */
function stepsForFailures({ culprit, alertNames }: Telling): string[] {
  const { provider, version, region } = culprit?.labels ?? {};
  const isDatabase = isAboutDatabase(culprit, alertNames);
  return [
    isDatabase ? 'Look at the database: free connections, long transactions and locks, disk.' : '',
    version === undefined ? '' : `Roll back version ${version}.`,
    provider === undefined ? '' : `Look at the status page of ${provider}; switch it off if other providers work.`,
    region === undefined ? '' : `Look at what only ${region} uses: carrier, tax, payment methods, network.`,
    version === undefined ? 'Compare with the latest release: roll back if it began with it.' : '',
  ].filter((step) => step !== '');
}

const succeed = ({ success }: Telling) => (success === undefined ? '' : `, ${success} succeed`);

export const briefingWordsEn: BriefingWords = {
  notice: 'Notice',
  allClear: 'All clear',
  headline: {
    failures: (t) =>
      `Checkout is failing: ${t.success ?? '?'} succeed${t.successBefore === undefined ? '' : `, before ${t.successBefore}`}${at(t)}`,
    trickle: (t) => `A small share of checkouts keeps failing${at(t)}`,
    'orders-drop': (t) => `Orders have dropped${fewerOf(t.orders, t.ordersBefore)}${at(t)}`,
    'attempts-stopped': (t) => `Checkouts are hardly started any more${fewerOf(t.attempts, t.attemptsBefore)}${at(t)}`,
    silent: (t) => `No checkouts arrive${fewerOf(t.attempts, t.attemptsBefore)}`,
    'shop-down': (t) =>
      `The shop does not answer: no instance${t.labels.job === undefined ? '' : ` of ${t.labels.job}`} can be reached`,
    slow: (t) =>
      `Checkout is slow${t.slowest === undefined ? '' : `: ${t.slowest.part} takes ${t.slowest.seconds} (p95)`}`,
    database: (t) =>
      t.waiting === undefined
        ? `The database is slow${t.databaseSeconds === undefined ? '' : `: p95 of queries is ${t.databaseSeconds}`}`
        : `Requests wait for a database connection: ${t.waiting} in the queue`,
    'server-errors': (t) =>
      `Checkout pages answer with server errors${t.labels.route === undefined ? '' : ` on ${t.labels.route}`}${at(t)}`,
    'payment-without-order': (t) =>
      `Payments are taken without an order${t.labels.provider === undefined ? '' : ` (provider ${t.labels.provider})`}`,
    declines: (t) => `Many payments are declined${t.declined === undefined ? '' : `: ${t.declined}`}`,
    'instance-down': (t) => `Instance ${t.labels.instance ?? '?'} does not answer`,
    watch: (t) => `The watch over the checkout has a problem${t.labels.job === undefined ? '' : ` (${t.labels.job})`}`,
  },
  plainHeadline: {
    failures: (t) =>
      `Customers cannot complete their purchase${t.failing === undefined ? '' : `: ${t.failing} of attempts fail`}`,
    trickle: () => 'Some customers cannot complete their purchase',
    'orders-drop': () => 'Far fewer orders than usual come in',
    'attempts-stopped': () => 'Customers visit the shop but cannot start a purchase',
    silent: () => 'The shop is taking practically no orders',
    'shop-down': () => 'The shop does not answer',
    slow: () => 'The checkout is very slow',
    database: () => 'The shop is slow',
    'server-errors': () => 'Pages of the checkout show errors',
    'payment-without-order': () => 'Customers were charged without getting an order',
    declines: () => 'Unusually many payments are declined',
    'instance-down': () => 'One of the servers of the shop is down',
    watch: () => 'The checkout is not fully watched at the moment',
  },
  meaning: {
    failures: (t) => `${affected(t)} run into an error when they try to buy.`,
    trickle: (t) => `${affected(t)} run into an error now and then when they try to buy.`,
    'orders-drop': () => 'Customers try to buy, but far fewer purchases than usual end in an order.',
    'attempts-stopped': (t) => `${affected(t)} see the shop but do not get into the checkout.`,
    silent: () => 'Nobody starts a purchase at the moment; the shop may be out of reach for customers.',
    'shop-down': () => 'The shop is probably unavailable to customers.',
    slow: () => 'Customers wait long during checkout, and some give up.',
    database: () => 'Parts of the shop answer slowly.',
    'server-errors': (t) => `${affected(t)} see error pages during checkout.`,
    'payment-without-order': () => 'The customers concerned need their order or their money back.',
    declines: () => 'The shop itself works. Somebody may be trying out stolen cards.',
    'instance-down': () => 'The other servers have taken over.',
    watch: () => 'A failure could be noticed late until this is repaired.',
  },
  firstSteps: {
    failures: stepsForFailures,
    trickle: () => ['Look at the reasons above and the failure log.'],
    'orders-drop': () => ['Look for requests that hang: payment provider, database, queue.'],
    'attempts-stopped': () => [
      'Open the checkout page yourself, with the browser console open.',
      'Check the latest front-end release, CDN and third-party scripts.',
    ],
    silent: () => ['Open the shop from outside your network.', 'Check DNS, certificates, CDN and load balancer.'],
    'shop-down': () => [
      'Check that the shop runs and answers on its metrics address.',
      'Check host, network and the latest deployment.',
    ],
    slow: () => ['Check the provider and the database behind the slow step.'],
    database: () => ['Look for long transactions and locks.', 'Check disk, CPU and the size of the pool.'],
    'server-errors': () => ['Read the log of the route named above.', 'Compare with the latest release.'],
    'payment-without-order': () => [
      'Find the attempts in the failure log and place or refund them.',
      'Stop the release that began with it.',
    ],
    declines: () => [
      'Look for many attempts with few cards or addresses.',
      'Consider a rate limit or a challenge before payment.',
    ],
    'instance-down': () => ['Check the instance and its host.'],
    watch: () => ['Read the runbook of this alert.'],
  },
  part,
  customers,
  finding: (finding, n) =>
    `${part(finding.labels)}: ${n.percent(finding.severity)} fail, ${n.percent(finding.share)} of the extra failures`,
  missing: (finding, n) => `${part(finding.labels)}: ${n.percent(finding.severity)} of the usual checkouts are missing`,
  reason: (reason, count) => `${reason} (${count})`,
  lossSoFar: ({ orders, ordersRange, money, moneyRange, moneyPerHour, ordersPerHour }) =>
    money === undefined
      ? `About ${orders} orders (${ordersRange}) are lost so far. While this lasts it costs about ${ordersPerHour} orders per hour.`
      : `About ${orders} orders (${ordersRange}) worth about ${money} (${moneyRange}) are lost so far. While this lasts it costs about ${moneyPerHour} per hour.`,
  lossTotal: ({ orders, ordersRange, money, moneyRange }) =>
    money === undefined
      ? `About ${orders} orders (${ordersRange}) were lost in total.`
      : `About ${orders} orders (${ordersRange}) worth about ${money} (${moneyRange}) were lost in total.`,
  noLoss: 'No lost orders can be made out so far.',
  since: (clock, duration) => `Since ${clock} (${duration}).`,
  lasted: (duration, from, to) => `It lasted ${duration}, from ${from} to ${to}.`,
  recovering: (t) => `Checkout is recovering: ${t.success ?? '?'} succeed again`,
  recoveringMeaning: 'It works again at this moment; the all-clear follows once it has stayed so for a few minutes.',
  recovered: {
    failures: (t) => `Checkout works again${succeed(t)}`,
    trickle: (t) => `Checkout works without failures again${succeed(t)}`,
    'orders-drop': () => 'Orders come in as usual again',
    'attempts-stopped': () => 'Customers start checkouts again',
    silent: () => 'Checkouts arrive again',
    'shop-down': () => 'The shop answers again',
    slow: () => 'Checkout is fast again',
    database: () => 'The database answers in time again',
    'server-errors': (t) => `Checkout pages answer without errors again${succeed(t)}`,
    'payment-without-order': () => 'Every payment leads to an order again',
    declines: () => 'Payments are accepted as usual again',
    'instance-down': () => 'The instance answers again',
    watch: () => 'The watch over the checkout is whole again',
  },
  told: (teams) => `Told about it: ${teams.join(', ')}.`,
  promotion: (name) => `The promotion “${name}” is running.`,
  nothingStandsOut: 'No single part stands out: the trouble is spread over the whole checkout.',
  facts: {
    success: 'Success rate',
    failed: 'Failed',
    orders: 'Orders',
    attempts: 'Checkouts started',
    declined: 'Payments declined',
    database: 'Database p95',
    waiting: 'Waiting for a connection',
    targets: 'Instances that answer',
    serverErrors: 'Server errors',
    slowest: 'Slowest step (p95)',
    versions: 'Versions running',
    duration: 'Duration',
    worst: 'Worst success rate',
    lost: 'Orders lost (estimate)',
    money: 'Money lost (estimate)',
    alerts: 'Alerts',
  },
  headings: {
    numbers: 'In numbers',
    parts: 'What is failing',
    partsBefore: 'What was failing',
    impact: 'Impact',
    providers: 'Providers',
    query: 'Query',
    next: 'First steps',
    who: 'Who is on it',
  },
  links: { page: 'Look at the checkout', runbook: 'Runbook', dashboard: 'Dashboard' },
  unseen: 'not to be seen',
  nowAndBefore: (now, before) => (before === undefined ? now : `${now} (before ${before})`),
  outOf: (failed, all) => `about ${failed} of ${all} checkouts`,
  perMinute: (value) => `${value} a minute`,
  failPercent: (share) => `${share} fail`,
  estimateNote:
    'Losses are estimates from the recent past, with the range that they lie in about nine times out of ten. Technical failures only: declined cards are not counted.',
  labelNames: LABEL_NAMES,
  verdict: {
    good: (success) => `Checkout works: ${success} of purchases succeed.`,
    quiet: 'All is quiet: nobody is buying at the moment.',
    noData: 'No data yet: the shop has not been seen.',
    stale: (clock) => `No data since ${clock}: what is shown here is old.`,
    failing: (success, where) =>
      `Checkout is failing: only ${success} of purchases succeed${where === undefined ? '' : ` (${where})`}.`,
    warning: (success, where) =>
      `Checkout has trouble: ${success} of purchases succeed${where === undefined ? '' : ` (${where})`}.`,
    recovering: (success) => `Checkout is recovering: ${success} of purchases succeed again.`,
    fewAttempts: 'Customers see the shop but hardly anybody starts a checkout.',
    slowSteps: (success) => `Checkout works but is slow: ${success} of purchases succeed after a long wait.`,
    down: 'The shop does not answer.',
  },
};

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
