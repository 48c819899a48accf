/**
 * What may become a label value or stand in a log line. Both outlive the request by months and are read by many, so
 * nothing that looks like a card number or an address of a person gets in, whatever a caller or an attacker passes.
 */

/** Longer label values are cut. */
export const MAX_LABEL_LENGTH = 64;

/** What stands in place of a card number or an address. */
const MASK = 'masked';

/** Twelve digits and more, also when grouped by blanks, dots, dashes or underscores. */
const CARD_LIKE = /\d(?:[ ._-]?\d){11,}/g;
const MAIL_LIKE = /[^\s@,;<>"']+@[^\s@,;<>"']+/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

/** Masks card-like runs of digits and e-mail addresses. Reads at most the first 512 characters. */
function maskPersonal(text: string): string {
  return text.slice(0, 512).replace(MAIL_LIKE, MASK).replace(CARD_LIKE, MASK);
}

/** A label value of any alphabet: personal data masked, control characters blanked, trimmed, at most 64 characters. */
export function sanitizeLabel(raw: string): string {
  return cut(maskPersonal(raw).replace(CONTROL, ' ').trim());
}

/**
 * A reason or another code word: masked, lower case, only `a-z 0-9 _ . -`, at most 64 characters.
 * Empty when nothing is left.
 */
export function sanitizeReason(raw: string): string {
  const word = maskPersonal(raw)
    .toLowerCase()
    .replace(/[^a-z0-9_.-]+/g, '_')
    .replace(/^_+|_+$/g, '');
  return cut(word);
}

/** Cuts without leaving half of a surrogate pair. */
function cut(text: string): string {
  if (text.length <= MAX_LABEL_LENGTH) return text;
  return text.slice(0, MAX_LABEL_LENGTH).replace(/[\ud800-\udbff]$/, '');
}
