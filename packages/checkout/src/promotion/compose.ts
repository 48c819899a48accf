import type { Briefing, BriefingBlock } from '@tillwatch/model';
import { Numbers } from '../briefing/numbers.ts';
import type { Promotion, TeamSettings, TillwatchConfig } from '../settings/tillwatch-config.ts';
import { type AlertWords, alertWords, languageBase } from '../words/alert-words.ts';
import { judgeReadiness, type ReadinessCheck } from './readiness.ts';
import type { ReadinessFacts } from './readiness-facts.ts';
import type { PromotionReport, ReportFigure } from './report.ts';
import { type PromotionWords, promotionWords } from './words.ts';

const MAX_TITLE = 150;

interface Reader {
  readonly words: PromotionWords;
  readonly numbers: Numbers;
  readonly factor: (value: number) => string;
  readonly dateTime: (atMs: number) => string;
  /** `Nov 28, 2026, 10:22 – 10:26 PM`. */
  readonly timeRange: (fromMs: number, toMs: number) => string;
}

/** How one reader writes numbers, money and times. */
export function readerOf(config: TillwatchConfig, language: string): Reader {
  const { currency, timezone } = config.shop;
  const time = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short', timeZone: timezone });
  const factor = new Intl.NumberFormat(language, { maximumSignificantDigits: 2 });
  return {
    words: promotionWords(language),
    numbers: new Numbers(language, currency, timezone),
    factor: (value) => factor.format(value),
    dateTime: (atMs) => plainSpaces(time.format(atMs)),
    timeRange: (fromMs, toMs) => plainSpaces(time.formatRange(fromMs, toMs)),
  };
}

/** Intl writes narrow spaces that mail programs do not all know. */
function plainSpaces(text: string): string {
  return text.replaceAll(/[\u2009\u202f]/g, ' ');
}

/** The check before a promotion as a message to one team. The business side is spared what it cannot mend. */
export function readinessBriefing(
  facts: ReadinessFacts,
  promotion: Promotion,
  team: TeamSettings,
  config: TillwatchConfig,
  pageUrl: string,
): Briefing {
  const reader = readerOf(config, team.language);
  const { words, timeRange, factor } = reader;
  const { checks, isReady } = judgeReadiness(facts, promotion, {
    settings: config.readiness,
    words,
    numbers: reader.numbers,
    pageUrl,
  });
  const { message } = words;
  const open = checks.filter(({ state }) => state === 'not-ready');
  const isKnown = checks.every(({ state }) => state !== 'not-known');
  const when = `${timeRange(promotion.fromMs, promotion.toMs)}.`;
  const lists: BriefingBlock[] = [
    { kind: 'list', heading: message.toDoHeading, items: open.map(line) },
    {
      kind: 'list',
      heading: message.unknownHeading,
      items: checks.filter(({ state }) => state === 'not-known').map(line),
    },
    { kind: 'list', heading: message.readyHeading, items: checks.filter(({ state }) => state === 'ready').map(line) },
  ];
  const isBusiness = team.audience === 'business';
  return {
    tone: 'inform',
    title: cut(
      isReady
        ? (isKnown ? message.ready : message.readyAsKnown)(promotion.name, factor(promotion.expectedFactor))
        : message.notReady(promotion.name, open.length),
    ),
    lead: isBusiness ? `${when} ${isReady ? message.businessReady : message.businessNotReady}` : when,
    blocks: isBusiness
      ? []
      : lists.filter(({ kind, ...block }) => kind === 'list' && 'items' in block && block.items.length > 0),
    links: [{ text: message.link, url: promotionUrl(pageUrl) }],
    footer: `${config.shop.name} · ${message.footer}`,
    language: team.language,
  };
}

