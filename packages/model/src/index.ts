export { type Alert, alertName, isResolved } from './alert.ts';
export { type Clock, systemClock } from './clock.ts';
export { formatDuration, parseDuration } from './duration.ts';
export type { Exemplar, ExemplarSink } from './exemplar.ts';
export { type Buckets, type CounterResetHint, CUSTOM_BUCKETS_SCHEMA, type Histogram } from './histogram.ts';
export { invariant, unreachable } from './invariant.ts';
export { compareLabels, compareText, type Label, Labels, METRIC_NAME, quote } from './labels.ts';
export { type LogFields, type Logger, silentLogger } from './logger.ts';
export { compileAnchoredRegex, Matcher, type MatchOp, RegexError } from './matcher.ts';
export { unescapeName } from './name-escaping.ts';
export type { AlertEnricher, Briefing, BriefingBlock, Notification, Tone } from './notification.ts';
export {
  closest,
  formatProblems,
  isError,
  type Problem,
  positionAt,
  type SourceText,
  type Span,
  spanOf,
} from './problem.ts';
export type { Querier, RangeSeries, VectorSample } from './query.ts';
export {
  type CounterSeries,
  isStaleAt,
  type Queryable,
  type ReadWindows,
  type Series,
  writeStaleAt,
} from './series.ts';
export { type SteadyClock, steadyClock } from './steady-clock.ts';
export { type Appendable, type Batch, type Ledger, SampleRow, type SeriesCensus, StoreError } from './store.ts';
export { zoneOffsetMs } from './time-zone.ts';
