/** An expectation that was not met. The message says what was expected, what happened instead, and what led to it. */
export class RuleExpectationError extends Error {
  override readonly name = 'RuleExpectationError';
}

/** Rules, or tests of rules, that cannot be read or do not pass. The message has every problem with its place. */
export class RuleTestError extends Error {
  override readonly name = 'RuleTestError';
}
