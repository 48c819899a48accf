import type { AlertmanagerConfig } from '@tillwatch/config';
import { type Alert, type Clock, isResolved, type Labels } from '@tillwatch/model';
import { plainTitle } from '../notify/fallback.ts';
import { toAlertDocument } from './alert-document.ts';
import { AlertGroup, groupId } from './alert-group.ts';
import type { AlertStore } from './alert-store.ts';
import { decide, type GroupSnapshot } from './decide.ts';
import { createInhibitor, type Inhibitor } from './inhibitor.ts';
import type { LedgerWriter } from './ledger-writer.ts';
import { mutedBy } from './mute-times.ts';
import { type LogEntry, logKey, type NotificationLog } from './notification-log.ts';
import type { Outbox, OutboxMessage } from './outbox.ts';
import { groupKeyOf, groupLabelsOf, matchRoutes, type RouteNode, routeTree } from './route-tree.ts';
import type { SilenceStore } from './silences.ts';
import { sortAlerts } from './sort-alerts.ts';

/** The way from the dispatcher to the lanes. */
export interface Deliveries {
  /** The integrations of a receiver, with whether they are told of resolved alerts. */
  integrationsOf(receiver: string): Iterable<{ readonly integration: string; readonly sendResolved: boolean }>;
  /** Hands over a message that is owed. */
  owe(message: OutboxMessage): void;
}

/** What the dispatcher works with. */
export interface DispatcherContext {
  readonly store: AlertStore;
  readonly silences: SilenceStore;
  readonly log: NotificationLog;
  readonly outbox: Outbox;
  readonly writer: LedgerWriter;
  readonly deliveries: Deliveries;
  readonly clock: Clock;
}

/** Why an alert is not told. */
export interface Quiet {
  readonly silencedBy: readonly string[];
  readonly inhibitedBy: readonly Alert[];
}

/** How long the log remembers a group that nobody speaks of: longer than any repeat interval. */
const KEEP_LOG_MS = 5 * 86_400_000;

/** More groups than this are a mistake in `group_by`; further alerts join no group and are counted. */
const MAX_GROUPS = 10_000;

/**
 * Sorts alerts into groups and decides at each group's ticks who is told what. It sends nothing: what is to be told is
 * written to the log and the outbox in one batch, and the lanes deliver it.
 */
export class Dispatcher {
  readonly #context: DispatcherContext;
  #config: AlertmanagerConfig;
  #root: RouteNode;
  #groups = new Map<string, AlertGroup>();
  #inhibitor: { readonly version: number; readonly rules: Inhibitor } | undefined;
  #overflowed = 0;

  constructor(config: AlertmanagerConfig, context: DispatcherContext) {
    this.#context = context;
    this.#config = config;
    this.#root = routeTree(config.route);
  }

  get groups(): Iterable<AlertGroup> {
    return this.#groups.values();
  }

  /** How many alerts joined no group because there were too many groups. */
  get overflowed(): number {
    return this.#overflowed;
  }

  get root(): RouteNode {
    return this.#root;
  }

