/** Another Prometheus gave no answer, or not the one that was asked for. The message can be shown; it holds no secret. */
export class PrometheusApiError extends Error {
  override readonly name = 'PrometheusApiError';
  /** `unreachable`: no answer; `refused`: an error as answer; `strange`: no Prometheus API; `configuration`: asked wrongly. */
  readonly reason: 'unreachable' | 'refused' | 'strange' | 'configuration';

  constructor(reason: PrometheusApiError['reason'], message: string, cause: unknown = reason) {
    super(message, { cause });
    this.reason = reason;
  }

  static noAnswer(name: string, error: unknown, timeoutMs: number): PrometheusApiError {
    const { name: kind, message, cause } = error as Error & { cause?: { code?: string; message?: string } };
    if (kind === 'TimeoutError') {
      return new PrometheusApiError('unreachable', `${name} did not answer within ${timeoutMs / 1_000} s`, error);
    }
    const why = cause?.code ?? cause?.message ?? message;
    const hint = why === 'ECONNREFUSED' ? '; is it running, and is the port right?' : '';
    return new PrometheusApiError('unreachable', `no answer from ${name}: ${why}${hint}`, error);
  }

  static refused(name: string, status: number, said: string): PrometheusApiError {
    const hint = status === 401 || status === 403 ? '; check the user and password, or the token' : '';
    return new PrometheusApiError('refused', `${name} answered ${status}: ${said || 'nothing'}${hint}`);
  }

  static strange(name: string, expected: string): PrometheusApiError {
    return new PrometheusApiError(
      'strange',
      `${name} answered something else than ${expected}; is it a Prometheus API?`,
    );
  }
}
