import type { Briefing, BriefingBlock } from '@tillwatch/model';
import type { Finding } from '../diagnosis/outcome-cell.ts';
import type { Incident } from '../incident/incident.ts';
import { isUnseen } from '../incident/incident-kind.ts';
import { windowsFor } from '../plan/windows.ts';
import type { TeamSettings, TillwatchConfig } from '../settings/tillwatch-config.ts';
import { languageBase } from '../words/alert-words.ts';
import { type BriefingWords, briefingWords, type LossTelling, type Telling } from '../words/briefing-words.ts';
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
  const words = briefingWords(languageBase(team.language));
  const numbers = new Numbers(team.language, config.shop.currency, config.shop.timezone);
  const story: Story = { incident, team, config, words, numbers, telling: tell(incident, words, numbers) };
  return {
    tone: incident.isOver ? 'resolved' : incident.isPage && !isRecovering(story) ? 'page' : 'inform',
    title: title(story),
    lead: incident.isOver ? leadWhenOver(story) : lead(story),
    blocks: (incident.isOver ? blocksWhenOver(story) : blocks(story)).filter(hasContent),
    links: links(story, pageUrl),
    footer: `${config.shop.name} · ${words.estimateNote}`,
    language: team.language,
  };
}

interface Story {
  readonly incident: Incident;
  readonly team: TeamSettings;
  readonly config: TillwatchConfig;
  readonly words: BriefingWords;
  readonly numbers: Numbers;
  readonly telling: Telling;
}

function tell(
  { figures, diagnosis, sinceMs, labels, kind, alertNames }: Incident,
  words: BriefingWords,
  numbers: Numbers,
): Telling {
  const share = (value: number | undefined) => (value === undefined ? undefined : numbers.percent(value));
  const rate = (value: number | undefined) => (value === undefined ? undefined : numbers.rough(value));
  const { slowestStep, databaseP95Seconds, poolWaiting } = figures;
  return {
    numbers,
    success: share(figures.successRate.now),
    successBefore: share(figures.successRate.before),
    failing: figures.successRate.now === undefined ? undefined : numbers.percent(1 - figures.successRate.now),
    attempts: rate(figures.attemptsPerMinute.now),
    attemptsBefore: rate(figures.attemptsPerMinute.before),
    orders: rate(figures.ordersPerMinute.now),
    ordersBefore: rate(figures.ordersPerMinute.before),
    declined: share(figures.declineRate.now),
    slowest:
      slowestStep === undefined
        ? undefined
        : {
            part: words.part({
              step: slowestStep.step,
              ...(slowestStep.provider === '' ? {} : { provider: slowestStep.provider }),
            }),
            seconds: numbers.seconds(slowestStep.seconds),
          },
    databaseSeconds: databaseP95Seconds.now === undefined ? undefined : numbers.seconds(databaseP95Seconds.now),
    waiting: poolWaiting === undefined || poolWaiting === 0 ? undefined : numbers.count(poolWaiting),
    culprit: (kind === 'attempts-stopped' ? diagnosis.missing : diagnosis.failures)[0],
    since: numbers.clock(sinceMs),
    alertNames,
    labels,
  };
}

function title(story: Story): string {
  const { incident, team, words, telling } = story;
  const headlines = team.audience === 'business' ? words.plainHeadline : words.headline;
  const headline = headlines[incident.kind];
  // No word of what was bad: its numbers would be from now, when all is well again.
  if (incident.isOver) return cut(`${words.allClear}: ${words.recovered[incident.kind](telling)}`);
  if (isRecovering(story)) return cut(words.recovering(telling));
  return cut(incident.isPage ? headline(telling) : `${words.notice}: ${headline(telling)}`);
}

/** Alerts outlast their fault for some minutes, so that a flapping one is one incident: the words must not call that failing. */
function isRecovering({ incident, config }: Story): boolean {
  const { now } = incident.figures.successRate;
  return incident.kind === 'failures' && now !== undefined && now >= 1 - config.objectives.errorRate;
}

