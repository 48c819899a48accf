import type { Briefing, BriefingBlock } from '@tillwatch/model';
import type { Finding } from '../diagnosis/outcome-cell.ts';
import type { FailureExample } from '../failures/failure-example.ts';
import type { Estimate } from '../impact/estimate-loss.ts';
import type { Incident } from '../incident/incident.ts';
import { isUnseen } from '../incident/incident-kind.ts';
import { windowsFor } from '../plan/windows.ts';
import type { TeamSettings, TillwatchConfig } from '../settings/tillwatch-config.ts';
import { BriefingWords } from '../words/briefing-words.ts';
import { isAboutDatabase } from '../words/hints.ts';
import type { Values } from '../words/message-text.ts';
import { Numbers } from './numbers.ts';

/** Longer titles are cut by e-mail programs and refused by some media. */
const MAX_TITLE = 150;

/** The incident in the words of one team. Plain text: who renders it escapes it. */
export function composeBriefing(
  incident: Incident,
  team: TeamSettings,
  config: TillwatchConfig,
  pageUrl: string,
): Briefing {
  const words = new BriefingWords(team.audience, team.language, config.messages.overrides);
  const numbers = new Numbers(team.language, config.shop.currency, team.timezone);
  const story: Story = { incident, team, config, words, numbers, values: valuesOf(incident, words, numbers) };
  return {
    tone: incident.isOver ? 'resolved' : incident.isPage && !isRecovering(story) ? 'page' : 'inform',
    title: cut(title(story)),
    lead: incident.isOver ? leadWhenOver(story) : lead(story),
    blocks: (incident.isOver ? blocksWhenOver(story) : blocks(story)).filter(hasContent),
    links: links(story, pageUrl),
    footer: `${config.shop.name} · ${words.texts.estimate_note}`,
    language: team.language,
  };
}

interface Story {
  readonly incident: Incident;
  readonly team: TeamSettings;
  readonly config: TillwatchConfig;
  readonly words: BriefingWords;
  readonly numbers: Numbers;
  /** What the placeholders of texts about the incident as a whole stand for. */
  readonly values: Values;
}

function valuesOf(incident: Incident, words: BriefingWords, numbers: Numbers): Values {
  const { figures, sinceMs, labels, kind } = incident;
  const share = (value: number | undefined) => (value === undefined ? undefined : numbers.percent(value));
  const rate = (value: number | undefined) => (value === undefined ? undefined : numbers.rough(value));
  const { slowestStep, databaseP95Seconds, poolWaiting } = figures;
  const culprit = culpritOf(incident);
  const slowest =
    slowestStep === undefined
      ? undefined
      : words.part({
          step: slowestStep.step,
          ...(slowestStep.provider === '' ? {} : { provider: slowestStep.provider }),
        });
  const named = kind === 'payment-without-order' ? { ...labels, ...culprit?.labels } : culprit?.labels;
  return {
    success: share(figures.successRate.now),
    success_before: share(figures.successRate.before),
    failing: figures.successRate.now === undefined ? undefined : numbers.percent(1 - figures.successRate.now),
    attempts: rate(figures.attemptsPerMinute.now),
    attempts_before: rate(figures.attemptsPerMinute.before),
    orders: rate(figures.ordersPerMinute.now),
    orders_before: rate(figures.ordersPerMinute.before),
    declined: share(figures.declineRate.now),
    slow_part: slowest,
    slow_seconds: slowestStep === undefined ? undefined : numbers.seconds(slowestStep.seconds),
    database_seconds: databaseP95Seconds.now === undefined ? undefined : numbers.seconds(databaseP95Seconds.now),
    waiting: poolWaiting === undefined || poolWaiting === 0 ? undefined : numbers.count(poolWaiting),
    part: culprit === undefined ? undefined : words.part(culprit.labels),
    customers: words.customers(culprit?.labels),
    provider: named?.provider,
    step: named?.step,
    method: named?.method,
    region: named?.region,
    channel: named?.channel,
    version: named?.version,
    instance: labels.instance ?? named?.instance,
    job: labels.job,
    route: labels.route,
    since: numbers.clock(sinceMs),
  };
}

/** The part that carries most of the trouble. */
function culpritOf({ kind, diagnosis }: Incident): Finding | undefined {
  return (kind === 'attempts-stopped' ? diagnosis.missing : diagnosis.failures)[0];
}

