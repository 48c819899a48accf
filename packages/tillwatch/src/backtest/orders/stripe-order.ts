import { InputError } from '../input-error.ts';
import { classifyFailure } from './failure-class.ts';
import type { JsonObject } from './json-objects.ts';
import type { Order, OrderOutcome } from './order.ts';
import { readCurrency } from './order-fields.ts';

/** Currencies whose smallest unit is the unit itself, and those with thousandths; Stripe counts in smallest units. */
const WHOLE = new Set('BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'.split(' '));
const THOUSANDTHS = new Set('BHD JOD KWD OMR TND'.split(' '));

const CHARGE: Readonly<Record<string, OrderOutcome>> = { succeeded: 'success', failed: 'failure', pending: 'pending' };
const INTENT: Readonly<Record<string, OrderOutcome>> = {
  succeeded: 'success',
  requires_capture: 'success',
  requires_payment_method: 'failure',
  requires_action: 'failure',
  canceled: 'abandoned',
  processing: 'pending',
  requires_confirmation: 'pending',
};

/**
 * Reads a charge or a payment intent as Stripe's API gives it. `undefined` for objects of other kinds, and for intents that no
 * customer has tried to pay yet. @throws {InputError} when a charge is not as Stripe describes it
 */
export function stripeOrder({ line, value }: JsonObject, file: string): Order | undefined {
  const { object } = value;
  if (object !== 'charge' && object !== 'payment_intent') return undefined;
  const fail = (what: string) => new InputError({ file, line }, `this ${String(object).replace('_', ' ')} ${what}`);
  const { created, status, amount } = value;
  if (typeof created !== 'number') throw fail('has no time: "created" must be seconds since the epoch');
  const outcome = (object === 'charge' ? CHARGE : INTENT)[String(status)];
  if (outcome === undefined) throw fail(`has a status that is not known: ${JSON.stringify(status)}`);
  const reason = object === 'charge' ? chargeReason(value) : intentReason(value);
  // An intent without an error has only been opened.
  if (object === 'payment_intent' && status === 'requires_payment_method' && reason === '') return undefined;
  const currency = readCurrency(text(value.currency));
  if (currency === undefined || typeof amount !== 'number') throw fail('has no "amount" in a "currency"');
  const details = record(value.payment_method_details);
  return {
    atMs: created * 1_000,
    outcome,
    failure: outcome === 'failure' ? failureOf(reason, String(status)) : undefined,
    amount: amount / (WHOLE.has(currency) ? 1 : THOUSANDTHS.has(currency) ? 1_000 : 100),
    currency,
    provider: 'stripe',
    method: text(details.type),
    channel: '',
    region: '',
  };
}

function failureOf(reason: string, status: string): Order['failure'] {
  return classifyFailure(reason === '' && status === 'requires_action' ? status : reason);
}

/** The most telling of what Stripe says: why the bank or the fraud check refused, before the code that covers many reasons. */
function chargeReason(charge: Readonly<Record<string, unknown>>): string {
  const outcome = record(charge.outcome);
  if (outcome.type === 'blocked') return `blocked_${text(outcome.reason)}`;
  return (
    text(outcome.reason) || text(charge.failure_code) || text(outcome.seller_message) || text(charge.failure_message)
  );
}

function intentReason(intent: Readonly<Record<string, unknown>>): string {
  const error = record(intent.last_payment_error);
  return text(error.decline_code) || text(error.code) || text(error.type) || text(error.message);
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
