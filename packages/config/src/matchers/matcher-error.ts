/** A text that was meant as matchers and is none. `from` and `to` are offsets into that text (UTF-16). */
export class MatcherError extends Error {
  override readonly name = 'MatcherError';
  readonly from: number;
  readonly to: number;

  constructor(message: string, from: number, to: number, options?: ErrorOptions) {
    super(message, options);
    this.from = from;
    this.to = to;
  }
}
