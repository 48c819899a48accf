import { Matcher, RegexError } from '@tillwatch/model';
import * as z from 'zod';
import { customIssue, scalarText, textField, whole } from '../fields/field.ts';
import { isLabelName, matchers, quoteText, regexMessage, textRecord } from '../fields/labels.ts';
import { defaulted, list, object, optional } from '../fields/object.ts';
import { duration, flag, text } from '../fields/scalars.ts';
import { kindOf } from '../yaml/issues.ts';
import type { InhibitRule, Route } from './config.ts';

const DEFAULTS = { groupWaitMs: 30_000, groupIntervalMs: 300_000, repeatIntervalMs: 14_400_000 } as const;

/** Equality or regular expression matchers in the old form, a map of label to value. */
function matchMap(op: '=' | '=~'): z.ZodType<Matcher[], unknown> {
  return z.unknown().transform((value, context): Matcher[] => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      context.issues.push({ code: 'invalid_type', expected: 'record', input: value });
      return z.NEVER;
    }
    const found: Matcher[] = [];
    for (const [name, entry] of Object.entries(value)) {
      const fail = (message: string, part: 'key' | 'value', code = 'matcher') =>
        context.issues.push(customIssue(entry, message, { code, part }, [name]));
      if (!isLabelName(name)) fail(`invalid label name ${quoteText(name)}`, 'key', 'label-name');
      const pattern = scalarText(entry) ?? (op === '=' && entry === undefined ? '' : undefined);
      if (pattern === undefined) {
        if (op === '=~') fail(`invalid regexp value for "${name}"`, entry === undefined ? 'key' : 'value');
        else fail(`expected a text, got ${kindOf(entry)}`, 'value', 'wrong-type');
        continue;
      }
      try {
        found.push(new Matcher(name, op, pattern));
      } catch (error) {
        if (!(error instanceof RegexError)) throw error;
        fail(regexMessage(error), 'value', 'regex');
      }
    }
    return found;
  }) as unknown as z.ZodType<Matcher[], unknown>;
}

/** A list of matcher texts, each of which may hold several. */
function matcherList(): z.ZodType<Matcher[], unknown> {
  const lists = list(matchers());
  return lists.transform((all) => all.flat()) as unknown as z.ZodType<Matcher[], unknown>;
}

function groupByName(): z.ZodType<string, unknown> {
  return textField((name, fail) =>
    isLabelName(name) ? name : fail(`invalid label name ${quoteText(name)} in group_by list`, { code: 'label-name' }),
  );
}

/** A route as it is written. */
export interface RawRoute {
  readonly receiver: string | undefined;
  readonly groupBy: readonly string[] | undefined;
  readonly groupWaitMs: number | undefined;
  readonly groupIntervalMs: number | undefined;
  readonly repeatIntervalMs: number | undefined;
  readonly match: readonly Matcher[];
  readonly matchRe: readonly Matcher[];
  readonly matchers: readonly Matcher[];
  readonly continue: boolean;
  readonly muteTimeIntervals: readonly string[];
  readonly activeTimeIntervals: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly routes: readonly RawRoute[];
}

export const ROUTE: z.ZodType<RawRoute, unknown> = object(
  {
    receiver: optional('receiver', text()),
    groupBy: optional('group_by', list(groupByName())),
    groupWaitMs: optional('group_wait', duration()),
    groupIntervalMs: optional('group_interval', duration()),
    repeatIntervalMs: optional('repeat_interval', duration()),
    match: defaulted('match', matchMap('='), []),
    matchRe: defaulted('match_re', matchMap('=~'), []),
    matchers: defaulted('matchers', matcherList(), []),
    continue: defaulted('continue', flag(), false),
    muteTimeIntervals: defaulted('mute_time_intervals', list(text()), []),
    activeTimeIntervals: defaulted('active_time_intervals', list(text()), []),
    labels: defaulted('labels', textRecord(), {}),
    routes: defaulted('routes', list(z.lazy(() => ROUTE)) as z.ZodType<RawRoute[], unknown>, [] as RawRoute[]),
  },
  whole((wire, fail) => {
    const names = (Array.isArray(wire.group_by) ? wire.group_by : []).map((name) => scalarText(name) ?? '');
    names.forEach((name, i) => {
      if (names.indexOf(name) < i)
        fail(['group_by', i], `duplicated label "${name}" in group_by`, { code: 'duplicate-name' });
    });
    if (names.length > 1 && names.includes('...')) {
      const path = ['group_by', names.indexOf('...')];
      fail(path, 'cannot have wildcard group_by (`...`) and other labels at the same time');
    }
    if (wire.group_interval === 0) fail('group_interval', 'group_interval cannot be zero', { code: 'duration' });
    if (wire.repeat_interval === 0) fail('repeat_interval', 'repeat_interval cannot be zero', { code: 'duration' });
  }),
);

/** Fills in what a route inherits. */
export function resolveRoute(raw: RawRoute, parent: Route | undefined): Route {
  const hasOwnGroups = raw.groupBy !== undefined;
  const groupByAll = hasOwnGroups ? raw.groupBy.includes('...') : (parent?.groupByAll ?? false);
  const groupBy = hasOwnGroups ? (groupByAll ? [] : raw.groupBy) : (parent?.groupBy ?? []);
  const route = {
    receiver: raw.receiver || (parent?.receiver ?? ''),
    groupBy,
    groupByAll,
    groupWaitMs: raw.groupWaitMs ?? parent?.groupWaitMs ?? DEFAULTS.groupWaitMs,
    groupIntervalMs: raw.groupIntervalMs ?? parent?.groupIntervalMs ?? DEFAULTS.groupIntervalMs,
    repeatIntervalMs: raw.repeatIntervalMs ?? parent?.repeatIntervalMs ?? DEFAULTS.repeatIntervalMs,
    matchers: [...raw.match, ...raw.matchRe, ...raw.matchers],
    continue: raw.continue,
    muteTimeIntervals: raw.muteTimeIntervals,
    activeTimeIntervals: raw.activeTimeIntervals,
    labels: { ...parent?.labels, ...raw.labels },
    routes: [] as Route[],
  };
  route.routes = raw.routes.map((child) => resolveRoute(child, route));
  return route;
}

const INHIBIT = object({
  name: optional('name', text()),
  sourceMatch: defaulted('source_match', matchMap('='), []),
  sourceMatchRe: defaulted('source_match_re', matchMap('=~'), []),
  sourceMatchers: defaulted('source_matchers', matcherList(), []),
  targetMatch: defaulted('target_match', matchMap('='), []),
  targetMatchRe: defaulted('target_match_re', matchMap('=~'), []),
  targetMatchers: defaulted('target_matchers', matcherList(), []),
  equal: defaulted('equal', list(text()), []),
});

/** `inhibit_rules`. */
export function inhibitRules(): z.ZodType<InhibitRule[], unknown> {
  const rule = INHIBIT.transform((raw) => ({
    name: raw.name,
    sourceMatchers: [...raw.sourceMatch, ...raw.sourceMatchRe, ...raw.sourceMatchers],
    targetMatchers: [...raw.targetMatch, ...raw.targetMatchRe, ...raw.targetMatchers],
    equal: raw.equal,
  }));
  return list(rule as unknown as z.ZodType<InhibitRule, unknown>, 'empty or null inhibit rule');
}
