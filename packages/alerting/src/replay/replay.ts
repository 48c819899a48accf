import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RuleGroup } from '@tillwatch/config';
import { Labels, parseDuration, type Queryable } from '@tillwatch/model';
import type { QueryLimits } from '@tillwatch/promql';
import { compileRules } from '../rules/compile-rule.ts';
import type { Ticks } from './columns.ts';
import { LOOKBACK_MS, ReplayStore } from './replay-store.ts';
import type { ReplayedAlert, ReplayFailure } from './replayed-alert.ts';
import { type ReplayedRule, Writes } from './replayed-rule.ts';
import { componentsOf, lookbackOf, mayRead } from './rule-order.ts';
import { RuleReplay, type RuleSurroundings } from './rule-replay.ts';

/** What is replayed. */
export interface ReplayOptions {
  /** In the order of evaluation: at equal times a group sees what the groups before it wrote at that moment. */
  readonly groups: readonly RuleGroup[];
  /** The past. What it has of series that the rules write counts until `fromMs`, and is hidden from then on. */
  readonly queryable: Queryable;
  /** The first moment at which rules are evaluated, and the last one; both included, ms since the epoch. */
  readonly fromMs: number;
  readonly toMs: number;
  /** The interval of groups that have none of their own, and of subqueries that name no step; 1 minute when not given. */
  readonly evaluationIntervalMs?: number | undefined;
  /** Bounds of each query, as in production. `deadlineMs` ends the whole replay. */
  readonly limits?: QueryLimits | undefined;
  /** Known to templates. */
  readonly externalLabels?: Labels | undefined;
  readonly externalUrl?: string | undefined;
  /** `false` forgets recorded samples once no rule can reach them any more; `true`, all are kept, when not given. */
  readonly keepRecorded?: boolean | undefined;
  /** How many ticks of the fastest group are worked on at once; fewer need less memory and more time. 4096 when not given. */
  readonly ticksPerSlice?: number | undefined;
  /** Ends the replay, which then rejects with the reason of the signal. */
  readonly signal?: AbortSignal | undefined;
  /** Called from time to time, and at the end. */
  readonly onProgress?: ((progress: ReplayProgress) => void) | undefined;
}

/** How far a replay has come. */
export interface ReplayProgress {
  readonly doneMs: number;
  readonly totalMs: number;
}

/** What came of a replay. */
export interface Replay {
  /** By the time of firing. */
  readonly alerts: readonly ReplayedAlert[];
  readonly failures: readonly ReplayFailure[];
  /** The past with what the rules wrote: recorded series, `ALERTS` and `ALERTS_FOR_STATE`. */
  readonly queryable: Queryable;
}

const DEFAULT_INTERVAL_MS = 60_000;

/** Enough to be fast, few enough to fit into memory. */
const DEFAULT_TICKS_PER_SLICE = 4096;

/**
 * Plays rule groups over the past, as if they had been running: evaluations are at whole multiples of each group's
 * interval, rules start without alerts, and every rule sees exactly what it would have seen at each tick. It gives what the
 * rule engine gives, tick by tick, but evaluates each rule for many ticks in one go; only what depends on the results of
 * the rule itself (such as its own `ALERTS`) is evaluated one tick after the other.
 * @throws {RangeError} for times that make no sense
 * @throws {QueryError} when `limits.deadlineMs` has passed
 */
export async function replayRules(options: ReplayOptions): Promise<Replay> {
  const { fromMs, toMs, evaluationIntervalMs = DEFAULT_INTERVAL_MS, limits, signal } = options;
  checkTimes(fromMs, toMs, evaluationIntervalMs);
  const rules = replayedRules(options.groups, evaluationIntervalMs);
  const store = new ReplayStore(options.queryable, rules, fromMs);
  const surroundings: RuleSurroundings = {
    store,
    context: { defaultStepMs: evaluationIntervalMs, limits, signal },
    externalLabels: options.externalLabels ?? Labels.empty,
    externalUrl: options.externalUrl ?? '',
  };
  const components = componentsOf(rules).map((component) => ({
    ...component,
    replays: component.rules.map((rule) => new RuleReplay(rule, component, rules, surroundings)),
  }));
  const replays = components.flatMap((component) => component.replays);
  const reaches = options.keepRecorded === false ? reachesOf(rules) : undefined;
  const { ticksPerSlice = DEFAULT_TICKS_PER_SLICE } = options;
  const sliceMs = ticksPerSlice * Math.min(...rules.map(({ intervalMs }) => intervalMs), evaluationIntervalMs);

  for (let sliceFromMs = fromMs; sliceFromMs <= toMs; sliceFromMs += sliceMs) {
    const untilMs = Math.min(sliceFromMs + sliceMs - 1, toMs);
    const ticksOf = ticksBetween(sliceFromMs, untilMs);
    for (const component of components) {
      signal?.throwIfAborted();
      replayComponent(component.replays, ticksOf);
    }
    for (const replay of replays) replay.finishSlice();
    if (reaches !== undefined) store.forget(({ order }) => untilMs - reaches[order]!);
    options.onProgress?.({ doneMs: untilMs - fromMs, totalMs: toMs - fromMs });
    await nextTurn();
  }

  const inOrder = [...replays].sort((a, b) => a.rule.order - b.rule.order);
  return {
    alerts: inOrder.flatMap((replay) => replay.alerts()).sort((a, b) => a.firedAtMs - b.firedAtMs),
    failures: inOrder.flatMap((replay) => replay.failure() ?? []),
    queryable: store.everything(),
  };
}

