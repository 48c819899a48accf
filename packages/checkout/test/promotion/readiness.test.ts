import { describe, expect, test } from 'vitest';
import { Numbers } from '../../src/briefing/numbers.ts';
import type { LoadPoint } from '../../src/promotion/extrapolate.ts';
import { judgeReadiness } from '../../src/promotion/readiness.ts';
import type { ReadinessFacts, ResourceFacts } from '../../src/promotion/readiness-facts.ts';
import { BriefingWords } from '../../src/words/briefing-words.ts';

const settings = { beforeMs: 0, testedWithinMs: 7 * 86_400_000, utilisation: 0.8 };
const promotion = { name: 'Sale', fromMs: 0, toMs: 1, expectedFactor: 5, rampMs: 0 };

const well: ReadinessFacts = {
  atMs: 0,
  targets: [{ job: 'shop', up: 2, all: 2 }],
  isCounted: true,
  watch: undefined,
  ruleFailures: 0,
  pages: [],
  budgets: [{ name: 'checkout', remaining: 0.7 }],
  peakLoad: 20,
  resources: [],
  eventLoopLagSeconds: 0.02,
};

function judge(change: Partial<ReadinessFacts>, expectedFactor = promotion.expectedFactor) {
  const numbers = new Numbers('en', 'EUR', 'UTC');
  return judgeReadiness(
    { ...well, ...change },
    { ...promotion, expectedFactor },
    { settings, words: new BriefingWords('page', 'en'), numbers, pageUrl: 'http://watch.example' },
  );
}

/** What is said about one topic. */
function about(topic: string, change: Partial<ReadinessFacts>, expectedFactor?: number) {
  return judge(change, expectedFactor).checks.find((check) => check.topic === topic);
}

/** A day of a shop with 5 to 20 requests a second, of which each takes `share` of the resource. */
function day(share: number, noise = 0): LoadPoint[] {
  return Array.from({ length: 144 }, (_, i) => {
    const load = 12.5 + 7.5 * Math.sin(i / 12);
    return { load, used: Math.max(0, share * load + noise * ((i % 7) - 3)) };
  });
}

const resource = (points: readonly LoadPoint[]): Partial<ReadinessFacts> => ({
  resources: [{ resource: 'processor', points } satisfies ResourceFacts],
});

describe('headroom at a hundred requests a second', () => {
  test.for([
    ['a processor with room', day(0.005), 'ready', /^up to 10% in use; about 50% to be expected/],
    ['a processor without', day(0.012), 'not-ready', /about 120% to be expected/],
    ['one that may do', day(0.007, 0.03), 'not-known', /about \d\d% to be expected \(\d+% – \d+%\)/],
    [
      'one that was always as busy',
      day(0.005).map(({ used }) => ({ load: 20, used })),
      'not-known',
      /too little was seen/,
    ],
    ['several cores', day(0.1), 'not-known', /up to 2 cores in use/],
    ['nothing', [], 'not-known', /not measured; it takes process_cpu_seconds_total/],
  ] as const)('%s', ([, points, state, finding]) => {
    expect(about('Processor', resource(points))).toMatchObject({ state, finding: expect.stringMatching(finding) });
  });

  test('is asked for at the usual load when less than usual is expected', () => {
    expect(about('Processor', resource(day(0.012)), 0.5)).toMatchObject({ state: 'ready' });
    expect(about('Requests', {}, 0.5)).toMatchObject({ state: 'ready', toDo: '' });
  });

  test('cannot be told without requests', () => {
    expect(about('Requests', { peakLoad: undefined })).toMatchObject({ state: 'not-known' });
  });

  test('is none for an event loop that is late already', () => {
    expect(about('Event loop', { eventLoopLagSeconds: 0.4 })).toMatchObject({
      state: 'not-ready',
      finding: 'in 19 of 20 scrapes of the last day its slowest hundredth waited 400 ms at most',
    });
  });
});

describe('what stands in the way', () => {
  test.for([
    [
      'a target that is down',
      { targets: [{ job: 'shop', up: 1, all: 2 }] },
      'Targets',
      '1 of 2 targets of shop answer',
    ],
    ['no target', { targets: [{ job: 'shop', up: 0, all: 0 }] }, 'Targets', 'no target of shop is scraped'],
    ['rules that fail', { ruleFailures: 12 }, 'Rules', '12 evaluations of rules failed in the last hour'],
    ['a page', { pages: ['CheckoutSilent', 'DatabaseSlow'] }, 'Alerts', 'firing now: CheckoutSilent, DatabaseSlow'],
    ['a budget that is spent', { budgets: [{ name: 'api', remaining: -0.2 }] }, 'Error budget', 'api: nothing is left'],
    ['a watch that tells nobody', { watch: { receivers: [], failingRules: [] } }, 'Receivers', 'nobody would be told'],
  ] as const)('%s', ([, change, topic, finding]) => {
    expect(judge(change).isReady).toBe(false);
    expect(about(topic, change)).toMatchObject({ state: 'not-ready', finding, toDo: expect.stringMatching(/./) });
  });

  test('is not what is not known: beside a stack that does not tell, receivers and rules are', () => {
    const { isReady, checks } = judge({ ruleFailures: undefined, budgets: [{ name: 'api', remaining: undefined }] });
    expect(isReady).toBe(true);
    expect(checks.filter(({ state }) => state === 'not-known').map(({ topic }) => topic)).toEqual([
      'Rules',
      'Receivers',
      'Error budget',
      'Requests',
    ]);
  });
});
