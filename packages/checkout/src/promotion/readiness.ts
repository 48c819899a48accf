import type { Numbers } from '../briefing/numbers.ts';
import type { Promotion, ReadinessSettings } from '../settings/tillwatch-config.ts';
import { extrapolate } from './extrapolate.ts';
import type { ReadinessFacts, ResourceFacts } from './readiness-facts.ts';
import type { PromotionWords } from './words.ts';

/** What a check came to. What is not known does not hold up a promotion, but is said. */
export type CheckState = 'ready' | 'not-ready' | 'not-known';

/** One line of the check before a promotion. */
export interface ReadinessCheck {
  readonly topic: string;
  readonly state: CheckState;
  readonly finding: string;
  /** What to do about it; '' when there is nothing. */
  readonly toDo: string;
}

/** The check before a promotion. */
export interface Readiness {
  readonly atMs: number;
  /** Nothing was found that is not ready. */
  readonly isReady: boolean;
  readonly checks: readonly ReadinessCheck[];
}

/** An event loop that answers later than this at its slowest has no room for more. */
const LONGEST_LAG_SECONDS = 0.25;

/** By what a check judges, and how it says so. */
export interface ReadinessReader {
  readonly settings: ReadinessSettings;
  readonly words: PromotionWords;
  readonly numbers: Numbers;
  /** Where the watch is told to send test messages. */
  readonly pageUrl: string;
}

/** Judges what was measured, in the words of one language. */
export function judgeReadiness(facts: ReadinessFacts, promotion: Promotion, reader: ReadinessReader): Readiness {
  const context: Context = { facts, promotion, ...reader };
  const checks = [
    ...targets(context),
    rules(context),
    alerts(context),
    ...receivers(context),
    ...budgets(context),
    ...headroom(context),
  ];
  return { atMs: facts.atMs, isReady: checks.every(({ state }) => state !== 'not-ready'), checks };
}

interface Context extends ReadinessReader {
  readonly facts: ReadinessFacts;
  readonly promotion: Promotion;
}

function targets({ facts, words }: Context): ReadinessCheck[] {
  const { topics, findings, toDo } = words;
  const scraped = facts.targets.map(({ job, up, all }): ReadinessCheck => {
    const finding = all === 0 ? findings.notScraped(job) : findings.targets(job, up, all);
    return all > 0 && up === all
      ? { topic: topics.targets, state: 'ready', finding, toDo: '' }
      : { topic: topics.targets, state: 'not-ready', finding, toDo: toDo.targets };
  });
  return facts.isCounted
    ? scraped
    : [...scraped, { topic: topics.targets, state: 'not-ready', finding: findings.notCounted, toDo: toDo.notCounted }];
}

function rules({ facts, words }: Context): ReadinessCheck {
  const { topics, findings, toDo } = words;
  const topic = topics.rules;
  const failing = facts.watch?.failingRules;
  if (failing !== undefined) {
    const [first] = failing;
    return first === undefined
      ? { topic, state: 'ready', finding: findings.rulesWell, toDo: '' }
      : {
          topic,
          state: 'not-ready',
          finding: findings.rulesFail(failing.length, first.rule, first.error),
          toDo: toDo.rules,
        };
  }
  if (facts.ruleFailures === undefined)
    return { topic, state: 'not-known', finding: findings.rulesUnknown, toDo: toDo.selfScrape };
  return facts.ruleFailures > 0
    ? { topic, state: 'not-ready', finding: findings.ruleFailures(Math.round(facts.ruleFailures)), toDo: toDo.rules }
    : { topic, state: 'ready', finding: findings.rulesWell, toDo: '' };
}

function alerts({ facts, words }: Context): ReadinessCheck {
  const { topics, findings, toDo } = words;
  return facts.pages.length === 0
    ? { topic: topics.alerts, state: 'ready', finding: findings.noPages, toDo: '' }
    : { topic: topics.alerts, state: 'not-ready', finding: findings.pages(facts.pages), toDo: toDo.pages };
}

