import type { Labels, Span } from '@tillwatch/model';
import type { Aggregate } from '../parse/ast.ts';
import type { Column } from './column.ts';
import type { Run } from './run.ts';

/** The series of one group of an aggregation, in the order in which they came. */
export interface Group {
  readonly labels: Labels;
  readonly members: Column[];
  /** Is the name, if the result has one, to be dropped at the end? It is when any member's is. */
  dropName: boolean;
}

/** Puts series into groups by the labels of `by` or `without`; done once for all steps. */
export function groupColumns(run: Run, expr: Aggregate, columns: readonly Column[], at: Span): Group[] {
  const groups = new Map<string, Group>();
  for (const column of columns) {
    run.tick(at);
    const labels = groupLabels(expr, column.labels);
    const group = groups.get(labels.key);
    const dropName = column.dropName && labels.has('__name__');
    if (group === undefined) groups.set(labels.key, { labels, members: [column], dropName });
    else {
      group.members.push(column);
      group.dropName ||= dropName;
    }
  }
  return [...groups.values()];
}

/** The labels of the group that a series of these labels belongs to. */
export function groupLabels(expr: Aggregate, labels: Labels): Labels {
  if (!expr.without) return labels.keep(expr.grouping);
  return labels.without([...expr.grouping, '__name__']);
}
