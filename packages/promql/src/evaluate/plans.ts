import type { Aggregate } from '../parse/ast.ts';
import { GroupPlan } from './group-plan.ts';

/**
 * What evaluations of the same expressions keep for each other: which series go together. To be given to every evaluation
 * of expressions that are evaluated again and again, such as those of rules. It lasts as long as the expressions do.
 */
export class EvaluationPlans {
  readonly #groups = new WeakMap<Aggregate, GroupPlan>();

  /** The groups of an aggregation, as they were the last time; `hasNames` says whether series still have their names there. */
  groupsOf(expr: Aggregate, hasNames: boolean): GroupPlan {
    let plan = this.#groups.get(expr);
    if (plan === undefined) {
      plan = new GroupPlan(expr, hasNames);
      this.#groups.set(expr, plan);
    }
    return plan;
  }
}