function checkTimes(fromMs: number, toMs: number, intervalMs: number): void {
  if (!Number.isFinite(fromMs) || !Number.isFinite(toMs)) throw new RangeError('a replay needs a start and an end');
  if (toMs < fromMs) throw new RangeError('a replay cannot end before it starts');
  if (!(intervalMs > 0)) throw new RangeError('the evaluation interval must be greater than 0');
}

function replayedRules(groups: readonly RuleGroup[], evaluationIntervalMs: number): ReplayedRule[] {
  return groups
    .flatMap((group) => compileRules(group).map((compiled) => ({ group, compiled })))
    .map(({ group, compiled }, order) => ({
      order,
      group: group.name,
      compiled,
      intervalMs: group.intervalMs ?? evaluationIntervalMs,
      queryOffsetMs: group.queryOffsetMs ?? 0,
      limit: group.limit,
      writes: new Writes(compiled),
    }));
}

/** How long what each rule writes can matter, at most: no rule that may read it looks back further, and no template. */
function reachesOf(rules: readonly ReplayedRule[]): number[] {
  const templatesMs = LOOKBACK_MS + Math.max(0, ...rules.map(spanOfTemplates));
  return rules.map((writer) => {
    const reaches = rules.flatMap((reader) => {
      const { rule } = reader.compiled;
      const reads = rule !== undefined && mayRead(reader, writer);
      return reads ? [reader.queryOffsetMs + lookbackOf(rule.expr, LOOKBACK_MS)] : [];
    });
    return Math.max(templatesMs, ...reaches);
  });
}

/** All windows and offsets together that stand in the templates of a rule: queries in them look back no further. */
function spanOfTemplates({ compiled: { rule } }: ReplayedRule): number {
  if (rule?.kind !== 'alerting') return 0;
  const texts = [...Object.values(rule.labels), ...Object.values(rule.annotations)].filter((text) =>
    /\bquery\b/.test(text),
  );
  const durations = texts.join(' ').match(/\b(?:\d+(?:ms|[smhdwy]))+\b/g) ?? [];
  return durations.reduce((sum, text) => sum + (parseDuration(text) ?? 0), 0);
}

/** The ticks of a slice for each interval and offset; rules of one group share the arrays. */
function ticksBetween(fromMs: number, untilMs: number): (rule: ReplayedRule) => Ticks {
  const known = new Map<string, Ticks>();
  return ({ intervalMs, queryOffsetMs }) => {
    const key = `${intervalMs} ${queryOffsetMs}`;
    const same = known.get(key);
    if (same !== undefined) return same;
    const first = Math.ceil(fromMs / intervalMs) * intervalMs;
    const count = Math.max(0, Math.floor((untilMs - first) / intervalMs) + 1);
    const atMs = Float64Array.from({ length: count }, (_, k) => first + k * intervalMs);
    const ticks = { atMs, readMs: queryOffsetMs === 0 ? atMs : atMs.map((at) => at - queryOffsetMs), intervalMs };
    known.set(key, ticks);
    return ticks;
  };
}

/** One slice of rules that need each other: tick by tick, in the order of evaluation. */
function replayComponent(replays: readonly RuleReplay[], ticksOf: (rule: ReplayedRule) => Ticks): void {
  for (const replay of replays) replay.beginSlice(ticksOf(replay.rule));
  if (replays.length === 1) {
    replays[0]!.runSlice();
    return;
  }
  const ticks = replays.flatMap((replay) => Array.from(ticksOf(replay.rule).atMs, (atMs, k) => ({ replay, atMs, k })));
  ticks.sort((a, b) => a.atMs - b.atMs || a.replay.rule.order - b.replay.rule.order);
  for (const { replay, k } of ticks) replay.tick(k);
}
