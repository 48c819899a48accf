import type { FailureContext } from './classification.ts';

/** Reasons of codes that Node, undici and TLS put on errors. `timeout` and the like depend on who was called. */
const BY_CODE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection_refused',
  ECONNRESET: 'connection_reset',
  ECONNABORTED: 'connection_reset',
  EPIPE: 'connection_reset',
  EHOSTUNREACH: 'network_unreachable',
  ENETUNREACH: 'network_unreachable',
  EHOSTDOWN: 'network_unreachable',
  EADDRNOTAVAIL: 'network_unreachable',
  ENOTFOUND: 'dns_error',
  EAI_AGAIN: 'dns_error',
  EMFILE: 'too_many_open_files',
  ENOSPC: 'disk_full',
  ENOMEM: 'out_of_memory',
  ETIMEDOUT: 'timeout',
  ESOCKETTIMEDOUT: 'timeout',
  ERR_SOCKET_CONNECTION_TIMEOUT: 'timeout',
  ABORT_ERR: 'timeout',
  UND_ERR_ABORTED: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  UND_ERR_SOCKET: 'connection_reset',
  UND_ERR_CLOSED: 'connection_closed',
  UND_ERR_DESTROYED: 'connection_closed',
  UND_ERR_RESPONSE_STATUS_CODE: 'error',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'bad_response',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'bad_response',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls_error',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls_error',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'tls_error',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls_error',
  CERT_HAS_EXPIRED: 'tls_error',
  CERT_NOT_YET_VALID: 'tls_error',
  EPROTO: 'tls_error',
};

/** Error names that mean somebody gave up waiting. */
const TIMEOUT_NAMES: readonly string[] = ['AbortError', 'TimeoutError'];

/** The reason of a system error code, or `undefined` if it is none. */
export function systemReason(code: string, context: FailureContext): string | undefined {
  if (code.startsWith('ERR_TLS_') || code.startsWith('ERR_SSL_') || code.startsWith('CERT_')) return 'tls_error';
  const reason = Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : undefined;
  return reason === undefined ? undefined : blame(reason, context);
}

/** The reason of an error by its name, or `undefined`. */
export function namedReason(name: string, context: FailureContext): string | undefined {
  return TIMEOUT_NAMES.includes(name) ? blame('timeout', context) : undefined;
}

/** The reason of an HTTP status that another service answered; `undefined` below 400 and for what the customer caused. */
export function statusReason(status: number, context: FailureContext): string | undefined {
  if (status === 408 || status === 504) return blame('timeout', context);
  if (status === 429) return 'rate_limited';
  if (status === 401 || status === 403) return blame('unauthorized', context);
  if (status >= 500 && status <= 599) return blame('error', context);
  if (status >= 400 && status <= 499) return blame('rejected', context);
  return undefined;
}

/** Names the culprit: the same accident is `provider_timeout` when a provider was called and `timeout` when not. */
function blame(reason: string, context: FailureContext): string {
  const hasProvider = context.provider !== undefined && context.provider !== '';
  switch (reason) {
    case 'timeout':
      return hasProvider ? 'provider_timeout' : 'timeout';
    case 'error':
      return hasProvider ? 'provider_error' : 'internal_error';
    case 'unauthorized':
      return hasProvider ? 'provider_unauthorized' : 'unauthorized';
    case 'rejected':
      return hasProvider ? 'provider_rejected' : 'rejected';
    default:
      return reason;
  }
}
