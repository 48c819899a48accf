import type { Clock } from '@tillwatch/model';
import { NotifyError } from './notify-error.ts';

/**
 * Runs `work` with a signal that is aborted after `limitMs` or when `outer` is; then the promise rejects at once with a
 * `NotifyError` (reason `timeout`) or the outer reason, even when `work` does not listen.
 */
export async function withTimeLimit<T>(
  clock: Clock,
  limitMs: number,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const inner = new AbortController();
  const timer = new AbortController();
  const { promise: aborted, reject } = deferred();
  const abort = (reason: unknown) => {
    inner.abort(reason);
    reject(reason);
  };
  const onOuter = () => abort(outer.reason);
  outer.addEventListener('abort', onOuter, { once: true });
  if (outer.aborted) onOuter();
  clock.sleep(limitMs, timer.signal).then(
    () => abort(new NotifyError('timeout', `no answer within ${limitMs / 1_000} s`)),
    () => {},
  );
  try {
    return await Promise.race([work(inner.signal), aborted]);
  } finally {
    timer.abort();
    outer.removeEventListener('abort', onOuter);
  }
}

function deferred(): { promise: Promise<never>; reject: (reason: unknown) => void } {
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<never>((_, rejectPromise) => {
    reject = rejectPromise;
  });
  // Nobody may be waiting any more when it rejects.
  promise.catch(() => {});
  return { promise, reject };
}
