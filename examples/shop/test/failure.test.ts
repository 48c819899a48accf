import { expect, test } from 'vitest';
import { DatabaseError, toDatabaseError } from '../src/db/port.ts';
import { STOCK_CONSTRAINT } from '../src/db/schema.ts';
import { ServiceError } from '../src/providers/client.ts';
import { failureOf } from '../src/shop/failure.ts';
import { NotOnSaleError } from '../src/shop/orders.ts';

test.for([
  ['a declined card', new ServiceError('acme-pay', 'card_declined', true), 'customer', 'card_declined', 402],
  ['too little money', new ServiceError('acme-pay', 'insufficient_funds', true), 'customer', 'insufficient_funds', 402],
  ['fraud', new ServiceError('nordbank', 'fraud_suspected', true), 'fraud', 'fraud_suspected', 402],
  [
    '3-D Secure',
    new ServiceError('nordbank', 'authentication_required', true),
    'action_required',
    'authentication_required',
    402,
  ],
  ['a refusal nobody knows', new ServiceError('nordbank', 'bad_amount', true), 'technical', 'bad_request', 502],
  ['a provider that hangs', new ServiceError('nordbank', 'timeout', false), 'technical', 'provider_timeout', 504],
  [
    'a provider that is down',
    new ServiceError('nordbank', 'unavailable', false),
    'technical',
    'provider_unavailable',
    502,
  ],
  ['a carrier that fails', new ServiceError('carrier', 'server_error', false), 'technical', 'carrier_error', 502],
  [
    'an oversold article',
    new DatabaseError('constraint', 'x', { constraint: STOCK_CONSTRAINT }),
    'technical',
    'oversold',
    500,
  ],
  ['another constraint', new DatabaseError('constraint', 'x', { constraint: 'y' }), 'technical', 'db_constraint', 500],
  ['an exhausted pool', new DatabaseError('pool_exhausted', 'x'), 'technical', 'db_pool_exhausted', 503],
  ['a slow statement', new DatabaseError('db_timeout', 'x'), 'technical', 'db_timeout', 503],
  ['an article that is gone', new NotOnSaleError('x'), 'customer', 'not_on_sale', 409],
  ['a defect', new TypeError('x is undefined'), 'technical', 'internal_error', 500],
  ['something that is no error', 'boom', 'technical', 'internal_error', 500],
] as const)('%s', ([, error, failureClass, reason, status]) => {
  const failure = failureOf(error);
  expect(failure).toMatchObject({ class: failureClass, reason, status });
  expect(failure.message).not.toContain('undefined');
});

test.for([
  ['a cancelled statement', { code: '57014', message: 'canceling statement' }, 'db_timeout'],
  ['a server that is silent', { message: 'Query read timeout' }, 'db_timeout'],
  ['no connection in time', { message: 'timeout exceeded when trying to connect' }, 'pool_exhausted'],
  ['a check that failed', { code: '23514', message: 'x', constraint: 'c' }, 'constraint'],
  ['a table that is not there', { code: '42P01', message: 'x' }, 'db_error'],
  ['a connection that broke', { code: 'ECONNRESET', message: 'x' }, 'db_error'],
] as const)('toDatabaseError: %s', ([, thrown, reason]) => {
  expect(toDatabaseError(Object.assign(new Error(thrown.message), thrown)).reason).toBe(reason);
});
