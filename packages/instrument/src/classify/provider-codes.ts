import { sanitizeReason } from '../labels/sanitize.ts';
import type { Classification, CodeTable, FailureClass } from './classification.ts';

/**
 * What payment providers answer, by class. The code words are those of card networks and of the common providers; a
 * provider that spells them with blanks or capitals ("Not enough balance") is found too, since both sides are reduced
 * to the same alphabet.
 */
const CODES: Readonly<Record<FailureClass, string>> = {
  customer: `
    3d_not_authenticated approve_with_id authorization_expired bank_account_declined blocked_card call_issuer
    cancelled card_declined card_expired card_not_supported card_velocity_exceeded closed_card coupon_expired
    coupon_invalid currency_not_supported customer_cancelled cvc_declined debit_not_authorized declined
    declined_non_generic do_not_honor do_not_try_again duplicate_transaction expired_card fst_err_validation
    generic_decline incorrect_address incorrect_cvc incorrect_number incorrect_pin incorrect_zip instrument_declined
    insufficient_funds invalid_account invalid_card_number invalid_cvc invalid_expiry_month invalid_expiry_year
    invalid_input invalid_number invalid_pin issuer_declined limit_exceeded new_account_information_available
    no_action_taken not_3d_authenticated not_enough_balance not_permitted offline_pin_required
    online_or_offline_pin_required payer_cannot_pay payment_intent_authentication_failure
    payment_method_not_available payment_required pin_tries_exceeded pin_try_exceeded postal_code_invalid
    processor_declined reenter_transaction refused restricted_card revocation_of_all_authorizations
    revocation_of_authorization service_not_allowed shopper_cancelled stop_payment_order stripecarderror
    transaction_not_allowed transaction_not_permitted transaction_refused try_again_later user_cancelled
    wallet_declined withdrawal_amount_exceeded withdrawal_count_limit_exceeded`,
  fraud: `
    acquirer_fraud blocked compliance_violation fraud fraud-cancelled fraud_cancelled fraud_suspected fraudulent
    gateway_rejected gateway_rejected_fraud high_risk highest_risk_level issuer_suspected_fraud lost_card
    merchant_blacklist payer_blocked pickup_card risk_threshold security_violation stolen_card suspected_fraud`,
  action_required: `
    3d_secure_required 3ds 3ds2 3ds_required action_required authentication_required challengeshopper
    identifyshopper mobile_device_authentication_required payer_action_required redirectshopper requires_action
    sca_required soft_decline`,
  technical: `
    acquirer_error api_connection_error api_error authentication_error gateway_timeout idempotency_error
    internal_error internal_server_error invalid_amount invalid_request_error issuer_not_available
    issuer_unavailable lock_timeout method_not_supported processing_error provider_error provider_timeout rate_limit
    rate_limit_error rate_limited service_unavailable stripeapierror stripeauthenticationerror stripeconnectionerror
    stripeinvalidrequesterror striperatelimiterror testmode_decline timeout`,
};

/** Codes that say the same as another code: one reason, one series. */
const ALIASES: Readonly<Record<string, string>> = {
  card_expired: 'expired_card',
  cvc_declined: 'incorrect_cvc',
  invalid_cvc: 'incorrect_cvc',
  not_enough_balance: 'insufficient_funds',
  invalid_number: 'incorrect_number',
  invalid_card_number: 'incorrect_number',
  generic_decline: 'card_declined',
  declined: 'card_declined',
  refused: 'card_declined',
  payment_required: 'card_declined',
  transaction_refused: 'card_declined',
  'fraud-cancelled': 'fraud',
  fraud_cancelled: 'fraud',
  rate_limit: 'rate_limited',
  api_connection_error: 'provider_error',
  api_error: 'provider_error',
  stripeapierror: 'provider_error',
  stripeauthenticationerror: 'authentication_error',
  stripecarderror: 'card_declined',
  stripeconnectionerror: 'provider_error',
  stripeinvalidrequesterror: 'invalid_request_error',
  striperatelimiterror: 'rate_limited',
  rate_limit_error: 'rate_limited',
  fst_err_validation: 'invalid_input',
  requires_action: 'authentication_required',
  sca_required: 'authentication_required',
  payer_action_required: 'authentication_required',
};

/** Looks a provider's code up; `undefined` if it is in no table. */
export type CodeLookup = (code: string) => Classification | undefined;

/** A look-up over the default table, with `extra` on top: entries of `extra` replace those of the default. */
export function codeLookup(extra: CodeTable = {}): CodeLookup {
  const table = new Map<string, Classification>();
  for (const failureClass of Object.keys(CODES) as FailureClass[]) {
    for (const code of CODES[failureClass].trim().split(/\s+/))
      table.set(code, { class: failureClass, reason: ALIASES[code] ?? code });
  }
  for (const [code, entry] of Object.entries(extra)) {
    const key = sanitizeReason(code);
    table.set(key, { class: entry.class, reason: entry.reason === undefined ? key : sanitizeReason(entry.reason) });
  }
  return (code) => table.get(code) ?? table.get(sanitizeReason(code));
}
