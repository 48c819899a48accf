import { type Matcher, METRIC_NAME } from '@tillwatch/model';

/** Label values that occur in shops, for matchers that are no list of literal values. */
const USUAL = [
  'x',
  '200',
  '500',
  '404',
  'GET',
  'POST',
  'success',
  'failure',
  '/checkout',
  '/api/checkout',
  '1',
  'true',
];

/**
 * Labels of a made-up series that all of `matching` choose and `against`, taken together, do not; `undefined` when none
 * can be thought of. The metric's name is left out.
 */
export function sampleLabels(
  matching: readonly Matcher[],
  against: readonly Matcher[] = [],
): Readonly<Record<string, string>> | undefined {
  const labels: Record<string, string> = {};
  for (const name of namesOf([...matching])) {
    const own = matching.filter((matcher) => matcher.name === name);
    const value = candidates(own).find((one) => own.every((matcher) => matcher.matches(one)));
    if (value === undefined) return undefined;
    if (value !== '') labels[name] = value;
  }
  const others = against.filter(({ name }) => name !== METRIC_NAME);
  if (against.length === 0 || !others.every((matcher) => matcher.matches(labels[matcher.name] ?? ''))) return labels;
  for (const name of namesOf(others)) {
    const own = matching.filter((matcher) => matcher.name === name);
    const other = against.filter((matcher) => matcher.name === name);
    const value = candidates([...own, ...other]).find(
      (one) => own.every((matcher) => matcher.matches(one)) && !other.every((matcher) => matcher.matches(one)),
    );
    if (value === undefined) continue;
    const { [name]: _, ...rest } = labels;
    return value === '' ? rest : { ...rest, [name]: value };
  }
  return undefined;
}

function namesOf(matchers: readonly Matcher[]): string[] {
  return [...new Set(matchers.map(({ name }) => name))].filter((name) => name !== METRIC_NAME);
}

/** What a label might be: the alternatives of its matchers, then usual values, then nothing. */
function candidates(matchers: readonly Matcher[]): string[] {
  const written = matchers.flatMap(({ value, op }) => (op === '=' || op === '!=' ? [value] : value.split('|')));
  const filled = written.flatMap((text) => [
    text
      .replaceAll(/\[(.)[^\]]*\]/g, '$1')
      .replaceAll(/\.[*+]/g, 'x')
      .replaceAll('.', '0')
      .replaceAll(/[()?]/g, ''),
    text.replaceAll(/\\([./+*?^$|()[\]{}-])/g, '$1'),
    text,
  ]);
  return [...filled, ...USUAL, ''];
}
