/**
 * Whose failure it is. `technical`: ours or a provider's, the only class that may wake somebody.
 * `customer`: declined card, wrong input. `fraud`: blocked on suspicion. `action_required`: the customer has to confirm
 * (3-D Secure) and did not yet.
 */
export type FailureClass = 'technical' | 'customer' | 'fraud' | 'action_required';

/** All failure classes; technical first. */
export const FAILURE_CLASSES: readonly FailureClass[] = ['technical', 'customer', 'fraud', 'action_required'];

/** What a failure is: its class and a short code word that becomes the `reason` label. */
export interface Classification {
  readonly class: FailureClass;
  /** A code word such as `card_declined`. It is cleaned to `a-z 0-9 _ . -` before it is used. */
  readonly reason: string;
}

/** Where a failure happened, as far as it is known. */
export interface FailureContext {
  readonly step?: string | undefined;
  readonly provider?: string | undefined;
}

/** Says what a thrown value is, or `undefined` to leave that to the default. Must not throw; if it does, the default is used. */
export type Classify = (error: unknown, context: FailureContext) => Classification | undefined;

/** Provider codes and what they mean; `reason` is the code itself unless it is given. Keys as the provider spells them. */
export type CodeTable = Readonly<Record<string, { readonly class: FailureClass; readonly reason?: string }>>;