function title(story: Story): string {
  const { incident, team, words, values } = story;
  const { texts } = words;
  // No word of what was bad: its numbers would be from now, when all is well again.
  if (incident.isOver) return `${texts.all_clear}: ${words.say(texts.recovered[incident.kind], values)}`;
  if (isRecovering(story)) return words.say(texts.recovering, values);
  const isQueue = incident.kind === 'database' && team.audience !== 'business' && values.waiting !== undefined;
  const headline = words.say(isQueue ? texts.pool_exhausted : texts.headline[incident.kind], values);
  return incident.isPage ? headline : `${texts.notice}: ${headline}`;
}

/** Alerts outlast their fault for some minutes, so that a flapping one is one incident: the words must not call that failing. */
function isRecovering({ incident, config }: Story): boolean {
  const { now } = incident.figures.successRate;
  return incident.kind === 'failures' && now !== undefined && now >= 1 - config.objectives.errorRate;
}

function lead(story: Story): string {
  const { incident, team, words, numbers, values } = story;
  const { texts } = words;
  const since = words.say(texts.since, {
    clock: values.since,
    duration: numbers.duration(incident.untilMs - incident.sinceMs),
  });
  const meaning = isRecovering(story) ? texts.recovering_meaning : texts.meaning[incident.kind];
  const sentences = [since, capital(words.say(meaning, values))];
  if (team.audience === 'business') sentences.push(lossSentence(story));
  return sentences.filter(Boolean).join(' ');
}

function lossSentence(story: Story): string {
  const { incident, words } = story;
  const { texts } = words;
  if (!losesOrders(incident)) return '';
  if (!hasLost(incident)) return texts.nothing_lost;
  // What works again costs nothing more.
  const text = isRecovering(story) ? texts.lost_in_total : texts.lost_so_far;
  return words.say(text, lossValues(story));
}

/** Kinds that cost orders; the others are told without a figure that would only be noise. */
function losesOrders({ kind }: Incident): boolean {
  return kind !== 'declines' && kind !== 'watch' && kind !== 'instance-down' && kind !== 'payment-without-order';
}

function hasLost(incident: Incident): boolean {
  return losesOrders(incident) && incident.loss.orders.mid >= 1;
}

function lossValues({ incident: { loss }, numbers, words }: Story): Values {
  const hasMoney = loss.money.mid > 0;
  const others = loss.otherMoney.filter(({ money }) => money.mid > 0).slice(0, 3);
  return {
    orders: numbers.count(loss.orders.mid),
    orders_range: loss.orders.low === loss.orders.high ? undefined : numbers.countRange(loss.orders),
    money: hasMoney ? numbers.money(loss.money.mid) : undefined,
    money_range: hasMoney ? numbers.moneyRange(loss.money) : undefined,
    per_hour: hasMoney
      ? numbers.money(loss.moneyPerHour.mid)
      : words.say(words.texts.so_many_orders, { value: numbers.count(loss.ordersPerHour.mid) }),
    other_money:
      others.length === 0
        ? undefined
        : numbers.list(others.map(({ currency, money }) => numbers.money(money.mid, currency))),
  };
}

function blocks(story: Story): BriefingBlock[] {
  const { incident, team, words, values } = story;
  const { heading, first_steps: firstSteps, options } = words.texts;
  const shared: BriefingBlock[] = [
    { kind: 'list', heading: heading.parts, items: parts(story) },
    { kind: 'text', heading: heading.impact, text: team.audience === 'business' ? '' : impact(story) },
  ];
  switch (team.audience) {
    case 'dev':
      return [
        ...shared,
        { kind: 'list', heading: heading.examples, items: examples(story) },
        { kind: 'facts', heading: heading.numbers, facts: numbersForDev(story) },
        { kind: 'code', heading: heading.query, text: query(story) },
      ];
    case 'ops':
      return [
        ...shared,
        { kind: 'facts', heading: heading.numbers, facts: numbersForOps(story) },
        { kind: 'list', heading: heading.providers, items: providers(story) },
        {
          kind: 'list',
          heading: heading.next,
          items:
            incident.kind === 'failures' ? stepsForFailures(story) : words.sayAll(firstSteps[incident.kind], values),
        },
      ];
    case 'business':
      return [
        { kind: 'facts', heading: heading.numbers, facts: numbersForBusiness(story) },
        {
          kind: 'list',
          heading: heading.options,
          items: isRecovering(story) ? [] : words.sayAll(options[incident.kind], values),
        },
        { kind: 'text', heading: heading.who, text: whoIsOnIt(story) },
      ];
  }
}

/** What to look at follows from the part that is named and from the reasons given. */
function stepsForFailures({ incident, words, values }: Story): string[] {
  const { first_steps: firstSteps, first_steps_for: stepsFor } = words.texts;
  return [
    ...(isAboutDatabase(culpritOf(incident), incident.alertNames) ? words.sayAll(stepsFor.database, values) : []),
    ...words.sayAll(firstSteps.failures, values),
    ...(values.version === undefined ? words.sayAll(stepsFor.unknown_version, values) : []),
  ];
}