function lead(story: Story): string {
  const { incident, team, words, numbers, telling } = story;
  const since = words.since(telling.since, numbers.duration(incident.untilMs - incident.sinceMs));
  const meaning = isRecovering(story) ? words.recoveringMeaning : words.meaning[incident.kind](telling);
  if (team.audience === 'business') return [since, meaning, lossSentence(story)].filter(Boolean).join(' ');
  return `${since} ${meaning}`;
}

function lossSentence(story: Story): string {
  const { incident, words, numbers } = story;
  if (!losesOrders(incident)) return '';
  if (incident.loss.orders.mid < 1) return words.noLoss;
  const loss = tellLoss(incident, numbers);
  // What works again costs nothing more.
  return isRecovering(story) ? words.lossTotal(loss) : words.lossSoFar(loss);
}

/** Kinds that cost orders; the others are told without a figure that would only be noise. */
function losesOrders({ kind }: Incident): boolean {
  return kind !== 'declines' && kind !== 'watch' && kind !== 'instance-down' && kind !== 'payment-without-order';
}

function tellLoss({ loss }: Incident, numbers: Numbers): LossTelling {
  return {
    orders: numbers.count(loss.orders.mid),
    ordersRange: numbers.countRange(loss.orders),
    money: loss.money.mid > 0 ? numbers.money(loss.money.mid) : undefined,
    moneyRange: numbers.moneyRange(loss.money),
    ordersPerHour: numbers.count(loss.ordersPerHour.mid),
    moneyPerHour: numbers.money(loss.moneyPerHour.mid),
  };
}

function blocks(story: Story): BriefingBlock[] {
  const { incident, team, words } = story;
  const shared: BriefingBlock[] = [
    { kind: 'list', heading: words.headings.parts, items: parts(story) },
    { kind: 'text', heading: words.headings.impact, text: team.audience === 'business' ? '' : lossSentence(story) },
  ];
  switch (team.audience) {
    case 'dev':
      return [...shared, { kind: 'facts', heading: words.headings.numbers, facts: numbersForDev(story) }, query(story)];
    case 'ops':
      return [
        ...shared,
        { kind: 'facts', heading: words.headings.numbers, facts: numbersForOps(story) },
        { kind: 'list', heading: words.headings.providers, items: providers(story) },
        { kind: 'list', heading: words.headings.next, items: words.firstSteps[incident.kind](story.telling) },
      ];
    case 'business':
      return [
        { kind: 'facts', heading: words.headings.numbers, facts: numbersForBusiness(story) },
        { kind: 'text', heading: words.headings.who, text: whoIsOnIt(story) },
      ];
  }
}

/** The failing parts, one line each, with the reasons given. */
function parts({ incident, words, numbers }: Story): string[] {
  const { diagnosis, kind, promotion } = incident;
  const lines = [
    ...diagnosis.failures.map((finding) => `${words.finding(finding, numbers)}${reasons(finding, words, numbers)}`),
    ...(kind === 'attempts-stopped' || kind === 'orders-drop'
      ? diagnosis.missing.map((finding) => words.missing(finding, numbers))
      : []),
  ];
  const looksForParts =
    kind === 'failures' || kind === 'attempts-stopped' || kind === 'orders-drop' || kind === 'trickle';
  if (lines.length === 0 && looksForParts) lines.push(words.nothingStandsOut);
  if (promotion !== undefined) lines.push(words.promotion(promotion));
  return lines;
}

function reasons(finding: Finding, words: BriefingWords, numbers: Numbers): string {
  if (finding.reasons.length === 0) return '';
  return `: ${finding.reasons.map(({ reason, count }) => words.reason(reason, numbers.count(count))).join(', ')}`;
}

/** While the shop does not answer, its figures are the last ones from before. */
function isBlind({ kind, isOver }: Incident): boolean {
  return kind === 'shop-down' && !isOver;
}

type Facts = { name: string; value: string }[];

/** Facts whose value could not be measured are left out. */
function facts(entries: readonly (readonly [name: string, value: string | undefined])[]): Facts {
  return entries.flatMap(([name, value]) => (value === undefined || value === '' ? [] : [{ name, value }]));
}

