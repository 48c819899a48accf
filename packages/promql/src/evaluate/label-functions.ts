import { compileAnchoredRegex, type Labels, RegexError } from '@tillwatch/model';
import type { Call } from '../parse/ast.ts';
import { type Column, mergeEqual, type Value, vectorOf } from './column.ts';
import { isLabelName } from './count-values.ts';
import { failExecution, failSameLabels, type Run } from './run.ts';

/** `label_replace`: where the source label matches, the target label becomes the expanded replacement. */
export function replaceLabels(
  run: Run,
  call: Call,
  columns: readonly Column[],
  [target, replacement, source, pattern]: readonly [string, string, string, string],
): Value {
  checkLabelName(call, 1, target, 'label_replace');
  const regex = compileRegex(call, pattern);
  const groupNames = regex.namedGroups();
  return relabelled(run, call, columns, target, (labels) => {
    const matcher = regex.matcher(labels.get(source));
    if (!matcher.matches()) return undefined;
    return labels.with(
      target,
      expand(replacement, (name) => groupText(matcher, groupNames, name)),
    );
  });
}

/** `label_join`: the target label becomes the values of the source labels, joined. */
export function joinLabels(run: Run, call: Call, columns: readonly Column[], texts: readonly string[]): Value {
  const [target = '', separator = '', ...sources] = texts;
  checkLabelName(call, 1, target, 'label_join');
  return relabelled(run, call, columns, target, (labels) =>
    labels.with(target, sources.map((source) => labels.get(source)).join(separator)),
  );
}

/** `change` gives the new labels, or `undefined` to leave a series alone. */
function relabelled(
  run: Run,
  call: Call,
  columns: readonly Column[],
  target: string,
  change: (labels: Labels) => Labels | undefined,
): Value {
  const changed = columns.map((column) => {
    run.tick(call.span);
    const labels = change(column.labels);
    // A name that was given on purpose stays.
    return labels === undefined ? column : { ...column, labels, dropName: column.dropName && target !== '__name__' };
  });
  return vectorOf(mergeEqual(changed, () => failSameLabels(call.span)));
}

function checkLabelName(call: Call, at: number, name: string, func: string): void {
  if (isLabelName(name)) return;
  failExecution(`invalid destination label name in ${func}(): ${name}`, call.args[at]!.span);
}

function compileRegex(call: Call, pattern: string): ReturnType<typeof compileAnchoredRegex> {
  try {
    return compileAnchoredRegex(pattern);
  } catch (error) {
    if (!(error instanceof RegexError)) throw error;
    return failExecution(`invalid regular expression in label_replace(): ${pattern}`, call.args[4]!.span);
  }
}

type RegexMatcher = ReturnType<ReturnType<typeof compileAnchoredRegex>['matcher']>;

function groupText(matcher: RegexMatcher, groupNames: Readonly<Record<string, number>>, name: string): string {
  const index = /^\d+$/.test(name) ? Number(name) : groupNames[name];
  if (index === undefined || index > matcher.groupCount()) return '';
  return matcher.group(index) ?? '';
}

/** Go's replacement syntax: `$1`, `$name` (as long as the name goes), `${name}`, and `$$` for a dollar. */
function expand(template: string, groupOf: (name: string) => string): string {
  return template.replace(/\$(?:(\$)|(\w+)|\{(\w+)\})/g, (_, dollar?: string, bare?: string, braced?: string) =>
    dollar !== undefined ? '$' : groupOf(bare ?? braced ?? ''),
  );
}
