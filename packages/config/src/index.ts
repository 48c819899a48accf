export type {
  AlertmanagerConfig,
  AlertmanagerGlobal,
  EmailConfig,
  InhibitRule,
  NamedTimeIntervals,
  Receiver,
  Route,
  SlackAction,
  SlackConfig,
  SlackField,
  WebhookConfig,
} from './alertmanager/config.ts';
export { type AlertmanagerReading, readAlertmanagerConfig } from './alertmanager/read-alertmanager-config.ts';
export { isInTimeIntervals, type TimeInterval, timeIntervalContains } from './alertmanager/time-interval.ts';
export { formatByteSize, parseByteSize } from './fields/byte-size.ts';
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
export type {
  AlertingConfig,
  AlertmanagerEndpoint,
  DnsSdConfig,
  FileSdConfig,
  GlobalConfig,
  HttpSdConfig,
  PrometheusConfig,
  ScrapeConfig,
  ScrapeProtocol,
  StaticConfig,
} from './prometheus/config.ts';
export type {
  Authorization,
  BasicAuth,
  HttpClientConfig,
  OAuth2,
  ProxySettings,
  TlsConfig,
} from './prometheus/http-client.ts';
export {
  addScrapeConfigFiles,
  type PrometheusReading,
  type PrometheusReadOptions,
  readPrometheusConfig,
} from './prometheus/read-prometheus-config.ts';
export { readTargetFile } from './prometheus/read-target-file.ts';
export { RELABEL_DEFAULTS, type RelabelAction, type RelabelConfig, validateRelabel } from './prometheus/relabel.ts';
export type { StorageConfig } from './prometheus/storage.ts';
export {
  type RuleTestReading,
  type RuleTestReadOptions,
  readRuleTestFile,
} from './rule-tests/read-rule-test-file.ts';
export type {
  AlertCheck,
  ExpectedAlert,
  ExpectedSample,
  ExprCheck,
  InputSeries,
  Placed,
  RuleTest,
  RuleTestFile,
} from './rule-tests/rule-test.ts';
export { readSeriesLabels, type SeriesLabelsError } from './rule-tests/series-labels.ts';
export {
  readSeriesValues,
  type SeriesValuesError,
  type TestSample,
} from './rule-tests/series-values.ts';
export { type RuleFileOptions, type RuleFileReading, readRuleFile } from './rules/read-rule-file.ts';
export { type AlertingRule, type RecordingRule, type Rule, type RuleGroup, ruleName } from './rules/rule.ts';
export { SecretInFileError } from './write/wire.ts';
export {
  type AlertmanagerConfigInput,
  type InhibitRuleInput,
  type ReceiverInput,
  type RouteInput,
  writeAlertmanagerConfig,
} from './write/write-alertmanager-config.ts';
export {
  type PrometheusConfigInput,
  type ScrapeConfigInput,
  writePrometheusConfig,
} from './write/write-prometheus-config.ts';
export { type RuleGroupInput, type RuleInput, writeRuleFile } from './write/write-rule-file.ts';
export type { WriteOptions } from './write/yaml-text.ts';
export type { IssueParams } from './yaml/issues.ts';
export { type ReadYamlOptions, readYaml, type YamlPath, type YamlReading } from './yaml/read-yaml.ts';