function mainNumbers({ words, telling, incident }: Story): (readonly [string, string | undefined])[] {
  const { facts: names } = words;
  if (isBlind(incident)) {
    const before = telling.ordersBefore === undefined ? undefined : words.perMinute(telling.ordersBefore);
    return [[names.orders, words.nowAndBefore(words.unseen, before)]];
  }
  const pair = (now: string | undefined, before: string | undefined) =>
    now === undefined ? undefined : words.nowAndBefore(now, before);
  const perMinute = (now: string | undefined, before: string | undefined) =>
    now === undefined ? undefined : words.nowAndBefore(words.perMinute(now), before);
  return [
    [names.success, pair(telling.success, telling.successBefore)],
    [names.orders, perMinute(telling.orders, telling.ordersBefore)],
    [names.attempts, perMinute(telling.attempts, telling.attemptsBefore)],
  ];
}

/** How many checkouts the rates are about: one of one is another story than four hundred of four hundred. */
function sampleSize({ incident, words, numbers }: Story): readonly [string, string | undefined] {
  const { sample } = incident.figures;
  const isAbout = incident.kind === 'failures' || incident.kind === 'trickle';
  if (sample === undefined || !isAbout || sample.finished < 0.5) return [words.facts.failed, undefined];
  return [words.facts.failed, words.outOf(numbers.count(sample.failed), numbers.count(sample.finished))];
}

function numbersForDev(story: Story): Facts {
  const { words, incident, telling } = story;
  const { facts: names } = words;
  return facts([
    ...culpritFacts(story),
    ...mainNumbers(story),
    sampleSize(story),
    [
      names.slowest,
      telling.slowest === undefined || isBlind(incident)
        ? undefined
        : `${telling.slowest.part}: ${telling.slowest.seconds}`,
    ],
    [names.versions, incident.figures.versions.join(', ')],
    [names.alerts, incident.alertNames.join(', ')],
  ]);
}

function numbersForOps(story: Story): Facts {
  const { words, incident, telling, numbers } = story;
  const { facts: names } = words;
  const { figures } = incident;
  return facts([
    ...culpritFacts(story),
    ...mainNumbers(story),
    sampleSize(story),
    [names.targets, figures.targets.all === 0 ? undefined : `${figures.targets.up} / ${figures.targets.all}`],
    [names.database, isBlind(incident) ? undefined : telling.databaseSeconds],
    [names.waiting, telling.waiting],
    [
      names.serverErrors,
      figures.serverErrorsPerMinute === undefined || figures.serverErrorsPerMinute < 0.5
        ? undefined
        : words.perMinute(numbers.rough(figures.serverErrorsPerMinute)),
    ],
    [names.declined, incident.kind === 'declines' ? telling.declined : undefined],
    [names.alerts, incident.alertNames.join(', ')],
  ]);
}

/** The failing part label by label, for readers who copy it into a query. */
function culpritFacts({ telling, words }: Story): (readonly [string, string])[] {
  const labels = telling.culprit?.labels ?? {};
  return Object.entries(words.labelNames)
    .filter(([name]) => labels[name] !== undefined)
    .map(([name, word]) => [word.charAt(0).toUpperCase() + word.slice(1), labels[name] as string] as const);
}

function numbersForBusiness(story: Story): Facts {
  const { words, incident, numbers } = story;
  const { facts: names } = words;
  const { loss } = incident;
  const isLosing = losesOrders(incident) && loss.orders.mid >= 1;
  return facts([
    [names.lost, isLosing ? `${numbers.count(loss.orders.mid)} (${numbers.countRange(loss.orders)})` : undefined],
    [
      names.money,
      isLosing && loss.money.mid > 0
        ? `${numbers.money(loss.money.mid)} (${numbers.moneyRange(loss.money)})`
        : undefined,
    ],
    ...mainNumbers(story).slice(0, 2),
    sampleSize(story),
  ]);
}

function providers({ incident, words, numbers }: Story): string[] {
  if (isBlind(incident)) return [];
  const bad = incident.figures.providers.filter(({ errorRate }) => errorRate > 0.005);
  return bad
    .slice(0, 5)
    .map(({ provider, errorRate }) => `${provider}: ${words.failPercent(numbers.percent(errorRate))}`);
}

