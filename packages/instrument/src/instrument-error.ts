/**
 * A mistake in how the instruments were set up: thrown while a shop starts, never while it serves customers.
 * The message is lower case and quotes the offending value.
 */
export class InstrumentError extends Error {
  override readonly name = 'InstrumentError';
}
