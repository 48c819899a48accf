import { expect, test } from 'vitest';
import type { FailureContext } from '../src/classify/classification.ts';
import { classifyError } from '../src/classify/classify-error.ts';
import { codeLookup } from '../src/classify/provider-codes.ts';

const at = (error: unknown, context: FailureContext = {}): string => {
  const found = classifyError(error, context, codeLookup());
  return `${found.class} ${found.reason}`;
};
const STRIPE = { provider: 'stripe' };
const coded = (code: string, more: object = {}) => Object.assign(new Error('m'), { code }, more);
const named = (name: string) => Object.assign(new Error('m'), { name });

test.for<[name: string, error: unknown, context: FailureContext, expected: string]>([
  ['declined card', coded('card_declined'), STRIPE, 'customer card_declined'],
  [
    'the decline code says more than the code',
    coded('card_declined', { decline_code: 'insufficient_funds', statusCode: 402 }),
    STRIPE,
    'customer insufficient_funds',
  ],
  [
    'decline inside the provider answer',
    coded('x', { raw: { decline_code: 'expired_card' } }),
    STRIPE,
    'customer expired_card',
  ],
  ['wrong check digits', coded('incorrect_cvc'), STRIPE, 'customer incorrect_cvc'],
  ['spelled for people', { refusalReason: 'Not enough balance' }, STRIPE, 'customer insufficient_funds'],
  ['fraud', coded('card_declined', { decline_code: 'fraudulent' }), STRIPE, 'fraud fraudulent'],
  ['blocked', { reason: 'blocked' }, STRIPE, 'fraud blocked'],
  ['3-D Secure', coded('authentication_required'), STRIPE, 'action_required authentication_required'],
  ['3ds', coded('3ds'), STRIPE, 'action_required 3ds'],
  ['processing error', coded('processing_error'), STRIPE, 'technical processing_error'],
  ['ETIMEDOUT of a provider', coded('ETIMEDOUT'), STRIPE, 'technical provider_timeout'],
  ['ETIMEDOUT of our own', coded('ETIMEDOUT'), {}, 'technical timeout'],
  ['AbortError', named('AbortError'), STRIPE, 'technical provider_timeout'],
  [
    'TimeoutError of AbortSignal.timeout',
    AbortSignal.timeout(0).reason ?? named('TimeoutError'),
    STRIPE,
    'technical provider_timeout',
  ],
  ['DOMException of an abort', new DOMException('m', 'AbortError'), STRIPE, 'technical provider_timeout'],
  [
    'ECONNREFUSED under fetch failed',
    new TypeError('fetch failed', { cause: coded('ECONNREFUSED') }),
    STRIPE,
    'technical connection_refused',
  ],
  [
    'both addresses refused',
    new AggregateError([coded('ECONNREFUSED'), coded('ECONNREFUSED')]),
    STRIPE,
    'technical connection_refused',
  ],
  ['undici headers', coded('UND_ERR_HEADERS_TIMEOUT'), STRIPE, 'technical provider_timeout'],
  [
    'undici socket',
    new TypeError('terminated', { cause: coded('UND_ERR_SOCKET') }),
    STRIPE,
    'technical connection_reset',
  ],
  ['expired certificate', coded('CERT_HAS_EXPIRED'), STRIPE, 'technical tls_error'],
  ['name server', coded('EAI_AGAIN'), STRIPE, 'technical dns_error'],
  ['HTTP 502 of a provider', { statusCode: 502 }, STRIPE, 'technical provider_error'],
  [
    'HTTP 503 in a response',
    Object.assign(new Error(), { response: { status: 503 } }),
    STRIPE,
    'technical provider_error',
  ],
  ['HTTP 504', { status: 504 }, STRIPE, 'technical provider_timeout'],
  ['HTTP 500 of our own', { status: 500 }, {}, 'technical internal_error'],
  ['HTTP 429', { status: 429 }, STRIPE, 'technical rate_limited'],
  ['HTTP 402', { status: 402 }, STRIPE, 'customer card_declined'],
  ['HTTP 401 of a provider', { status: 401 }, STRIPE, 'technical provider_unauthorized'],
  ['HTTP 400 of a provider', { status: 400 }, STRIPE, 'technical provider_rejected'],
  ['HTTP 400 shown to the customer', { status: 400, expose: true }, {}, 'customer invalid_input'],
  ['deadlock', coded('40P01', { severity: 'ERROR' }), {}, 'technical db_deadlock'],
  ['too many connections', coded('53300'), {}, 'technical db_too_many_connections'],
  ['statement timeout', coded('57014', { severity: 'ERROR' }), {}, 'technical db_timeout'],
  ['unique violation', coded('23505', { severity: 'ERROR' }), {}, 'technical db_constraint'],
  ['five digits of somebody else', coded('99999'), {}, 'technical unknown'],
  ['pool of pg', new Error('timeout exceeded when trying to connect'), {}, 'technical db_pool_exhausted'],
  ['a code of the shop', coded('OutOfStock'), {}, 'technical outofstock'],
  ['a sentence is no code', { code: 'John Doe has no money' }, {}, 'technical unknown'],
  ['a defect', new TypeError('x is not a function'), {}, 'technical internal_error'],
  ['an error with nothing', new Error('4242 4242 4242 4242'), {}, 'technical unknown'],
  ['a string', 'card_declined', {}, 'customer card_declined'],
  ['undefined', undefined, {}, 'technical unknown'],
  ['null', null, {}, 'technical unknown'],
  ['a name of Object.prototype', coded('constructor'), {}, 'technical constructor'],
  [
    'a getter that throws',
    {
      get code() {
        throw new Error('trap');
      },
    },
    {},
    'technical unknown',
  ],
])('%s', ([, error, context, expected]) => {
  expect(at(error, context)).toBe(expected);
});

test('a cause that points at itself ends', () => {
  const error = new Error('m');
  error.cause = error;
  expect(at(error)).toBe('technical unknown');
});

test('entries of one’s own come on top of the default table', () => {
  const lookup = codeLookup({
    E_SOLD_OUT: { class: 'customer', reason: 'Sold out' },
    card_declined: { class: 'technical' },
  });
  expect(classifyError(coded('E_SOLD_OUT'), {}, lookup)).toEqual({ class: 'customer', reason: 'sold_out' });
  expect(lookup('card_declined')).toEqual({ class: 'technical', reason: 'card_declined' });
  expect(lookup('expired_card')).toEqual({ class: 'customer', reason: 'expired_card' });
});
