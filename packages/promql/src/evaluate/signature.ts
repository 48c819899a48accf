import type { Labels } from '@tillwatch/model';
import type { VectorMatching } from '../parse/ast.ts';
import type { Column } from './column.ts';

/** The labels by which a series finds its partners: those of `on`, or all but those of `ignoring` and the name. */
export function matchingLabels(labels: Labels, matching: VectorMatching): Labels {
  return matching.on ? labels.keep(matching.labels) : labels.without([...matching.labels, '__name__']);
}

/** Columns with equal matching labels, in the order in which they came. */
export function groupByMatch(columns: readonly Column[], matching: VectorMatching): Map<string, Column[]> {
  const groups = new Map<string, Column[]>();
  for (const column of columns) {
    const { key } = matchingLabels(column.labels, matching);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [column]);
    else group.push(column);
  }
  return groups;
}
