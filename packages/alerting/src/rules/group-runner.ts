import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RuleGroup } from '@tillwatch/config';
import {
  type Alert,
  type Appendable,
  type Batch,
  type Clock,
  type Labels,
  type Ledger,
  type Logger,
  type Queryable,
  StoreError,
} from '@tillwatch/model';
import { EvaluationPlans, type Preparation } from '@tillwatch/promql';
import type { RuleSurroundings } from './alerting-rule.ts';
import { compileRules } from './compile-rule.ts';
import { Overlay } from './overlay.ts';
import { type RuleOutcome, RuleRunner } from './rule-runner.ts';
import { restoreGroup, STATE_SHELF, saveGroup } from './saved-state.ts';
import { followingEvaluation, groupOffsetMs, nextEvaluationMs } from './schedule.ts';
import type { RuleGroupStatus } from './status.ts';

/** What all groups of an engine share. */
export interface GroupSurroundings {
  readonly queryable: Queryable;
  readonly store: Appendable & Ledger;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly externalLabels: Labels;
  readonly externalUrl: string;
  readonly evaluationIntervalMs: number;
  readonly resendDelayMs: number;
  readonly onAlerts: (alerts: readonly Alert[]) => void;
}

/**
 * One rule group. Its rules are evaluated one after the other, and what an evaluation writes, samples and alert states, is
 * one batch: all of it is stored, or held by a store whose disk is full, or it did not happen. Later rules see earlier ones
 * through an overlay.
 */
export class GroupRunner {
  readonly key: string;
  readonly definition: string;
  readonly #file: string;
  readonly #group: RuleGroup;
  readonly #surroundings: GroupSurroundings;
  readonly #rules: readonly RuleRunner[];
  readonly #plans = new EvaluationPlans();
  readonly #intervalMs: number;
  /** Series of rules that a reload removed, to be ended at the next evaluation. */
  #orphans: readonly Labels[] = [];
  #isSaved = false;
  #evaluations = 0;
  #missed = 0;
  #failures = 0;
  #lastEvaluationMs: number | undefined;
  #tookMs = 0;
  /** The evaluation that is running, when there is one. */
  #running: Promise<void> = Promise.resolve();
  #loop: { readonly abort: AbortController; readonly done: Promise<void> } | undefined;

  constructor(file: string, group: RuleGroup, surroundings: GroupSurroundings) {
    this.key = groupKey(file, group.name);
    this.definition = definitionOf(group);
    this.#file = file;
    this.#group = group;
    this.#surroundings = surroundings;
    this.#intervalMs = group.intervalMs ?? surroundings.evaluationIntervalMs;
    this.#rules = compileRules(group).map((compiled) => new RuleRunner(compiled));
  }

  /** Takes up what an earlier process had stored. */
  restore(): void {
    const { store, clock } = this.#surroundings;
    const document = store.get(STATE_SHELF, this.key);
    if (document === undefined || document === null) return;
    this.#isSaved = true;
    const restored = restoreGroup(document, clock.nowMs());
    for (const rule of this.#rules) {
      const active = restored.get(rule.key);
      if (active !== undefined) rule.restore(active);
    }
  }

