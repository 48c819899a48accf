/**
 * Why a message did not arrive; also the label of the metric that counts it.
 * `auth`: the receiver did not accept who we are. `rate-limited`: too many messages. `client`: the receiver refuses this
 * message. `server`: the receiver is ill. `timeout`, `connection`, `tls`: it was not reached. `template`: the message could
 * not be written. `configuration`: a setting is missing or cannot be used. `expired`: given up after too long.
 */
export type NotifyReason =
  | 'auth'
  | 'rate-limited'
  | 'client'
  | 'server'
  | 'timeout'
  | 'connection'
  | 'tls'
  | 'template'
  | 'configuration'
  | 'expired';

/** What else is known about a failed delivery. */
export interface NotifyErrorDetails extends ErrorOptions {
  /** May the same message be accepted later? Default: as `isRetryable` says of the reason. */
  readonly retryable?: boolean | undefined;
  /** How long the receiver asked us to wait. */
  readonly retryAfterMs?: number | undefined;
  /** What a person can do about it. */
  readonly hint?: string | undefined;
  /** The receiver refuses the form of the message, not the message: a plainer form may pass. */
  readonly badForm?: boolean | undefined;
}

/** A message was not delivered. The message is lower case, says what happened where, and never contains a secret. */
export class NotifyError extends Error {
  override readonly name = 'NotifyError';
  readonly reason: NotifyReason;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly hint: string | undefined;
  readonly badForm: boolean;

  constructor(reason: NotifyReason, message: string, details: NotifyErrorDetails = {}) {
    super(message, details);
    this.reason = reason;
    this.retryable = details.retryable ?? isRetryable(reason);
    this.retryAfterMs = details.retryAfterMs;
    this.hint = details.hint;
    this.badForm = details.badForm ?? false;
  }
}

/** Does trying the same message again make sense? Only what the receiver or the network may heal by itself. */
function isRetryable(reason: NotifyReason): boolean {
  switch (reason) {
    case 'rate-limited':
    case 'server':
    case 'timeout':
    case 'connection':
    case 'tls':
      return true;
    case 'auth':
    case 'client':
    case 'template':
    case 'configuration':
    case 'expired':
      return false;
  }
}

/** Whatever was thrown, as a `NotifyError`. A bug of ours counts as retryable, so that it delays a message and does not lose it. */
export function toNotifyError(thrown: unknown): NotifyError {
  if (thrown instanceof NotifyError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new NotifyError('connection', message, { cause: thrown });
}