  /** When the next group is to be looked at. */
  get nextFlushAtMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const group of this.#groups.values()) next = Math.min(next, group.nextFlushAtMs);
    return next;
  }

  /** Puts an alert, which is in the store already, into its groups. */
  add(alert: Alert): void {
    const nowMs = this.#context.clock.nowMs();
    const key = alert.labels.key;
    for (const node of matchRoutes(this.#root, alert.labels)) {
      const labels = groupLabelsOf(node.route, alert.labels);
      const id = groupId(node, labels);
      let group = this.#groups.get(id);
      if (group === undefined) {
        if (!this.#isWorthAGroup(alert, node, labels, nowMs)) continue;
        if (this.#groups.size >= MAX_GROUPS) {
          this.#overflowed++;
          continue;
        }
        group = new AlertGroup(node, labels, nowMs);
        this.#groups.set(id, group);
      }
      group.add(key, alert.startsAtMs, nowMs);
    }
  }

  /** Uses another configuration. Groups whose route is still there keep their ticks. */
  apply(config: AlertmanagerConfig): void {
    const former = this.#groups;
    this.#config = config;
    this.#root = routeTree(config.route);
    this.#inhibitor = undefined;
    this.#groups = new Map();
    for (const alert of this.#context.store.alerts()) this.add(alert);
    for (const group of this.#groups.values()) {
      const same = former.get(group.id);
      if (same?.lastFlushAtMs === undefined) continue;
      group.lastFlushAtMs = same.lastFlushAtMs;
      group.nextFlushAtMs = Math.min(same.nextFlushAtMs, same.lastFlushAtMs + group.node.route.groupIntervalMs);
    }
  }

  /** The keys of all alerts whose groups have still to look at them. */
  members(): Set<string> {
    const keys = new Set<string>();
    for (const group of this.#groups.values()) for (const key of group.members) keys.add(key);
    return keys;
  }

  /** What keeps an alert with these labels quiet now. */
  quiet(labels: Labels, nowMs: number): Quiet {
    return {
      silencedBy: this.#context.silences.silencedBy(labels, nowMs),
      inhibitedBy: this.#inhibitedBy(labels, nowMs),
    };
  }

  /** The names of the time intervals because of which a route is quiet now. */
  mutedBy(node: RouteNode, nowMs: number): string[] {
    return mutedBy(node.route, this.#config.timeIntervals, nowMs);
  }

  /** Looks at every group whose tick has come. The caller flushes the writer and wakes the lanes. */
  flushDue(): number {
    const nowMs = this.#context.clock.nowMs();
    let flushed = 0;
    for (const group of this.#groups.values()) {
      if (group.nextFlushAtMs > nowMs) continue;
      this.#flush(group, group.takeTick(nowMs), nowMs);
      flushed++;
    }
    return flushed;
  }

  #flush(group: AlertGroup, tickMs: number, nowMs: number): void {
    const alerts = this.#alertsOf(group);
    const isMuted = this.mutedBy(group.node, nowMs).length > 0;
    const audible: Alert[] = [];
    const muted: Alert[] = [];
    for (const alert of alerts) {
      const { silencedBy, inhibitedBy } = this.quiet(alert.labels, nowMs);
      (isMuted || silencedBy.length > 0 || inhibitedBy.length > 0 ? muted : audible).push(alert);
    }
    const snapshot: GroupSnapshot = { audible: sortAlerts(audible), muted, tickMs, nowMs };
    const { receiver } = group.node.route;
    for (const { integration, sendResolved } of this.#context.deliveries.integrationsOf(receiver)) {
      this.#tell(group, receiver, integration, sendResolved, snapshot);
    }
    // Whoever is to know of their end is owed a message now.
    for (const alert of alerts) if (isResolved(alert, nowMs)) group.members.delete(alert.labels.key);
    if (group.members.size === 0) this.#groups.delete(group.id);
  }

  #tell(
    group: AlertGroup,
    receiver: string,
    integration: string,
    sendResolved: boolean,
    snapshot: GroupSnapshot,
  ): void {
    const { log, outbox, deliveries } = this.#context;
    const { repeatIntervalMs } = group.node.route;
    const { tickMs, nowMs } = snapshot;
    const key = logKey(group.key, receiver, integration);
    const told = log.get(key);
    const decision = decide(told, snapshot, { repeatIntervalMs, sendResolved });
    if (decision === undefined) return;

    // An incident lasts until nothing fires any more; its messages hang together.
    const goesOn = told !== undefined && told.firing.size > 0;
    const firstAtMs = goesOn ? told.firstAtMs : tickMs;
    const thread = goesOn ? told.thread : `${key}\u0000${firstAtMs}`;
    const sends = decision.alerts.length > 0;
    const entry: LogEntry = {
      ...decision.told,
      thread,
      firstAtMs,
      messageId: sends ? outbox.nextId(nowMs) : told?.messageId,
      expiresAtMs: nowMs + Math.max(KEEP_LOG_MS, 2 * repeatIntervalMs),
    };
    log.set(key, entry);
    if (!sends || entry.messageId === undefined) return;

    const notification = {
      receiver,
      groupKey: group.key,
      groupLabels: group.labels,
      status: decision.told.firing.size > 0 ? ('firing' as const) : ('resolved' as const),
      alerts: decision.alerts,
      atMs: nowMs,
    };
    deliveries.owe({
      id: entry.messageId,
      receiver,
      integration,
      groupKey: group.key,
      groupLabels: group.labels.toRecord(),
      routeLabels: group.node.route.labels ?? {},
      thread,
      reason: decision.reason ?? '',
      alerts: decision.alerts.map(toAlertDocument),
      atMs: nowMs,
      state: 'owed',
      attempts: 0,
      createdAtMs: nowMs,
      owedSinceMs: nowMs,
      merged: 0,
      nextAttemptAtMs: nowMs,
      title: plainTitle(notification),
    });
  }

  #alertsOf(group: AlertGroup): Alert[] {
    const alerts: Alert[] = [];
    for (const key of group.members) {
      const stored = this.#context.store.get(key);
      if (stored === undefined) group.members.delete(key);
      else alerts.push(stored.alert);
    }
    return alerts;
  }

  /**
   * A resolved alert opens no group unless a receiver was told that it fires: rules repeat "resolved" for a quarter of an
   * hour, and after the all-clear there is nothing to say about it.
   */
  #isWorthAGroup(alert: Alert, node: RouteNode, labels: Labels, nowMs: number): boolean {
    if (!isResolved(alert, nowMs)) return true;
    const { receiver } = node.route;
    const groupKey = groupKeyOf(node, labels);
    for (const { integration } of this.#context.deliveries.integrationsOf(receiver)) {
      const told = this.#context.log.get(logKey(groupKey, receiver, integration));
      if (told?.firing.has(alert.labels.key) === true) return true;
    }
    return false;
  }

  #inhibitedBy(labels: Labels, nowMs: number): Alert[] {
    const { store } = this.#context;
    if (this.#config.inhibitRules.length === 0) return [];
    if (this.#inhibitor?.version !== store.version) {
      const rules = createInhibitor(this.#config.inhibitRules, store.alerts());
      this.#inhibitor = { version: store.version, rules };
    }
    return this.#inhibitor.rules.inhibitedBy(labels, nowMs);
  }
}
