/** How a checkout ended. `pending`: not yet. */
export type OrderOutcome = 'success' | 'failure' | 'abandoned' | 'pending';

/** Whose failure it is, as in the label `reason_class`. */
export type ReasonClass = 'technical' | 'customer' | 'fraud' | 'action_required';

/** One order, payment or charge of a shop's past. Empty texts: not known. */
export interface Order {
  readonly atMs: number;
  readonly outcome: OrderOutcome;
  readonly failure: { readonly class: ReasonClass; readonly reason: string } | undefined;
  /** In major units. */
  readonly amount: number | undefined;
  /** ISO 4217, in capitals. */
  readonly currency: string;
  readonly provider: string;
  readonly method: string;
  readonly channel: string;
  readonly region: string;
}
