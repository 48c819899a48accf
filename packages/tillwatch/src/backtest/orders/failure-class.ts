// Shops export why a payment failed as a code (`insufficient_funds`) or as a sentence ("The bank declined the payment"). Both
// are read by their words: a declined card is the customer's, what no word is known for is technical.
import type { ReasonClass } from './order.ts';

/** The first that matches counts. */
const CLASSES: readonly (readonly [RegExp, ReasonClass])[] = [
  [/fraud|blocked|high(?:est)? risk|risk level|stolen|lost card|pickup card|security violation|blacklist/, 'fraud'],
  [
    /requires? (?:customer )?action|3d secure|\b3ds|authentication required|\bsca\b|challenge|identify shopper/,
    'action_required',
  ],
  [
    /processing error|issuer (?:not |un)available|acquirer|timed? ?out|time-out|gateway (?:error|timeout)|rate limit|internal|api (?:connection )?error|api key|service unavailable|invalid request|invalid amount|provider error|network error|connection|authentication error|server error|\b5\d\d\b/,
    'technical',
  ],
  [
    /declin|refus|insufficient|not enough|expired|incorrect|invalid (?:card|cvc|cvv|number|expir|pin|account|zip|postal)|do not honou?r|did not return any further details|limit exceeded|not permitted|not allowed|not supported|cancell?ed|cvc|cvv|restricted|call issuer|try again later|velocity|duplicate transaction|withdrawal|pin (?:try|tries)|abandon|no action taken|revocation|stop payment|closed card|generic decline/,
    'customer',
  ],
];

/** The class of a failure by its code or sentence, and the code word that becomes the label `reason`. */
export function classifyFailure(text: string): { readonly class: ReasonClass; readonly reason: string } {
  const words = text
    .trim()
    .toLowerCase()
    .replaceAll(/[_\s.]+/g, ' ');
  const found = CLASSES.find(([pattern]) => pattern.test(words))?.[1] ?? 'technical';
  return { class: found, reason: codeWord(words) };
}

const LONGEST_REASON = 40;

/** `The card was declined.` as `the_card_was_declined`. */
function codeWord(words: string): string {
  const word = words.replaceAll(/[^a-z0-9]+/g, '_').replaceAll(/^_+|_+$/g, '');
  return word === '' ? 'unknown' : word.slice(0, LONGEST_REASON);
}