function query({ incident, config, words, telling }: Story): BriefingBlock {
  const { pair } = windowsFor(config);
  const matchers = Object.entries(telling.culprit?.labels ?? {}).map(
    ([name, value]) => `,${name}=${JSON.stringify(value)}`,
  );
  const text =
    incident.kind === 'attempts-stopped' || incident.kind === 'silent'
      ? `sum by (channel, region) (rate(checkout_attempts_total[${pair}])) * 60`
      : `sum by (step, provider, reason) (rate(checkout_outcomes_total{outcome="failure",reason_class="technical"${matchers.join('')}}[${pair}])) * 60`;
  return { kind: 'code', heading: words.headings.query, text };
}

function whoIsOnIt({ config, words }: Story): string {
  const teams = config.teams.filter(({ audience }) => audience !== 'business').map(({ name }) => name);
  return teams.length === 0 ? '' : words.told(teams);
}

function leadWhenOver(story: Story): string {
  const { incident, words, numbers, telling } = story;
  const duration = numbers.duration(incident.untilMs - incident.sinceMs);
  const total =
    losesOrders(incident) && incident.loss.orders.mid >= 1 ? words.lossTotal(tellLoss(incident, numbers)) : '';
  return [
    `${words.recovered[incident.kind](telling)}.`,
    words.lasted(duration, telling.since, numbers.clock(incident.untilMs)),
    total,
  ]
    .filter(Boolean)
    .join(' ');
}

function blocksWhenOver(story: Story): BriefingBlock[] {
  const { incident, team, words, numbers, telling } = story;
  const { facts: names } = words;
  const { loss } = incident;
  const lost = losesOrders(incident) && loss.orders.mid >= 1;
  // Where customers did not get as far as failing, the rate of those who did says nothing.
  const worst = isUnseen(incident.kind) || incident.kind === 'attempts-stopped' ? undefined : incident.worstSuccessRate;
  const summary = facts([
    [names.success, telling.success],
    [names.worst, worst === undefined ? undefined : numbers.percent(worst)],
    sampleSize(story),
    [names.duration, numbers.duration(incident.untilMs - incident.sinceMs)],
    [names.lost, lost ? `${numbers.count(loss.orders.mid)} (${numbers.countRange(loss.orders)})` : undefined],
    [
      names.money,
      lost && loss.money.mid > 0 ? `${numbers.money(loss.money.mid)} (${numbers.moneyRange(loss.money)})` : undefined,
    ],
    [names.alerts, team.audience === 'business' ? undefined : incident.alertNames.join(', ')],
  ]);
  const wasWrong = incident.diagnosis.failures.concat(
    incident.kind === 'attempts-stopped' ? incident.diagnosis.missing : [],
  );
  return [
    { kind: 'facts', heading: words.headings.numbers, facts: summary },
    {
      kind: 'list',
      heading: words.headings.partsBefore,
      items:
        team.audience === 'business'
          ? []
          : wasWrong.map((finding) => `${words.part(finding.labels)}${reasons(finding, words, numbers)}`),
    },
  ];
}

function links({ incident, team, config, words }: Story, pageUrl: string): { text: string; url: string }[] {
  const page = pageUrl.replace(/\/+$/, '');
  const { shop } = config;
  const all = [{ text: words.links.page, url: `${page}/` }];
  if (team.audience === 'business') return all;
  const runbooks = shop.runbookUrl.startsWith(shop.pageUrl)
    ? shop.runbookUrl.replace(shop.pageUrl, page)
    : shop.runbookUrl;
  all.push({ text: words.links.runbook, url: `${runbooks}/${incident.alert}` });
  if (shop.dashboardUrl !== shop.pageUrl) all.push({ text: words.links.dashboard, url: shop.dashboardUrl });
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

function cut(text: string): string {
  const characters = [...text];
  return characters.length <= MAX_TITLE ? text : `${characters.slice(0, MAX_TITLE - 1).join('')}…`;
}