/** What came of a promotion, as a message to one team. */
export function reportBriefing(
  report: PromotionReport,
  promotion: Promotion,
  team: TeamSettings,
  config: TillwatchConfig,
  pageUrl: string,
): Briefing {
  const { words, numbers, factor, dateTime } = readerOf(config, team.language);
  const { report: say } = words;
  const reached = report.reachedFactor === null ? undefined : factor(report.reachedFactor);
  const orders = numbers.count(report.orders.during ?? 0);
  const compared = (figure: ReportFigure, write: (value: number) => string) =>
    say.compared(
      write(figure.during ?? 0),
      figure.expected === null ? undefined : write(figure.expected),
      figure.usual === null ? undefined : write(figure.usual),
    );
  const { successRate, peak, worst, slowest, incidents } = report;
  const facts: { name: string; value: string }[] = [
    { name: say.names.orders, value: compared(report.orders, (value) => numbers.count(value)) },
    { name: say.names.money, value: compared(report.money, (value) => numbers.money(value)) },
    { name: say.names.attempts, value: compared(report.attempts, (value) => numbers.count(value)) },
    ...(successRate.during === null
      ? []
      : [
          {
            name: say.names.successRate,
            value: say.comparedRate(
              numbers.percent(successRate.during),
              successRate.usual === null ? undefined : numbers.percent(successRate.usual),
              numbers.percent(successRate.objective),
            ),
          },
        ]),
    { name: say.names.factor, value: say.comparedFactor(reached, factor(report.expectedFactor)) },
    ...(peak === null ? [] : [{ name: say.names.peak, value: say.at(numbers.rough(peak.value), dateTime(peak.atMs)) }]),
    ...(worst === null
      ? []
      : [{ name: say.names.worst, value: say.at(numbers.percent(worst.value), dateTime(worst.atMs)) }]),
    ...(slowest === null || team.audience === 'business'
      ? []
      : [
          {
            name: say.names.slowest,
            value: say.slowest(numbers.seconds(slowest.value), slowest.step, dateTime(slowest.atMs)),
          },
        ]),
  ];
  const lost = incidents.reduce((sum, { lostOrders }) => sum + lostOrders.mid, 0);
  const lostMoney = incidents.reduce((sum, { lostMoney: money }) => sum + money.mid, 0);
  const told = incidents.map(({ fromMs, toMs, alert, alerts, lostOrders, lostMoney: money }) =>
    say.incident(
      dateTime(fromMs),
      numbers.duration((toMs ?? report.untilMs) - fromMs),
      // The business side knows no alerts by name.
      team.audience === 'business' ? plainly(alert, team.language) : alerts.join(', '),
      numbers.count(lostOrders.mid),
      numbers.money(money.mid),
    ),
  );
  const lead = say.lead(orders, numbers.money(report.money.during ?? 0), reached, factor(report.expectedFactor));
  return {
    // Nothing was broken, so nothing is called mended.
    tone: 'inform',
    title: cut(report.isOver ? say.title(promotion.name, reached, orders) : say.soFar(promotion.name)),
    lead: [
      lead,
      reached === undefined ? say.noUsual : '',
      incidents.length === 0 ? '' : say.lostInAll(numbers.count(lost), numbers.money(lostMoney)),
    ]
      .filter(Boolean)
      .join(' '),
    blocks: [
      { kind: 'facts', heading: say.numbers, facts },
      told.length === 0
        ? { kind: 'text', heading: say.incidents, text: say.noIncidents }
        : { kind: 'list', heading: say.incidents, items: told },
    ],
    links: [{ text: say.link, url: promotionUrl(pageUrl) }],
    footer: [config.shop.name, report.basis === null ? '' : say.basis(report.basis)].filter(Boolean).join(' · '),
    language: team.language,
  };
}

/** What an alert means, as the middle of a sentence. */
function plainly(alert: string, language: string): string {
  const words: Partial<Record<string, AlertWords>> = alertWords[languageBase(language)];
  return words[alert]?.business.replace(/\.$/, '') ?? alert;
}

function promotionUrl(pageUrl: string): string {
  return `${pageUrl.replace(/\/+$/, '')}/?view=promotions`;
}

function line({ topic, finding, toDo }: ReadinessCheck): string {
  return toDo === '' ? `${topic}: ${finding}` : `${topic}: ${finding} → ${toDo}`;
}

function cut(text: string): string {
  return text.length <= MAX_TITLE ? text : `${text.slice(0, MAX_TITLE - 1)}…`;
}
