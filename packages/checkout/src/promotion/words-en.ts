import type { PromotionWords } from './words.ts';

/** English. */
export const promotionWordsEn: PromotionWords = {
  topics: {
    targets: 'Targets',
    rules: 'Rules',
    alerts: 'Alerts',
    receivers: 'Receivers',
    budget: 'Error budget',
    headroom: 'Requests',
  },
  resources: { processor: 'Processor', pool: 'Database pool', memory: 'Memory', eventLoop: 'Event loop' },
  exporters: {
    processor: 'process_cpu_seconds_total of the shop',
    pool: 'db_pool_connections and db_pool_max_connections (instrumentPool exports both)',
    memory: 'node_memory_MemAvailable_bytes (node_exporter exports it)',
  },
  states: { ready: 'ready', 'not-ready': 'NOT READY', 'not-known': 'not known' },
  findings: {
    targets: (job, up, all) => `${up} of ${all} targets of ${job} answer`,
    notScraped: (job) => `no target of ${job} is scraped`,
    notCounted: 'the shop reports no checkouts',
    rulesWell: 'every rule is evaluated without a failure',
    rulesUnknown: 'whether rules fail is not recorded here',
    rulesFail: (count, first, error) =>
      count === 1 ? `${first} fails: ${error}` : `${count} rules fail, among them ${first}: ${error}`,
    ruleFailures: (count) => `${count} evaluations of rules failed in the last hour`,
    noPages: 'nothing is wrong now',
    pages: (names) => `firing now: ${names.join(', ')}`,
    delivered: (receiver, ago) => `${receiver} took a message ${ago} ago`,
    neverDelivered: (receiver) => `${receiver} never took a message`,
    receiversUnknown: 'messages are sent by another program, so whether they arrive is not known here',
    noReceivers: 'nobody would be told',
    budgetLeft: (name, share) => `${name}: ${share} is left`,
    budgetSpent: (name) => `${name}: nothing is left`,
    budgetUnknown: (name) => `${name}: not measured yet`,
    load: (peak, expected) => `up to ${peak} a minute were seen, up to ${expected} are to be expected`,
    noLoad: 'no requests were seen, so nothing can be said about headroom',
    notMeasured: (exporter) => `not measured; it takes ${exporter}`,
    tooLittleSeen: (most) => `up to ${most} in use; too little was seen to say how that grows with traffic`,
    manyCores: (cores) => `up to ${cores} cores in use; how many there are is not exported`,
    expected: (most, mid, low, high) => `up to ${most} in use; about ${mid} to be expected (${low} – ${high})`,
    lag: (seconds) => `in 19 of 20 scrapes of the last day its slowest hundredth waited ${seconds} at most`,
  },
  toDo: {
    targets: 'start what is down, or take it out of targets',
    notCounted: 'check the instrumentation: checkout_attempts_total and checkout_outcomes_total',
    rules: 'mend the rule: tillwatch check tells where',
    selfScrape: 'let the watch scrape itself',
    pages: 'end the incident first',
    receivers: (pageUrl) => `send a test: tillwatch notify test --url ${pageUrl}`,
    noReceivers: 'add teams with Slack or e-mail to tillwatch.yaml',
    budget: 'find what has failed; hold back releases',
    loadTest: 'a load test would tell',
    resources: {
      processor: 'add instances or faster ones',
      pool: 'allow more connections, or shorten transactions',
      memory: 'add memory or instances',
    },
  },
  message: {
    ready: (promotion, factor) => `${promotion}: all is ready for ${factor} times the usual traffic`,
    readyAsKnown: (promotion, factor) =>
      `${promotion}: ready for ${factor} times the usual traffic, as far as it is known`,
    notReady: (promotion, count) => `${promotion}: ${count === 1 ? 'one thing is' : `${count} things are`} not ready`,
    businessReady: 'The shop and its watch were checked: nothing stands in the way.',
    businessNotReady: 'The check of the shop found something that is not ready yet. Operations have the list.',
    toDoHeading: 'To do before the start',
    unknownHeading: 'Not known',
    readyHeading: 'Ready',
    link: 'All of it',
    footer: 'The check before a promotion; the report follows when it is over.',
  },
  report: {
    title: (promotion, factor, orders) =>
      factor === undefined
        ? `${promotion}: ${orders} orders`
        : `${promotion}: ${orders} orders, ${factor} times the usual traffic`,
    soFar: (promotion) => `${promotion} so far`,
    lead: (orders, money, factor, expectedFactor) =>
      factor === undefined
        ? `${orders} orders worth ${money} came in.`
        : `${orders} orders worth ${money} came in, with ${factor} times the usual traffic; ${expectedFactor} times was expected.`,
    noUsual: 'What is usual is not known: there are no figures of the time before.',
    numbers: 'In numbers',
    names: {
      orders: 'Orders',
      money: 'Revenue',
      attempts: 'Checkouts started',
      successRate: 'Success rate',
      factor: 'Times the usual traffic',
      peak: 'Best minute',
      slowest: 'Slowest moment',
      worst: 'Worst moment',
    },
    compared: (during, expected, usual) =>
      [during, expected === undefined ? '' : `expected ${expected}`, usual === undefined ? '' : `usual ${usual}`]
        .filter(Boolean)
        .join(' · '),
    comparedRate: (during, before, objective) =>
      [during, before === undefined ? '' : `before ${before}`, `objective ${objective}`].filter(Boolean).join(' · '),
    comparedFactor: (reached, expected) => `${reached ?? 'not known'} · expected ${expected}`,
    at: (value, time) => `${value} (${time})`,
    slowest: (seconds, step, time) => `${seconds} for ${step} (p95, ${time})`,
    incidents: 'Incidents',
    noIncidents: 'None: nobody had to be woken.',
    incident: (from, duration, alerts, orders, money) =>
      `${from}, ${duration}: ${alerts}; about ${orders} orders (${money}) lost`,
    lostInAll: (orders, money) => `In all about ${orders} orders (${money}) were lost.`,
    basis: (kind) =>
      kind === 'week-before'
        ? 'Usual: the same hours of a week without a promotion.'
        : 'Usual: the pace of the time before, up to a day.',
    link: 'The whole report',
  },
};
