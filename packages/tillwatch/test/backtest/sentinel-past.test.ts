import { createSentinel, exampleConfig, queryableReader, readTillwatchConfig } from '@tillwatch/checkout';
import { isStaleAt, Labels, Matcher, type Queryable } from '@tillwatch/model';
import { expect, test } from 'vitest';
import { PastWith, sentinelMetrics, sentinelPast } from '../../src/backtest/sentinel-past.ts';
import { SampleSpool } from '../../src/backtest/spool/sample-spool.ts';
import { sentinelSettings } from '../../src/sentinel/sentinel-settings.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 10, 27, 6);
const BROKEN = START + 300 * MINUTE;
const HEALED = START + 320 * MINUTE;
const END = START + 360 * MINUTE;
const INCIDENTS = new Matcher('__name__', '=', 'tillwatch_incident');

const { config } = readTillwatchConfig({ file: 'tillwatch.yaml', text: exampleConfig({}) });

/** Six hours of forty checkouts a minute, all of which fail for twenty minutes. */
function shop(): SampleSpool {
  const spool = new SampleSpool();
  const series = (name: string, labels: Record<string, string>) =>
    spool.series(Labels.of({ __name__: name, job: 'shop', instance: 'shop:3000', ...labels }));
  const up = series('up', {});
  const attempts = series('checkout_attempts_total', { channel: 'web' });
  const success = series('checkout_outcomes_total', {
    outcome: 'success',
    step: 'confirm',
    provider: 'a',
    channel: 'web',
  });
  const failure = series('checkout_outcomes_total', {
    outcome: 'failure',
    reason_class: 'technical',
    reason: 'timeout',
    step: 'payment',
    provider: 'a',
    channel: 'web',
  });
  let failed = 0;
  for (let i = 0; START + i * 15_000 <= END; i++) {
    const atMs = START + i * 15_000;
    if (atMs > BROKEN && atMs <= HEALED) failed += 10;
    up.append(atMs, 1);
    attempts.append(atMs, 10 * i);
    success.append(atMs, 10 * i - failed);
    failure.append(atMs, failed);
  }
  return spool;
}

/** When incidents were open, as minutes since the start. */
function open(queryable: Queryable): string[] {
  return [...queryable.select([INCIDENTS], 0, 1e15)].map(({ labels, timestampsMs, values }) => {
    const last = values.length - 1;
    const minutes = [timestampsMs[0]!, timestampsMs[last]!].map((ms) => Math.round((ms - START) / MINUTE));
    return `${labels.get('signal')} ${minutes.join(' to ')}${isStaleAt(values, last) ? ', over' : ''}`;
  });
}

test('the sentinel says of the past what it would have said at the time', async () => {
  const past = shop();
  const metrics = new Set(['tillwatch_incident', 'tillwatch_sentinel_last_tick_timestamp_seconds']);
  const fromMs = START + 60 * MINUTE;
  const shares: number[] = [];
  const spool = await sentinelPast({
    config: config!,
    queryable: past,
    fromMs,
    toMs: END,
    intervalMs: 15_000,
    metrics,
    onProgress: (share) => shares.push(share),
  });
  expect(open(spool)[0]).toMatch(/^failures 30[1-3] to 32\d, over$/);
  expect(shares.every((share) => share > 0 && share <= 1)).toBe(true);

  const sentinel = createSentinel({ ...sentinelSettings(config!), reader: queryableReader(past) });
  await sentinel.learn(fromMs);
  const seen: string[] = [];
  for (let atMs = fromMs + 15_000; atMs <= END; atMs += 15_000) {
    await sentinel.tick(atMs);
    for (const { labels, value } of sentinel.samples()) {
      if (metrics.has(labels.metricName)) seen.push(`${labels} ${atMs} ${value}`);
    }
  }
  const kept = [...spool.select([], 0, 1e15)].flatMap(({ labels, timestampsMs, values }) =>
    [...values].flatMap((value, i) => (isStaleAt(values, i) ? [] : [`${labels} ${timestampsMs[i]} ${value}`])),
  );
  expect(kept.sort()).toEqual(seen.sort());
  spool.close();
  past.close();
});

test('an abort ends it', async () => {
  const past = shop();
  const signal = AbortSignal.abort(new Error('enough'));
  const options = {
    config: config!,
    queryable: past,
    fromMs: START,
    toMs: END,
    intervalMs: 15_000,
    metrics: new Set<string>(),
  };
  await expect(sentinelPast({ ...options, signal })).rejects.toThrow('enough');
  past.close();
});

test('what comes from elsewhere takes the place of what the past has of it', () => {
  const past = new SampleSpool();
  const added = new SampleSpool();
  for (const [spool, name, value] of [
    [past, 'a', 1],
    [past, 'tillwatch_incident', 2],
    [past, 'z', 3],
    [added, 'tillwatch_incident', 4],
  ] as const) {
    spool.series(Labels.of({ __name__: name })).append(1_000, value);
  }
  const joined = new PastWith(past, added, new Set(['tillwatch_incident']));
  const found = [...joined.select([], 0, 2_000)].map(({ labels, values }) => `${labels} ${values[0]}`);
  expect(found).toEqual(['a 1', 'tillwatch_incident 4', 'z 3']);
  expect([...joined.selectLabels([], 0, 2_000)].map(String)).toEqual(['a', 'tillwatch_incident', 'z']);
  expect(joined.labelValues('__name__', 0, 2_000)).toEqual(['a', 'tillwatch_incident', 'z']);
  expect(joined.labelNames(0, 2_000)).toEqual(['__name__']);
  past.close();
  added.close();
});

test('only what rules read of the sentinel is kept', () => {
  const needed = (...names: string[]) =>
    names.map((name) => ({ matchers: [new Matcher('__name__', '=', name)], reachMs: 0, alerts: [] }));
  expect([
    ...sentinelMetrics(
      needed('up', 'tillwatch_incident', 'tillwatch_notification_failures_total', 'tillwatch_sentinel_series'),
    ),
  ]).toEqual(['tillwatch_incident', 'tillwatch_sentinel_series']);
});
