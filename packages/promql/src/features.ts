/**
 * Parts of PromQL that Prometheus hides behind a switch. `experimental-functions`, `duration-expr`,
 * `extended-range-selectors` (`anchored`, `smoothed`) and `binop-fill-modifiers` widen the language and are given to `parse`;
 * `delayed-name-removal` changes evaluation: the metric name is dropped from results at the very end instead of at once.
 * So does `start-timestamps`: `rate`, `increase`, `irate` and `resets` know by them that a counter began anew.
 */
export type Feature =
  | 'experimental-functions'
  | 'duration-expr'
  | 'extended-range-selectors'
  | 'binop-fill-modifiers'
  | 'delayed-name-removal'
  | 'start-timestamps';
