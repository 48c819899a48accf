/** A scrape that failed: why, in words for the target's page. Never holds credentials. */
export class ScrapeError extends Error {
  override readonly name = 'ScrapeError';
  readonly reason:
    | 'timeout'
    | 'connection'
    | 'status'
    | 'content-type'
    | 'body-size'
    | 'format'
    | 'limit'
    | 'config'
    | 'auth';

  constructor(reason: ScrapeError['reason'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
