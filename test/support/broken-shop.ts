import { Labels } from '@tillwatch/model';
import type { TestSeries } from './promql-data.ts';

const MINUTE_MS = 60_000;

/** A shop of `minutes` up to `endMs` in which, for the last `brokenMinutes`, nine in ten payments with nordbank time out. */
export function brokenShop(endMs: number, minutes: number, brokenMinutes: number): TestSeries[] {
  const startMs = endMs - minutes * MINUTE_MS;
  const series: TestSeries[] = [];
  const counter = (labels: Record<string, string>, perMinute: (minute: number) => number, first = 0) => {
    const timestampsMs: number[] = [];
    const values: number[] = [];
    let total = first;
    for (let atMs = startMs; atMs <= endMs; atMs += MINUTE_MS / 4) {
      timestampsMs.push(atMs);
      values.push(total);
      total += perMinute((atMs - startMs) / MINUTE_MS) / 4;
    }
    series.push({ labels: Labels.of({ job: 'shop', instance: 'shop:3000', ...labels }), timestampsMs, values });
  };
  const failsAt = (provider: string, minute: number) =>
    provider === 'nordbank' && minute >= minutes - brokenMinutes ? 0.9 : 0.01;
  counter({ __name__: 'up' }, () => 0, 1);
  for (const region of ['eu', 'us']) {
    counter({ __name__: 'checkout_attempts_total', channel: 'web', region }, () => 36);
    for (const provider of ['acme-pay', 'nordbank', 'walletly']) {
      const labels = { __name__: 'checkout_outcomes_total', channel: 'web', region, provider };
      counter({ ...labels, outcome: 'success' }, (minute) => 12 * (1 - failsAt(provider, minute)));
      counter(
        { ...labels, outcome: 'failure', reason_class: 'technical', reason: 'timeout', step: 'payment' },
        (minute) => 12 * failsAt(provider, minute),
      );
    }
  }
  return series;
}
