import type { Numbers } from '../briefing/numbers.ts';
import type { Promotion, ReadinessSettings } from '../settings/tillwatch-config.ts';
import type { BriefingWords } from '../words/briefing-words.ts';
import { extrapolate } from './extrapolate.ts';
import type { ReadinessFacts, ResourceFacts } from './readiness-facts.ts';

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
  readonly words: BriefingWords;
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

function targets({ facts, words, numbers }: Context): ReadinessCheck[] {
  const { topic: topics, finding: findings, to_do: toDo } = words.texts.promotion_check;
  const topic = words.say(topics.targets);
  const scraped = facts.targets.map(({ job, up, all }): ReadinessCheck => {
    const values = { job, up: numbers.count(up), all: numbers.count(all) };
    const finding = words.say(all === 0 ? findings.not_scraped : findings.targets, values);
    return all > 0 && up === all
      ? { topic, state: 'ready', finding, toDo: '' }
      : { topic, state: 'not-ready', finding, toDo: words.say(toDo.targets) };
  });
  return facts.isCounted
    ? scraped
    : [
        ...scraped,
        { topic, state: 'not-ready', finding: words.say(findings.not_counted), toDo: words.say(toDo.not_counted) },
      ];
}

function rules({ facts, words, numbers }: Context): ReadinessCheck {
  const { topic: topics, finding: findings, to_do: toDo } = words.texts.promotion_check;
  const topic = words.say(topics.rules);
  const well: ReadinessCheck = { topic, state: 'ready', finding: words.say(findings.rules_well), toDo: '' };
  const failing = facts.watch?.failingRules;
  if (failing !== undefined) {
    const [first] = failing;
    if (first === undefined) return well;
    const text = failing.length === 1 ? findings.one_rule_fails : findings.rules_fail;
    const finding = words.say(text, { ...first, count: numbers.count(failing.length) });
    return { topic, state: 'not-ready', finding, toDo: words.say(toDo.rules) };
  }
  if (facts.ruleFailures === undefined) {
    return { topic, state: 'not-known', finding: words.say(findings.rules_unknown), toDo: words.say(toDo.self_scrape) };
  }
  if (facts.ruleFailures <= 0) return well;
  const count = Math.max(1, Math.round(facts.ruleFailures));
  const text = count === 1 ? findings.one_failure : findings.failures;
  return {
    topic,
    state: 'not-ready',
    finding: words.say(text, { count: numbers.count(count) }),
    toDo: words.say(toDo.rules),
  };
}

function alerts({ facts, words }: Context): ReadinessCheck {
  const { topic: topics, finding: findings, to_do: toDo } = words.texts.promotion_check;
  const topic = words.say(topics.alerts);
  if (facts.pages.length === 0) return { topic, state: 'ready', finding: words.say(findings.no_pages), toDo: '' };
  const finding = words.say(findings.pages, { alerts: facts.pages.join(', ') });
  return { topic, state: 'not-ready', finding, toDo: words.say(toDo.pages) };
}

function receivers({ facts, settings, words, numbers, pageUrl }: Context): ReadinessCheck[] {
  const { topic: topics, finding: findings, to_do: toDo } = words.texts.promotion_check;
  const testThem = words.say(toDo.receivers, { url: pageUrl });
  const topic = words.say(topics.receivers);
  if (facts.watch === undefined) {
    return [{ topic, state: 'not-known', finding: words.say(findings.receivers_unknown), toDo: testThem }];
  }
  if (facts.watch.receivers.length === 0) {
    const finding = words.say(findings.no_receivers);
    return [{ topic, state: 'not-ready', finding, toDo: words.say(toDo.no_receivers) }];
  }
  return facts.watch.receivers.map(({ receiver: name, integration, lastDeliveredAtMs }) => {
    const receiver = `${name} (${integration.replace(/\[0\]$/, '')})`;
    if (lastDeliveredAtMs === undefined) {
      return { topic, state: 'not-ready', finding: words.say(findings.never_delivered, { receiver }), toDo: testThem };
    }
    const ago = numbers.duration(facts.atMs - lastDeliveredAtMs);
    const finding = words.say(findings.delivered, { receiver, ago });
    return facts.atMs - lastDeliveredAtMs <= settings.testedWithinMs
      ? { topic, state: 'ready', finding, toDo: '' }
      : { topic, state: 'not-ready', finding, toDo: testThem };
  });
}