  /** Takes up the states that rules of the same key had before a reload. */
  adopt(previous: GroupRunner): void {
    const byKey = new Map(previous.#rules.map((rule) => [rule.key, rule]));
    for (const rule of this.#rules) {
      const same = byKey.get(rule.key);
      if (same !== undefined) rule.adopt(same);
      byKey.delete(rule.key);
    }
    this.#orphans = [...previous.#orphans, ...[...byKey.values()].flatMap((rule) => [...rule.written.values()])];
    this.#isSaved = previous.#isSaved;
    this.#evaluations = previous.#evaluations;
    this.#missed = previous.#missed;
    this.#failures = previous.#failures;
    this.#lastEvaluationMs = previous.#lastEvaluationMs;
    this.#tookMs = previous.#tookMs;
  }

  start(): void {
    if (this.#loop !== undefined) return;
    const abort = new AbortController();
    this.#loop = { abort, done: this.#run(abort.signal) };
  }

  /** Resolves when no evaluation is running anymore. */
  async stop(): Promise<void> {
    this.#loop?.abort.abort();
    await this.#loop?.done;
    this.#loop = undefined;
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#surroundings;
    const offsetMs = groupOffsetMs(this.#file, this.#group.name, this.#intervalMs);
    let atMs = nextEvaluationMs(clock.nowMs(), this.#intervalMs, offsetMs);
    while (!signal.aborted) {
      try {
        await clock.sleep(Math.max(0, atMs - clock.nowMs()), signal);
      } catch {
        return;
      }
      await this.evaluate(atMs);
      const following = followingEvaluation(atMs, clock.nowMs(), this.#intervalMs);
      if (following.missed > 0) this.#miss(following.missed);
      atMs = following.atMs;
    }
  }

  #miss(count: number): void {
    this.#missed += count;
    this.#surroundings.logger.warn('rule group evaluations missed', {
      group: this.#group.name,
      file: this.#file,
      missed: count,
      intervalMs: this.#intervalMs,
    });
  }

  /** Evaluates all rules once, after an evaluation that may still be running. Never rejects. */
  evaluate(atMs: number): Promise<void> {
    this.#running = this.#running.then(() => this.#evaluateNow(atMs));
    return this.#running;
  }

  async #evaluateNow(atMs: number): Promise<void> {
    const startedMs = performance.now();
    const { store, logger } = this.#surroundings;
    const batch = store.batch();
    const outcomes = await this.#evaluateRules(atMs, batch);
    this.#save(batch, outcomes, atMs);
    try {
      await batch.commit();
    } catch (error) {
      if (!(error instanceof StoreError) || !error.isHeld) {
        const message = `nothing of this evaluation could be stored: ${(error as Error).message}`;
        for (const [i, outcome] of outcomes.entries()) this.#rules[i]?.settleFailure(outcome, message);
        this.#finish(atMs, startedMs, outcomes.length);
        logger.error('rule group not stored', {
          group: this.#group.name,
          file: this.#file,
          err: (error as Error).message,
        });
        // What was stored before is still true: without being sent again, firing alerts would count as resolved.
        this.#send(atMs);
        return;
      }
      // The disk is full, and the shop may fail all the same: what is held in memory counts. The store says so itself.
      logger.debug('rule group held in memory', { group: this.#group.name, file: this.#file, err: error.message });
    }
    for (const [i, outcome] of outcomes.entries()) this.#rules[i]?.settle(outcome);
    this.#orphans = [];
    const failed = outcomes.filter((outcome) => outcome.error !== '');
    this.#finish(atMs, startedMs, failed.length);
    this.#report(outcomes);
    this.#send(atMs);
  }

  #finish(atMs: number, startedMs: number, failures: number): void {
    this.#evaluations++;
    this.#failures += failures;
    this.#lastEvaluationMs = atMs;
    this.#tookMs = performance.now() - startedMs;
  }

  async #evaluateRules(atMs: number, batch: Batch): Promise<RuleOutcome[]> {
    const { queryable, externalLabels, externalUrl, evaluationIntervalMs: defaultStepMs } = this.#surroundings;
    const queryOffsetMs = this.#group.queryOffsetMs ?? 0;
    const sampleMs = atMs - queryOffsetMs;
    const overlay = new Overlay(queryable);
    const end = (labels: Labels) => {
      batch.appendStale(labels, sampleMs);
      overlay.addStale(labels, sampleMs);
    };
    const present = new Set<string>();
    const { limit } = this.#group;
    const plans = this.#plans;
    const around = { queryable: overlay, defaultStepMs, plans, queryOffsetMs, limit, externalLabels, externalUrl };
    const outcomes: RuleOutcome[] = [];
    for (const rule of this.#rules) {
      const outcome = await evaluateInSlices(rule, atMs, around);
      outcomes.push(outcome);
      if (outcome.samples === undefined) continue;
      const keys = new Set(outcome.samples.map((sample) => sample.labels.key));
      for (const [key, labels] of rule.written) if (!keys.has(key)) end(labels);
      for (const { labels, value } of outcome.samples) {
        present.add(labels.key);
        if (batch.append(labels, sampleMs, value)) overlay.add(labels, sampleMs, value);
      }
    }
    for (const labels of this.#orphans) if (!present.has(labels.key)) end(labels);
    return outcomes;
  }

  /**
   * Stores the states with the samples. What is about to be sent is stored as not sent yet: after a crash in between, it is
   * sent once more rather than never.
   */
  #save(batch: Batch, outcomes: readonly RuleOutcome[], atMs: number): void {
    const alertsByRule = new Map(outcomes.map((outcome, i) => [this.#rules[i]?.key ?? '', outcome.active]));
    if (outcomes.some((outcome) => outcome.active.size > 0)) {
      batch.put(STATE_SHELF, this.key, saveGroup(alertsByRule, atMs));
      this.#isSaved = true;
    } else if (this.#isSaved) {
      batch.remove(STATE_SHELF, this.key);
    }
  }

  /** Logs what changed for the worse; what stays as it is can be seen in the rule's status. */
  #report(outcomes: readonly RuleOutcome[]): void {
    const { logger } = this.#surroundings;
    outcomes.forEach((outcome, i) => {
      const rule = this.#rules[i]?.status().name;
      const fields = { group: this.#group.name, file: this.#file, rule };
      if (outcome.bug !== undefined) logger.error('bug while evaluating a rule', { ...fields, err: outcome.bug.stack });
      else if (outcome.error !== '') logger.warn('rule failed', { ...fields, err: outcome.error });
      if (outcome.warning !== '') logger.warn('alert text not expanded', { ...fields, err: outcome.warning });
    });
  }

  #send(atMs: number): void {
    const { resendDelayMs, onAlerts, logger } = this.#surroundings;
    const validUntilMs = atMs + 4 * Math.max(this.#intervalMs, resendDelayMs);
    const alerts = this.#rules.flatMap((rule) =>
      rule.takeAlertsToSend(atMs, resendDelayMs, validUntilMs, this.#surroundings),
    );
    if (alerts.length === 0) return;
    try {
      onAlerts(alerts);
    } catch (error) {
      logger.error('alerts not taken', {
        group: this.#group.name,
        alerts: alerts.length,
        err: (error as Error).message,
      });
    }
  }

  /** Ends everything that a removed group has written. */
  retire(batch: Batch, nowMs: number): void {
    const written = this.#rules.flatMap((rule) => [...rule.written.values()]);
    for (const labels of [...this.#orphans, ...written]) batch.appendStale(labels, nowMs);
    batch.remove(STATE_SHELF, this.key);
  }

  status(): RuleGroupStatus {
    return {
      name: this.#group.name,
      file: this.#file,
      intervalMs: this.#intervalMs,
      limit: this.#group.limit,
      rules: this.#rules.map((rule) => rule.status()),
      evaluationMs: this.#tookMs,
      lastEvaluationMs: this.#lastEvaluationMs,
      evaluations: this.#evaluations,
      missedIterations: this.#missed,
      failures: this.#failures,
    };
  }
}

/** Evaluates a rule, letting other work have its turn where the rule is about many series: scrapes must not wait for it. */
async function evaluateInSlices(rule: RuleRunner, atMs: number, around: RuleSurroundings): Promise<RuleOutcome> {
  const startedMs = performance.now();
  const slices = rule.prepare(atMs, around);
  let prepared: Preparation | undefined;
  for (;;) {
    const next = slices.next();
    if (next.done === true) {
      prepared = next.value;
      break;
    }
    await nextTurn();
  }
  return { ...rule.evaluate(atMs, { ...around, prepared }), tookMs: performance.now() - startedMs };
}

/** Names a group: the same name may be used in several files. */
function groupKey(file: string, name: string): string {
  return `${file};${name}`;
}

/** What a group says, whatever the place it stands at. */
function definitionOf(group: RuleGroup): string {
  return JSON.stringify(group, (key, value: unknown) => (key === 'at' ? undefined : value));
}
