/** One failed checkout out of the shop's log: code words and amounts, nothing about a person. What is not known is `undefined`. */
export interface FailureExample {
  readonly atMs: number;
  readonly step: string | undefined;
  readonly provider: string | undefined;
  /** Of payment. */
  readonly method: string | undefined;
  readonly reason: string;
  /** `technical`, `customer`, `fraud` or `action_required`. */
  readonly reasonClass: string;
  readonly channel: string | undefined;
  readonly region: string | undefined;
  readonly version: string | undefined;
  /** Major units of `currency`. */
  readonly amount: number | undefined;
  /** ISO 4217. */
  readonly currency: string | undefined;
  readonly attemptId: string | undefined;
  /** 32 lower case hexadecimal digits. */
  readonly traceId: string | undefined;
}

/** Which examples are wanted. */
export interface FailureQuestion {
  readonly sinceMs: number;
  readonly untilMs: number;
  /** Labels of the part at fault; an example that says otherwise is none of it. */
  readonly labels: Readonly<Record<string, string>>;
  readonly limit: number;
}

/** What remembers the last failures of the shop. */
export interface FailureSource {
  /** Technical failures, newest first, of as many different reasons as there are. */
  last(question: FailureQuestion): readonly FailureExample[];
}
