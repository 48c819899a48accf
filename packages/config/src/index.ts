export { type Fail, field, textField, whole } from './fields/field.ts';
export {
  isLabelName,
  isMetricName,
  labelName,
  labelsRecord,
  matcher,
  matchers,
  type NameScheme,
  regex,
  textRecord,
} from './fields/labels.ts';
export {
  choice,
  type DurationOptions,
  duration,
  flag,
  integer,
  type NumberOptions,
  number,
  secret,
  text,
} from './fields/scalars.ts';
export { Secret } from './fields/secret.ts';
export { secretUrl, url } from './fields/url.ts';
export { MatcherError } from './matchers/matcher-error.ts';
export {
  formatMatcher,
  type MatcherJson,
  type MatcherMode,
  matcherToJson,
  matchesAll,
  opOfJson,
  parseMatcher,
  parseMatchers,
} from './matchers/parse-matchers.ts';
export type { IssueParams } from './yaml/issues.ts';
export { type ReadYamlOptions, readYaml, type YamlPath, type YamlReading } from './yaml/read-yaml.ts';
