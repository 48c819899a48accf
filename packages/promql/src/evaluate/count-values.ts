import type { Labels } from '@tillwatch/model';
import { formatNumber, quoteText } from '../format.ts';
import { formatHistogram } from '../histogram/text.ts';
import type { Aggregate } from '../parse/ast.ts';
import { type Column, newColumn } from './column.ts';
import { groupColumns } from './grouping.ts';
import { failExecution, type Run } from './run.ts';

/** `count_values`: how many series of a group have each value; the value becomes a label. */
export function countValues(
  run: Run,
  expr: Aggregate,
  label: string,
  columns: readonly Column[],
  steps: number,
): Column[] {
  if (!isLabelName(label)) failExecution(`invalid label name ${quoteText(label)}`, expr.param!.span);
  const out = new Map<string, Column>();
  for (const group of groupColumns(run, expr, columns, expr.span)) {
    const byValue = new Map<string, Labels>();
    for (const member of group.members) {
      run.tick(expr.span);
      for (let k = 0; k < steps; k++) {
        if (member.present[k] === 0) continue;
        const histogram = member.histograms?.[k];
        const text = histogram === undefined ? formatNumber(member.values[k]!) : formatHistogram(histogram);
        let labels = byValue.get(text);
        if (labels === undefined) {
          labels = group.labels.with(label, text);
          byValue.set(text, labels);
        }
        countOne(out, labels, k, steps, group.dropName);
      }
    }
  }
  return [...out.values()];
}

function countOne(out: Map<string, Column>, labels: Labels, step: number, steps: number, dropName: boolean): void {
  let column = out.get(labels.key);
  if (column === undefined) {
    column = newColumn(labels, steps, dropName && labels.has('__name__'));
    out.set(labels.key, column);
  }
  column.values[step] = column.values[step]! + 1;
  column.present[step] = 1;
}

/** Since 3.0 every text that is UTF-8 can name a label; lone surrogates stand for bytes that are not. */
export function isLabelName(name: string): boolean {
  return name !== '' && !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(name);
}