function budgets({ facts, words, numbers }: Context): ReadinessCheck[] {
  const { topic: topics, finding: findings, to_do: toDo } = words.texts.promotion_check;
  const topic = words.say(topics.budget);
  return facts.budgets.map(({ name, remaining }) => {
    if (remaining === undefined || !Number.isFinite(remaining)) {
      return { topic, state: 'not-known', finding: words.say(findings.budget_unknown, { name }), toDo: '' };
    }
    if (remaining <= 0) {
      const finding = words.say(findings.budget_spent, { name });
      return { topic, state: 'not-ready', finding, toDo: words.say(toDo.budget) };
    }
    const finding = words.say(findings.budget_left, { name, share: numbers.percent(remaining) });
    return { topic, state: 'ready', finding, toDo: '' };
  });
}

function headroom(context: Context): ReadinessCheck[] {
  const { facts, promotion, words, numbers } = context;
  const { topic: topics, finding: findings, to_do: toDo } = words.texts.promotion_check;
  const topic = words.say(topics.load);
  const factor = Math.max(1, promotion.expectedFactor);
  if (facts.peakLoad === undefined || facts.peakLoad <= 0) {
    return [{ topic, state: 'not-known', finding: words.say(findings.no_load), toDo: words.say(toDo.load_test) }];
  }
  const expected = facts.peakLoad * factor;
  return [
    {
      topic,
      state: factor > 1 ? 'not-known' : 'ready',
      finding: words.say(findings.load, {
        peak: numbers.rough(facts.peakLoad * 60),
        expected: numbers.rough(expected * 60),
      }),
      toDo: factor > 1 ? words.say(toDo.load_test) : '',
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
  const { topic: topics, exporter: exporters, finding: findings, to_do: toDo } = words.texts.promotion_check;
  const topic = words.say(topics[resource]);
  const loadTest = words.say(toDo.load_test);
  if (points.length === 0) {
    const finding = words.say(findings.not_measured, { exporter: words.say(exporters[resource]) });
    return { topic, state: 'not-known', finding, toDo: '' };
  }
  const most = Math.max(...points.map(({ used }) => used));
  // A process that keeps more than one core busy has more than one; how many is not exported.
  if (resource === 'processor' && most > 1.05) {
    const finding = words.say(findings.many_cores, { cores: numbers.rough(most) });
    return { topic, state: 'not-known', finding, toDo: loadTest };
  }
  const expectation = extrapolate(points, expectedLoad);
  if (expectation === undefined) {
    const finding = words.say(findings.too_little_seen, { most: numbers.percent(most) });
    return { topic, state: 'not-known', finding, toDo: loadTest };
  }
  const { mid, low, high } = expectation;
  const limit = settings.utilisation;
  const finding = words.say(findings.expected, {
    most: numbers.percent(most),
    mid: numbers.percent(mid),
    low: numbers.percent(low),
    high: numbers.percent(high),
  });
  if (mid > limit) return { topic, state: 'not-ready', finding, toDo: words.say(toDo[resource]) };
  return high > limit
    ? { topic, state: 'not-known', finding, toDo: loadTest }
    : { topic, state: 'ready', finding, toDo: '' };
}

function eventLoop(lagSeconds: number, words: BriefingWords, numbers: Numbers): ReadinessCheck {
  const { topic: topics, finding: findings, to_do: toDo } = words.texts.promotion_check;
  const topic = words.say(topics.event_loop);
  const finding = words.say(findings.event_loop, { seconds: numbers.seconds(lagSeconds) });
  return lagSeconds > LONGEST_LAG_SECONDS
    ? { topic, state: 'not-ready', finding, toDo: words.say(toDo.processor) }
    : { topic, state: 'ready', finding, toDo: '' };
}