function impact(story: Story): string {
  return [lossSentence(story), retried(story)].filter(Boolean).join(' ');
}

/** Customers who got through at a second try, where there are enough of them to be worth a sentence. */
function retried({ incident, words, numbers }: Story): string {
  const { retried: orders } = incident.loss;
  if (!hasLost(incident) || orders < 3) return '';
  return words.say(words.texts.retried, { orders: numbers.count(orders) });
}

/** The failing parts, one line each, with the reasons given. */
function parts({ incident, words, numbers }: Story): string[] {
  const { diagnosis, kind, promotion } = incident;
  const { texts } = words;
  const lines = [
    ...diagnosis.failures.map(
      (finding) => `${tellFinding(finding, words, numbers)}${reasons(finding, words, numbers)}`,
    ),
    ...(kind === 'attempts-stopped' || kind === 'orders-drop'
      ? diagnosis.missing.map((finding) => tellMissing(finding, words, numbers))
      : []),
  ];
  const looksForParts =
    kind === 'failures' || kind === 'attempts-stopped' || kind === 'orders-drop' || kind === 'trickle';
  if (lines.length === 0 && looksForParts) lines.push(texts.nothing_stands_out);
  if (promotion !== undefined) lines.push(words.say(texts.promotion, { name: promotion }));
  return lines;
}

/** A part that fails, in one line. */
export function tellFinding(finding: Finding, words: BriefingWords, numbers: Numbers): string {
  return words.say(words.texts.finding, {
    part: words.part(finding.labels),
    failing: numbers.percent(finding.severity),
    share: numbers.percent(finding.share),
  });
}

/** A part in which checkouts are missing, in one line. */
export function tellMissing(finding: Finding, words: BriefingWords, numbers: Numbers): string {
  return words.say(words.texts.missing, {
    part: words.part(finding.labels),
    missing: numbers.percent(finding.severity),
  });
}

function reasons(finding: Finding, words: BriefingWords, numbers: Numbers): string {
  const told = finding.reasons.map(({ reason, count }) =>
    words.say(words.texts.reason, { reason, count: numbers.count(count) }),
  );
  return told.length === 0 ? '' : `: ${told.join(', ')}`;
}

/** The last failures that the shop logged, to follow by their trace. */
function examples({ incident, words, numbers }: Story): string[] {
  const tell = (example: FailureExample) =>
    words.say(words.texts.example, {
      clock: numbers.clock(example.atMs, 'second'),
      step: example.step,
      provider: example.provider,
      method: example.method,
      reason: example.reason,
      amount: example.amount === undefined ? undefined : numbers.amount(example.amount, example.currency),
      version: example.version,
      attempt: example.attemptId,
      trace: example.traceId,
    });
  return incident.examples.map(tell);
}

/** While the shop does not answer, its figures are the last ones from before. */
function isBlind({ kind, isOver }: Incident): boolean {
  return kind === 'shop-down' && !isOver;
}

type Fact = readonly [name: string, value: string | undefined];
type Facts = { name: string; value: string }[];

/** Facts whose value could not be measured are left out. */
function facts(entries: readonly Fact[]): Facts {
  return entries.flatMap(([name, value]) => (value === undefined || value === '' ? [] : [{ name, value }]));
}

function mainNumbers({ words, values, incident }: Story): Fact[] {
  const { texts } = words;
  const perMinute = (value: string | undefined) =>
    value === undefined ? undefined : words.say(texts.per_minute, { value });
  const pair = (now: string | undefined, before: string | undefined) =>
    now === undefined ? undefined : words.say(texts.now_and_before, { now, before });
  if (isBlind(incident)) return [[texts.fact.orders, pair(texts.unseen, perMinute(values.orders_before))]];
  // Of the few who still come in, nearly all succeed: that would only hide the trouble.
  const isRateTelling = !isUnseen(incident.kind) && incident.kind !== 'attempts-stopped';
  return [
    [texts.fact.success, isRateTelling ? pair(values.success, values.success_before) : undefined],
    [texts.fact.orders, pair(perMinute(values.orders), values.orders_before)],
    [texts.fact.attempts, pair(perMinute(values.attempts), values.attempts_before)],
  ];
}

