import type { Labels } from '@tillwatch/model';
import type { Aggregate } from '../parse/ast.ts';
import { hasMetadata, withoutMetadata } from './column.ts';
import { groupLabels } from './grouping.ts';

/** Groups that lost their last member are kept until there are so many more than those in use. */
const MOST_UNUSED = 64;

/**
 * Which group each series of an aggregation belongs to. What was found out in one evaluation holds in the next for every series
 * that comes at the same place, so that labels are looked at only when series come or go.
 */
export class GroupPlan {
  readonly #expr: Aggregate;
  readonly #hasNames: boolean;
  /** The series, by the place at which they came the last time, and the number of their group. */
  readonly #series: Labels[] = [];
  readonly #groupOf: number[] = [];
  #labels: Labels[] = [];
  readonly #numbers = new Map<string, number>();
  #metricName: string | undefined;
  #isAmbiguous = false;

  /** `hasNames`: series come with their names into their groups; else without. */
  constructor(expr: Aggregate, hasNames: boolean) {
    this.#expr = expr;
    this.#hasNames = hasNames;
  }

  /** May series that differ be equal once they lose their names? That cannot be told group by group. */
  get isAmbiguous(): boolean {
    return this.#isAmbiguous;
  }

  /** The number of the group of the series that comes at this place. */
  groupOf(place: number, labels: Labels): number {
    return this.#series[place] === labels ? this.#groupOf[place]! : this.#assign(place, labels);
  }

  /** The labels of a group by its number. */
  labelsOf(group: number): Labels {
    return this.#labels[group]!;
  }

  /** To be called after the last series: how many there were, and in how many groups. */
  finish(series: number, groups: number): void {
    this.#series.length = Math.min(this.#series.length, series);
    this.#groupOf.length = this.#series.length;
    if (this.#labels.length <= 2 * groups + MOST_UNUSED) return;
    this.#series.length = 0;
    this.#groupOf.length = 0;
    this.#labels = [];
    this.#numbers.clear();
  }

  #assign(place: number, labels: Labels): number {
    if (!this.#hasNames) this.#lookAtName(labels);
    const group = groupLabels(this.#expr, this.#hasNames ? labels : withoutMetadata(labels));
    let number = this.#numbers.get(group.key);
    if (number === undefined) {
      number = this.#labels.length;
      this.#labels.push(group);
      this.#numbers.set(group.key, number);
    }
    this.#series[place] = labels;
    this.#groupOf[place] = number;
    return number;
  }

  #lookAtName(labels: Labels): void {
    const { metricName } = labels;
    this.#metricName ??= metricName;
    if (metricName !== this.#metricName || hasMetadata(labels)) this.#isAmbiguous = true;
  }
}
