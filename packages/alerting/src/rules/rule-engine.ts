import type { RuleGroup } from '@tillwatch/config';
import type { Alert, Appendable, Clock, Labels, Ledger, Logger, Queryable } from '@tillwatch/model';
import { GroupRunner, type GroupSurroundings } from './group-runner.ts';
import type { RuleGroupStatus } from './status.ts';

/** The groups of one rule file. */
export interface RuleFile {
  readonly file: string;
  readonly groups: readonly RuleGroup[];
}

/** What a rule engine works with. */
export interface RuleEngineOptions {
  readonly groups: readonly RuleFile[];
  /** What expressions read. */
  readonly queryable: Queryable;
  /** Where samples and alert states go, in the same batch. */
  readonly store: Appendable & Ledger;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Added to alerts on their way out, and known to templates. */
  readonly externalLabels: Labels;
  readonly externalUrl: string;
  /** The interval of groups that have none of their own. */
  readonly evaluationIntervalMs: number;
  /** A firing or resolved alert is handed on again after this long; 1 minute when not given. */
  readonly resendDelayMs?: number | undefined;
  /**
   * Takes alerts that fire or were resolved, once all that led to them is stored. Called again for the same alerts from
   * time to time, and once more than necessary after a crash: equal labels mean the same alert.
   */
  onAlerts(alerts: readonly Alert[]): void;
}

/** Evaluates rule groups at their intervals. */
export interface RuleEngine {
  start(): void;
  /** Resolves when no evaluation is running anymore. */
  stop(): Promise<void>;
  /** Evaluates every group once, in order, as of `nowMs`; for tests and replays. Never rejects. */
  evaluate(nowMs: number): Promise<void>;
  /** Replaces the groups. Unchanged groups keep their pace, rules of the same name and labels their alerts. */
  apply(groups: readonly RuleFile[]): Promise<void>;
  groups(): RuleGroupStatus[];
}

/**
 * Makes a rule engine with the alert states that the store holds. It does nothing until it is started.
 * Whatever is wrong with single rules is in their status, not thrown.
 */
export function createRuleEngine(options: RuleEngineOptions): RuleEngine {
  return new Engine(options);
}

const DEFAULT_RESEND_DELAY_MS = 60_000;

class Engine implements RuleEngine {
  readonly #surroundings: GroupSurroundings;
  #groups: readonly GroupRunner[];
  #isStarted = false;

  constructor(options: RuleEngineOptions) {
    this.#surroundings = {
      ...options,
      resendDelayMs: options.resendDelayMs ?? DEFAULT_RESEND_DELAY_MS,
      onAlerts: (alerts) => options.onAlerts(alerts),
    };
    this.#groups = this.#runners(options.groups);
    for (const group of this.#groups) group.restore();
  }

  #runners(files: readonly RuleFile[]): GroupRunner[] {
    return files.flatMap(({ file, groups }) => groups.map((group) => new GroupRunner(file, group, this.#surroundings)));
  }

  start(): void {
    this.#isStarted = true;
    for (const group of this.#groups) group.start();
  }

  async stop(): Promise<void> {
    this.#isStarted = false;
    await Promise.all(this.#groups.map((group) => group.stop()));
  }

  async evaluate(nowMs: number): Promise<void> {
    for (const group of this.#groups) await group.evaluate(nowMs);
  }

  async apply(files: readonly RuleFile[]): Promise<void> {
    const before = new Map(this.#groups.map((group) => [group.key, group]));
    const wanted = this.#runners(files);
    const kept = new Map(
      wanted.flatMap((group) => {
        const same = before.get(group.key);
        return same?.definition === group.definition ? [[group.key, same] as const] : [];
      }),
    );
    await Promise.all(this.#groups.filter((group) => !kept.has(group.key)).map((group) => group.stop()));
    const groups = wanted.map((group) => {
      const same = kept.get(group.key);
      if (same !== undefined) return same;
      const previous = before.get(group.key);
      if (previous === undefined) group.restore();
      else group.adopt(previous);
      return group;
    });
    const keys = new Set(groups.map((group) => group.key));
    const removed = this.#groups.filter((group) => !keys.has(group.key));
    this.#groups = groups;
    if (this.#isStarted) for (const group of groups) group.start();
    await this.#retire(removed);
  }

  async #retire(removed: readonly GroupRunner[]): Promise<void> {
    if (removed.length === 0) return;
    const { store, clock, logger } = this.#surroundings;
    const batch = store.batch();
    for (const group of removed) group.retire(batch, clock.nowMs());
    try {
      await batch.commit();
    } catch (error) {
      logger.warn('series of removed rules not ended', { err: (error as Error).message });
    }
  }

  groups(): RuleGroupStatus[] {
    return this.#groups.map((group) => group.status());
  }
}
