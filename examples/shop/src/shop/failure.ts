import { DatabaseError } from '../db/port.ts';
import { STOCK_CONSTRAINT } from '../db/schema.ts';
import { ServiceError } from '../providers/client.ts';
import { NotOnSaleError } from './orders.ts';

/** What became of a step that did not succeed: for the metrics, and for the customer. */
export interface Failure {
  readonly reason: string;
  readonly class: 'technical' | 'customer' | 'fraud' | 'action_required';
  /** The HTTP status of the answer. */
  readonly status: number;
  /** A sentence for the customer; says nothing about the inside of the shop. */
  readonly message: string;
}

const OURS = 'Something went wrong on our side. Nothing was charged. Please try again in a moment.';
const BUSY = 'We are having a slow moment. Nothing was charged. Please try again shortly.';

/** Says what an error means. Whatever is not known is a defect of the shop. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ServiceError) return error.isRefusal ? refusal(error.code) : outage(error);
  if (error instanceof DatabaseError) return databaseFailure(error);
  if (error instanceof NotOnSaleError) {
    return customer('not_on_sale', 409, 'One of the articles has just been taken off sale. Please look at your cart.');
  }
  return technical('internal_error', 500, OURS);
}

function refusal(code: string): Failure {
  switch (code) {
    case 'fraud_suspected':
      return { ...customer(code, 402, 'The bank did not allow this payment.'), class: 'fraud' };
    case 'authentication_required':
      return { ...customer(code, 402, 'Your bank wants you to confirm this payment first.'), class: 'action_required' };
    case 'insufficient_funds':
      return customer(code, 402, 'The account does not cover this payment. Please pay another way.');
    case 'expired_card':
      return customer(code, 402, 'This card has expired. Please pay another way.');
    case 'card_declined':
      return customer(code, 402, 'The bank declined this payment. Please pay another way.');
    default:
      // The other side did not understand us, which is our mistake and not the customer's.
      return technical('bad_request', 502, OURS);
  }
}

/** `provider_timeout`, `provider_unavailable`, `carrier_error`, …: the party and what happened to the call. */
function outage(error: ServiceError): Failure {
  const party = error.service === 'carrier' ? 'carrier' : 'provider';
  const what = error.code === 'server_error' ? 'error' : error.code;
  const message =
    party === 'carrier'
      ? 'We cannot work out the shipping to your region at the moment. Please try again shortly.'
      : 'The payment service does not answer at the moment. Nothing was charged. Please try again or pay another way.';
  return technical(`${party}_${what}`, error.code === 'timeout' ? 504 : 502, message);
}

function databaseFailure(error: DatabaseError): Failure {
  switch (error.reason) {
    case 'constraint':
      return error.constraint === STOCK_CONSTRAINT
        ? technical('oversold', 500, 'We are very sorry: somebody was faster. Nothing was charged.')
        : technical('db_constraint', 500, OURS);
    case 'pool_exhausted':
      return technical('db_pool_exhausted', 503, BUSY);
    case 'db_timeout':
      return technical('db_timeout', 503, BUSY);
    case 'db_error':
      return technical('db_error', 500, OURS);
  }
}

function technical(reason: string, status: number, message: string): Failure {
  return { reason, class: 'technical', status, message };
}

function customer(reason: string, status: number, message: string): Failure {
  return { reason, class: 'customer', status, message };
}

/**
 * The technical reasons of our own that a step can end with, so that their counters exist before the first one. What can
 * happen in any shop (time-outs, an exhausted pool) need not be named.
 */
export const OWN_REASONS: Readonly<Record<string, readonly string[]>> = {
  shipping: ['carrier_unavailable', 'carrier_timeout', 'carrier_error'],
  payment: ['provider_unavailable', 'provider_connection'],
  confirm: ['oversold'],
};