/** How many checkouts the rates are about: one of one is another story than four hundred of four hundred. */
function sampleSize({ incident, words, numbers }: Story): Fact {
  const { sample } = incident.loss;
  const isAbout = incident.kind === 'failures' || incident.kind === 'trickle';
  const { fact, out_of: outOf } = words.texts;
  if (!isAbout || sample.finished < 0.5) return [fact.failed, undefined];
  return [fact.failed, words.say(outOf, { failed: numbers.count(sample.failed), all: numbers.count(sample.finished) })];
}

function numbersForDev(story: Story): Facts {
  const { words, incident, values } = story;
  const { fact } = words.texts;
  return facts([
    ...culpritFacts(story),
    ...mainNumbers(story),
    sampleSize(story),
    [
      fact.slowest,
      values.slow_part === undefined || isBlind(incident) ? undefined : `${values.slow_part}: ${values.slow_seconds}`,
    ],
    [fact.versions, incident.figures.versions.join(', ')],
    [fact.alerts, incident.alertNames.join(', ')],
  ]);
}

function numbersForOps(story: Story): Facts {
  const { words, incident, values, numbers } = story;
  const { fact, per_minute: perMinute } = words.texts;
  const { targets, serverErrorsPerMinute, eventLoopLagSeconds, memoryBytes } = incident.figures;
  const seen = <T>(value: T | undefined) => (isBlind(incident) ? undefined : value);
  return facts([
    ...culpritFacts(story),
    ...mainNumbers(story),
    sampleSize(story),
    [fact.targets, targets.all === 0 ? undefined : `${targets.up} / ${targets.all}`],
    [fact.database, seen(values.database_seconds)],
    [fact.waiting, seen(values.waiting)],
    [
      fact.server_errors,
      serverErrorsPerMinute === undefined || serverErrorsPerMinute < 0.5
        ? undefined
        : words.say(perMinute, { value: numbers.rough(serverErrorsPerMinute) }),
    ],
    [fact.event_loop, eventLoopLagSeconds === undefined ? undefined : seen(numbers.seconds(eventLoopLagSeconds))],
    [fact.memory, memoryBytes === undefined ? undefined : seen(numbers.megabytes(memoryBytes))],
    [fact.declined, incident.kind === 'declines' ? values.declined : undefined],
    [fact.alerts, incident.alertNames.join(', ')],
  ]);
}

/** The failing part label by label, for readers who copy it into a query. */
function culpritFacts({ incident, words }: Story): Fact[] {
  const labels = culpritOf(incident)?.labels ?? {};
  return Object.entries(words.texts.label)
    .filter(([name]) => labels[name] !== undefined)
    .map(([name, text]) => [capital(words.say(text, { value: '' }).trim()), labels[name]]);
}

function lossFacts(story: Story): Fact[] {
  const { words, incident, numbers } = story;
  const { fact } = words.texts;
  const { orders, money, otherMoney } = incident.loss;
  if (!hasLost(incident)) return [];
  const ranged = ({ mid, low, high }: Estimate, write: (value: number) => string) =>
    words.say(words.texts.range, { mid: write(mid), ...(low === high ? {} : { low: write(low), high: write(high) }) });
  const amounts = [
    ...(money.mid > 0 ? [ranged(money, (value) => numbers.money(value))] : []),
    ...otherMoney
      .filter((other) => other.money.mid > 0)
      .map((other) => ranged(other.money, (value) => numbers.money(value, other.currency))),
  ];
  return [
    [fact.lost, ranged(orders, (value) => numbers.count(value))],
    [fact.money, amounts.join(' + ')],
    [fact.retried, incident.loss.retried < 3 ? undefined : numbers.count(incident.loss.retried)],
  ];
}

function numbersForBusiness(story: Story): Facts {
  const { attempts } = story.words.texts.fact;
  const isAboutAttempts = story.incident.kind === 'attempts-stopped' || story.incident.kind === 'silent';
  const main = mainNumbers(story).filter(([name]) => isAboutAttempts || name !== attempts);
  return facts([...lossFacts(story), ...main, sampleSize(story)]);
}

function providers({ incident, words, numbers }: Story): string[] {
  if (isBlind(incident)) return [];
  const bad = incident.figures.providers.filter(({ errorRate }) => errorRate > 0.005);
  return bad
    .slice(0, 5)
    .map(
      ({ provider, errorRate }) =>
        `${provider}: ${words.say(words.texts.fail_share, { share: numbers.percent(errorRate) })}`,
    );
}

function query({ incident, config }: Story): string {
  const { pair } = windowsFor(config);
  const matchers = Object.entries(culpritOf(incident)?.labels ?? {}).map(
    ([name, value]) => `,${name}=${JSON.stringify(value)}`,
  );
  return incident.kind === 'attempts-stopped' || incident.kind === 'silent'
    ? `sum by (channel, region) (rate(checkout_attempts_total[${pair}])) * 60`
    : `sum by (step, provider, reason) (rate(checkout_outcomes_total{outcome="failure",reason_class="technical"${matchers.join('')}}[${pair}])) * 60`;
}

