import type { Briefing, BriefingBlock } from '@tillwatch/model';
import { Numbers } from '../briefing/numbers.ts';
import type { Promotion, TeamSettings, TillwatchConfig } from '../settings/tillwatch-config.ts';
import { type AlertWords, alertWords, languageBase } from '../words/alert-words.ts';
import { BriefingWords, type Readers } from '../words/briefing-words.ts';
import { type CheckState, judgeReadiness, type ReadinessCheck } from './readiness.ts';
import type { ReadinessFacts } from './readiness-facts.ts';
import type { PromotionReport, ReportFigure } from './report.ts';

const MAX_TITLE = 150;

interface Reader {
  readonly words: BriefingWords;
  readonly numbers: Numbers;
  readonly factor: (value: number) => string;
  readonly dateTime: (atMs: number) => string;
  /** `Nov 28, 2026, 10:22 – 10:26 PM`. */
  readonly timeRange: (fromMs: number, toMs: number) => string;
}

/** The words for some readers of a language (BCP 47), the shop's own among them, and how they write numbers, money and times. */
export function readerOf(config: TillwatchConfig, readers: Readers, language: string): Reader {
  const { currency, timezone } = config.shop;
  const time = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short', timeZone: timezone });
  const factor = new Intl.NumberFormat(language, { maximumSignificantDigits: 2 });
  return {
    words: new BriefingWords(readers, language, config.messages.overrides),
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
  const { words, numbers, timeRange, factor } = readerOf(config, team.audience, team.language);
  const { checks, isReady } = judgeReadiness(facts, promotion, {
    settings: config.readiness,
    words,
    numbers,
    pageUrl,
  });
  const { promotion_ready: texts, promotion_lead: lead } = words.texts;
  const inState = (state: CheckState) => checks.filter((check) => check.state === state);
  const open = inState('not-ready').length;
  const title = isReady
    ? inState('not-known').length === 0
      ? texts.title
      : texts.title_as_known
    : open === 1
      ? texts.title_one_not_ready
      : texts.title_not_ready;
  const list = (heading: string, state: CheckState): BriefingBlock[] => {
    const items = inState(state).map(line);
    return items.length === 0 ? [] : [{ kind: 'list', heading: words.say(heading), items }];
  };
  return {
    tone: 'inform',
    title: cut(
      words.say(title, {
        promotion: promotion.name,
        factor: factor(promotion.expectedFactor),
        count: numbers.count(open),
      }),
    ),
    lead: words.say(isReady ? lead.ready : lead.not_ready, { when: timeRange(promotion.fromMs, promotion.toMs) }),
    blocks:
      team.audience === 'business'
        ? []
        : [...list(texts.to_do, 'not-ready'), ...list(texts.not_known, 'not-known'), ...list(texts.ready, 'ready')],
    links: [{ text: words.say(texts.link), url: promotionUrl(pageUrl) }],
    footer: `${config.shop.name} · ${words.say(texts.footer)}`,
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
  const reader = readerOf(config, team.audience, team.language);
  const { words, numbers, factor, dateTime } = reader;
  const { promotion_report: texts } = words.texts;
  const isBusiness = team.audience === 'business';
  const reached = report.reachedFactor === null ? undefined : factor(report.reachedFactor);
  const orders = numbers.count(report.orders.during ?? 0);
  const { incidents } = report;
  const told = incidents.map(({ fromMs, toMs, alert, alerts, lostOrders, lostMoney }) =>
    words.say(texts.incident, {
      from: dateTime(fromMs),
      duration: numbers.duration((toMs ?? report.untilMs) - fromMs),
      // The business side knows no alerts by name.
      alerts: isBusiness ? plainly(alert, team.language) : alerts.join(', '),
      orders: numbers.count(lostOrders.mid),
      money: numbers.money(lostMoney.mid),
    }),
  );
  const lead = words.say(texts.lead, {
    orders,
    money: numbers.money(report.money.during ?? 0),
    factor: reached,
    expected_factor: factor(report.expectedFactor),
  });
  const lost = words.say(texts.lost_in_total, {
    orders: numbers.count(incidents.reduce((sum, { lostOrders }) => sum + lostOrders.mid, 0)),
    money: numbers.money(incidents.reduce((sum, { lostMoney }) => sum + lostMoney.mid, 0)),
  });
  const title = report.isOver ? texts.title : texts.title_so_far;
  const usual = report.basis === null ? '' : words.say(texts.usual_is[USUAL[report.basis]]);
  return {
    // Nothing was broken, so nothing is called mended.
    tone: 'inform',
    title: cut(words.say(title, { promotion: promotion.name, factor: reached, orders })),
    lead: [lead, reached === undefined ? words.say(texts.no_usual) : '', incidents.length === 0 ? '' : lost]
      .filter(Boolean)
      .join(' '),
    blocks: [
      { kind: 'facts', heading: words.say(texts.numbers), facts: reportFacts(report, reader, isBusiness) },
      told.length === 0
        ? { kind: 'text', heading: words.say(texts.incidents), text: words.say(texts.no_incidents) }
        : { kind: 'list', heading: words.say(texts.incidents), items: told },
    ],
    links: [{ text: words.say(texts.link), url: promotionUrl(pageUrl) }],
    footer: [config.shop.name, usual].filter(Boolean).join(' · '),
    language: team.language,
  };
}

const USUAL = { 'week-before': 'week_before', 'time-before': 'time_before' } as const;

/** The figures of a report, name by name; the business side is spared the steps. */
function reportFacts(
  report: PromotionReport,
  { words, numbers, factor, dateTime }: Reader,
  isBusiness: boolean,
): { name: string; value: string }[] {
  const { promotion_report: texts } = words.texts;
  const { successRate, peak, worst, slowest } = report;
  const fact = (name: keyof typeof texts.fact, value: string) => ({ name: words.say(texts.fact[name]), value });
  const compared = (figure: ReportFigure, write: (value: number) => string) =>
    words.say(texts.compared, {
      during: write(figure.during ?? 0),
      expected: figure.expected === null ? undefined : write(figure.expected),
      usual: figure.usual === null ? undefined : write(figure.usual),
    });
  const moment = (value: string, atMs: number) => words.say(texts.moment, { value, time: dateTime(atMs) });
  const facts = [
    fact(
      'orders',
      compared(report.orders, (value) => numbers.count(value)),
    ),
    fact(
      'money',
      compared(report.money, (value) => numbers.money(value)),
    ),
    fact(
      'attempts',
      compared(report.attempts, (value) => numbers.count(value)),
    ),
  ];
  if (successRate.during !== null) {
    const before = successRate.usual === null ? undefined : numbers.percent(successRate.usual);
    const values = {
      during: numbers.percent(successRate.during),
      before,
      objective: numbers.percent(successRate.objective),
    };
    facts.push(fact('success', words.say(texts.compared_success, values)));
  }
  const reached = report.reachedFactor === null ? words.say(texts.factor_unknown) : factor(report.reachedFactor);
  facts.push(fact('factor', words.say(texts.compared_factor, { reached, expected: factor(report.expectedFactor) })));
  if (peak !== null) facts.push(fact('peak', moment(numbers.rough(peak.value), peak.atMs)));
  if (worst !== null) facts.push(fact('worst', moment(numbers.percent(worst.value), worst.atMs)));
  if (slowest !== null && !isBusiness) {
    const values = { seconds: numbers.seconds(slowest.value), step: slowest.step, time: dateTime(slowest.atMs) };
    facts.push(fact('slowest', words.say(texts.slowest_moment, values)));
  }
  return facts;
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