function receivers({ facts, settings, words, numbers, pageUrl }: Context): ReadinessCheck[] {
  const { topics, findings, toDo } = words;
  const testThem = toDo.receivers(pageUrl);
  const topic = topics.receivers;
  if (facts.watch === undefined)
    return [{ topic, state: 'not-known', finding: findings.receiversUnknown, toDo: testThem }];
  if (facts.watch.receivers.length === 0) {
    return [{ topic, state: 'not-ready', finding: findings.noReceivers, toDo: toDo.noReceivers }];
  }
  return facts.watch.receivers.map(({ receiver, integration, lastDeliveredAtMs }) => {
    const name = `${receiver} (${integration.replace(/\[0\]$/, '')})`;
    if (lastDeliveredAtMs === undefined) {
      return { topic, state: 'not-ready', finding: findings.neverDelivered(name), toDo: testThem };
    }
    const ago = numbers.duration(facts.atMs - lastDeliveredAtMs);
    const finding = findings.delivered(name, ago);
    return facts.atMs - lastDeliveredAtMs <= settings.testedWithinMs
      ? { topic, state: 'ready', finding, toDo: '' }
      : { topic, state: 'not-ready', finding, toDo: testThem };
  });
}

function budgets({ facts, words, numbers }: Context): ReadinessCheck[] {
  const { topics, findings, toDo } = words;
  return facts.budgets.map(({ name, remaining }) => {
    if (remaining === undefined || !Number.isFinite(remaining)) {
      return { topic: topics.budget, state: 'not-known', finding: findings.budgetUnknown(name), toDo: '' };
    }
    return remaining > 0
      ? {
          topic: topics.budget,
          state: 'ready',
          finding: findings.budgetLeft(name, numbers.percent(remaining)),
          toDo: '',
        }
      : { topic: topics.budget, state: 'not-ready', finding: findings.budgetSpent(name), toDo: toDo.budget };
  });
}

function headroom(context: Context): ReadinessCheck[] {
  const { facts, promotion, words, numbers } = context;
  const { topics, findings, toDo } = words;
  const topic = topics.headroom;
  const factor = Math.max(1, promotion.expectedFactor);
  if (facts.peakLoad === undefined || facts.peakLoad <= 0) {
    return [{ topic, state: 'not-known', finding: findings.noLoad, toDo: toDo.loadTest }];
  }
  const expected = facts.peakLoad * factor;
  return [
    {
      topic,
      state: factor > 1 ? 'not-known' : 'ready',
      finding: findings.load(numbers.rough(facts.peakLoad * 60), numbers.rough(expected * 60)),
      toDo: factor > 1 ? toDo.loadTest : '',
    },
    ...facts.resources.map((resource) => resourceCheck(context, resource, expected)),
    ...(facts.eventLoopLagSeconds === undefined ? [] : [eventLoop(facts.eventLoopLagSeconds, words, numbers)]),
  ];
}

function resourceCheck(
  { settings, words, numbers }: Context,
  { resource, points }: ResourceFacts,
  expectedLoad: number,
): ReadinessCheck {
  const { findings, toDo } = words;
  const topic = words.resources[resource];
  if (points.length === 0) {
    return { topic, state: 'not-known', finding: findings.notMeasured(words.exporters[resource]), toDo: '' };
  }
  const most = Math.max(...points.map(({ used }) => used));
  // A process that keeps more than one core busy has more than one; how many is not exported.
  if (resource === 'processor' && most > 1.05) {
    return { topic, state: 'not-known', finding: findings.manyCores(numbers.rough(most)), toDo: toDo.loadTest };
  }
  const expectation = extrapolate(points, expectedLoad);
  if (expectation === undefined) {
    return { topic, state: 'not-known', finding: findings.tooLittleSeen(numbers.percent(most)), toDo: toDo.loadTest };
  }
  const { mid, low, high } = expectation;
  const limit = settings.utilisation;
  const finding = findings.expected(
    numbers.percent(most),
    numbers.percent(mid),
    numbers.percent(low),
    numbers.percent(high),
  );
  if (mid > limit) return { topic, state: 'not-ready', finding, toDo: toDo.resources[resource] };
  return high > limit
    ? { topic, state: 'not-known', finding, toDo: toDo.loadTest }
    : { topic, state: 'ready', finding, toDo: '' };
}

function eventLoop(
  lagSeconds: number,
  { resources, findings, toDo }: PromotionWords,
  numbers: Numbers,
): ReadinessCheck {
  const finding = findings.lag(numbers.seconds(lagSeconds));
  return lagSeconds > LONGEST_LAG_SECONDS
    ? { topic: resources.eventLoop, state: 'not-ready', finding, toDo: toDo.resources.processor }
    : { topic: resources.eventLoop, state: 'ready', finding, toDo: '' };
}
