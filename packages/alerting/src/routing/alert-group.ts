import type { Labels } from '@tillwatch/model';
import { groupKeyOf, type RouteNode } from './route-tree.ts';

/** Alerts that are told together: those of one route with equal values of its `group_by` labels. */
export class AlertGroup {
  readonly node: RouteNode;
  readonly labels: Labels;
  /** What receivers see. */
  readonly key: string;
  /** Unique among the groups of a router. */
  readonly id: string;
  /** The alerts of the group, by the keys of their labels. */
  readonly members = new Set<string>();
  /** The tick at which the group is looked at next. */
  nextFlushAtMs: number;
  lastFlushAtMs: number | undefined;

  constructor(node: RouteNode, labels: Labels, nowMs: number) {
    this.node = node;
    this.labels = labels;
    this.key = groupKeyOf(node, labels);
    this.id = groupId(node, labels);
    this.nextFlushAtMs = nowMs + node.route.groupWaitMs;
  }

  /** Takes in an alert. The first message waits for others, but not when this alert has waited long enough by itself. */
  add(key: string, startsAtMs: number, nowMs: number): void {
    this.members.add(key);
    const isFirst = this.lastFlushAtMs === undefined;
    if (isFirst && startsAtMs + this.node.route.groupWaitMs < nowMs) {
      this.nextFlushAtMs = Math.min(this.nextFlushAtMs, nowMs);
    }
  }

  /**
   * Moves on to the next tick and yields the one that is due. Ticks keep their distance however late they are noticed; a
   * machine that slept through some goes on from now.
   */
  takeTick(nowMs: number): number {
    const { groupIntervalMs } = this.node.route;
    const late = nowMs - this.nextFlushAtMs;
    const tickMs = late < groupIntervalMs ? this.nextFlushAtMs : nowMs;
    this.nextFlushAtMs = tickMs + groupIntervalMs;
    this.lastFlushAtMs = nowMs;
    return tickMs;
  }
}

export function groupId(node: RouteNode, labels: Labels): string {
  return `${node.id}\u0000${labels.key}`;
}
