export { RuleExpectationError, RuleTestError } from './testing/expectation-error.ts';
export type {
  FiringExpectation,
  QuietExpectation,
  ResolvedExpectation,
  RuleScenario,
  ScenarioAlert,
  ScenarioOptions,
  TextMatch,
  WhichAlerts,
} from './testing/rule-scenario.ts';
export { expectRuleTests, loadGeneratedRules, loadRules, type Rules } from './testing/rules.ts';
export {
  type CounterSeries,
  counter,
  type GaugeSeries,
  gauge,
  type Lasting,
  type Pace,
  series,
  type TestSeries,
} from './testing/series-builder.ts';