function whoIsOnIt({ config, words, numbers }: Story): string {
  const teams = config.teams.filter(({ audience }) => audience !== 'business').map(({ name }) => name);
  return teams.length === 0 ? '' : words.say(words.texts.who_is_told, { teams: numbers.list(teams) });
}

function leadWhenOver(story: Story): string {
  const { incident, words, numbers, values } = story;
  const { texts } = words;
  return [
    `${words.say(texts.recovered[incident.kind], values)}.`,
    words.say(texts.lasted, {
      duration: numbers.duration(incident.untilMs - incident.sinceMs),
      from: values.since,
      to: numbers.clock(incident.untilMs),
    }),
    hasLost(incident) ? words.say(texts.lost_in_total, lossValues(story)) : '',
  ]
    .filter(Boolean)
    .join(' ');
}

function blocksWhenOver(story: Story): BriefingBlock[] {
  const { incident, team, words, numbers, values } = story;
  const { fact, heading } = words.texts;
  // Where customers did not get as far as failing, the rate of those who did says nothing.
  const worst = isUnseen(incident.kind) || incident.kind === 'attempts-stopped' ? undefined : incident.worst;
  const summary = facts([
    [fact.success, values.success],
    [fact.worst, worst === undefined ? undefined : numbers.percent(worst.successRate)],
    [fact.worst_moment, worst === undefined ? undefined : numbers.clock(worst.atMs)],
    sampleSize(story),
    [fact.duration, numbers.duration(incident.untilMs - incident.sinceMs)],
    ...lossFacts(story),
    [fact.alerts, team.audience === 'business' ? undefined : incident.alertNames.join(', ')],
  ]);
  const wasWrong = incident.diagnosis.failures.concat(
    incident.kind === 'attempts-stopped' ? incident.diagnosis.missing : [],
  );
  return [
    { kind: 'facts', heading: heading.numbers, facts: summary },
    { kind: 'text', heading: heading.recovered, text: cameBack(story) },
    {
      kind: 'list',
      heading: heading.options,
      items: team.audience === 'business' && hasLost(incident) ? words.sayAll(words.texts.win_back, values) : [],
    },
    {
      kind: 'list',
      heading: heading.parts_before,
      items:
        team.audience === 'business'
          ? []
          : wasWrong.map((finding) => `${words.part(finding.labels)}${reasons(finding, words, numbers)}`),
    },
    { kind: 'list', heading: heading.examples, items: team.audience === 'dev' ? examples(story) : [] },
  ];
}

/** Orders since the end beyond the usual; nothing is said where it is too early to tell. */
function cameBack({ incident, words, numbers }: Story): string {
  const { recovered } = incident;
  if (recovered === undefined || !hasLost(incident)) return '';
  const { texts } = words;
  if (recovered.orders.low < 1) return texts.nobody_came_back;
  return words.say(texts.came_back, {
    orders: numbers.count(recovered.orders.mid),
    money: recovered.money.mid > 0 ? numbers.money(recovered.money.mid) : undefined,
  });
}

function links(story: Story, pageUrl: string): { text: string; url: string }[] {
  const { incident, team, config, words } = story;
  const { link, heading } = words.texts;
  const page = pageUrl.replace(/\/+$/, '');
  const { shop } = config;
  const all = [{ text: link.page, url: `${page}/` }];
  if (team.audience === 'business') return all;
  const runbooks = shop.runbookUrl.startsWith(shop.pageUrl)
    ? shop.runbookUrl.replace(shop.pageUrl, page)
    : shop.runbookUrl;
  all.push({ text: link.runbook, url: `${runbooks}/${incident.alert}` });
  if (shop.dashboardUrl !== shop.pageUrl) all.push({ text: link.dashboard, url: shop.dashboardUrl });
  if (team.audience === 'dev' && !incident.isOver) {
    all.push({
      text: heading.query,
      url: `${page}/query?${new URLSearchParams({ expr: query(story), tab: 'graph' })}`,
    });
  }
  return all;
}

function hasContent(block: BriefingBlock): boolean {
  switch (block.kind) {
    case 'text':
    case 'code':
      return block.text !== '';
    case 'facts':
      return block.facts.length > 0;
    case 'list':
      return block.items.length > 0;
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function cut(text: string): string {
  const characters = [...text];
  return characters.length <= MAX_TITLE ? text : `${characters.slice(0, MAX_TITLE - 1).join('')}…`;
}
