import type { RuleGroup } from '@tillwatch/config';
import { Labels } from '@tillwatch/model';
import { evaluateInstant, parse, QueryError } from '@tillwatch/promql';
import { MemoryQueryable } from '@tillwatch/promql/testing';
import { describe, expect, test } from 'vitest';
import { type Replay, type ReplayOptions, replayRules } from '../../src/replay/replay.ts';

const MINUTE = 60_000;

type Rule = RuleGroup['rules'][number];

const recording = (record: string, expr: string): Rule => ({ kind: 'recording', record, expr, labels: {} });

function alerting(alert: string, expr: string, more: Partial<Extract<Rule, { kind: 'alerting' }>> = {}): Rule {
  return { kind: 'alerting', alert, expr, forMs: 0, keepFiringForMs: 0, labels: {}, annotations: {}, ...more };
}

function group(rules: readonly Rule[], more: Partial<RuleGroup> = {}): RuleGroup {
  const none = { intervalMs: undefined, limit: 0, queryOffsetMs: undefined, labels: Labels.empty };
  return { name: 'checkout', ...none, rules, ...more };
}

/** A past of one series with one sample each minute. */
function past(...values: number[]): MemoryQueryable {
  const queryable = new MemoryQueryable();
  queryable.add(Labels.of({ __name__: 'failed', provider: 'alpha' }), 0, MINUTE, values);
  return queryable;
}

function replay(
  rules: readonly Rule[],
  queryable: MemoryQueryable,
  more: Partial<ReplayOptions> = {},
): Promise<Replay> {
  return replayRules({ groups: [group(rules)], queryable, fromMs: 0, toMs: 10 * MINUTE, ...more });
}

/** Each alert as `name labels active>fired>resolved`, in minutes. */
function told({ alerts }: Replay): string[] {
  return alerts.map(({ alert, labels, activeAtMs, firedAtMs, resolvedAtMs }) => {
    const times = [activeAtMs, firedAtMs, resolvedAtMs].map((at) => (at === undefined ? '' : String(at / MINUTE)));
    return `${alert} ${labels.get('provider')} ${times.join('>')}`;
  });
}

function valueAt({ queryable }: Replay, expr: string, atMs: number): number | undefined {
  const parsed = parse(expr);
  if (!parsed.ok) throw new Error(expr);
  const { value } = evaluateInstant(parsed.expr, atMs, { queryable });
  return value.type === 'vector' ? value.samples[0]?.value : undefined;
}

describe('alerts', () => {
  test('say since when they were active, when they fired and when they were over', async () => {
    const over = alerting('Failing', 'failed > 2', { forMs: 2 * MINUTE });
    expect(told(await replay([over], past(0, 3, 3, 3, 3, 0, 3, 3, 3, 3, 3)))).toEqual([
      'Failing alpha 1>3>5',
      'Failing alpha 6>8>',
    ]);
  });

  test('wait out what was over too soon, and hold on for keep_firing_for', async () => {
    const over = alerting('Failing', 'failed > 2', { keepFiringForMs: 3 * MINUTE });
    expect(told(await replay([over], past(0, 3, 0, 3, 0, 0, 0, 0, 0, 0, 0)))).toEqual(['Failing alpha 1>1>7']);
  });

  test('are told with the texts of the moment at which they fired', async () => {
    const text = '{{ $labels.provider }} {{ $value }} {{ with query "twice" }}{{ . | first | value }}{{ end }}';
    const over = alerting('Failing', 'failed > 2', { forMs: MINUTE, annotations: { summary: text } });
    // The recording rule comes later, so the text sees what it gave at the tick before.
    const { alerts } = await replay([over, recording('twice', 'failed * 2')], past(0, 3, 4, 5, 0));
    expect(alerts.map(({ annotations, value }) => [annotations.get('summary'), value])).toEqual([['alpha 4 6', 4]]);
  });

  test('may depend on themselves', async () => {
    const sticky = alerting('Failing', 'failed > 2 or failed > 0 and on (provider) ALERTS{alertname="Failing"}');
    expect(told(await replay([sticky], past(1, 1, 3, 1, 1, 0, 1)))).toEqual(['Failing alpha 2>2>5']);
  });

  test('end when there are more of them than the group allows', async () => {
    const queryable = past(3, 3, 3, 3);
    queryable.add(Labels.of({ __name__: 'failed', provider: 'beta' }), 2 * MINUTE, MINUTE, [3]);
    const result = await replay([], queryable, {
      groups: [group([alerting('Failing', 'failed > 2')], { limit: 1 })],
      toMs: 2 * MINUTE,
    });
    expect(told(result)).toEqual(['Failing alpha 0>0>2']);
    expect(result.failures).toMatchObject([{ rule: 'Failing', error: 'exceeded limit of 1 with 2 alerts', ticks: 1 }]);
  });
});

test('recorded series can be asked for afterwards, together with the past', async () => {
  const result = await replay([recording('twice', 'failed * 2')], past(1, 2, 3));
  expect(valueAt(result, 'twice + on (provider) failed', 2 * MINUTE)).toBe(9);
  expect(valueAt(result, 'count_over_time(twice[1h])', 10 * MINUTE)).toBe(7);
});

test('what is stored of recorded series counts until the replay begins', async () => {
  const queryable = past(1, 1, 1, 1, 1, 1);
  queryable.add(Labels.of({ __name__: 'twice', provider: 'alpha' }), 0, MINUTE, [100, 100, 100, 100, 100, 100]);
  const rules = [recording('twice', 'failed * 2'), recording('sum', 'sum_over_time(twice[3m])')];
  const result = await replay(rules, queryable, { fromMs: 2 * MINUTE, toMs: 4 * MINUTE });
  expect([2, 3, 4].map((at) => valueAt(result, 'sum', at * MINUTE))).toEqual([202, 104, 6]);
});

test('one evaluation that fails does not make the others fail', async () => {
  const queryable = past(1, 1, 1, 1, 1);
  queryable.add(Labels.of({ __name__: 'limit', provider: 'alpha', v: 'a' }), 0, MINUTE, [2, 2, 2, 2, 2]);
  queryable.add(Labels.of({ __name__: 'limit', provider: 'alpha', v: 'b' }), 2 * MINUTE, MINUTE, [2, 'stale']);
  const result = await replay([recording('sum', 'failed + on (provider) limit')], queryable, { toMs: 4 * MINUTE });
  expect(result.failures).toMatchObject([{ group: 'checkout', rule: 'sum', firstAtMs: 2 * MINUTE, ticks: 1 }]);
  expect(valueAt(result, 'count_over_time(sum[1h])', 4 * MINUTE)).toBe(4);
});

test('a rule that cannot be read is told once, with all its ticks', async () => {
  const { failures } = await replay([recording('sum', 'sum((')], past(1), { toMs: 3 * MINUTE });
  expect(failures).toMatchObject([{ rule: 'sum', ticks: 4 }]);
  expect(failures[0]?.error).toContain('unclosed');
});

test('forgetting what no rule reaches changes nothing that fires', async () => {
  const rules = [
    recording('twice', 'failed * 2'),
    alerting('Failing', 'sum_over_time(twice[2m]) > 18 unless (twice offset 3m) > 16'),
  ];
  const values = Array.from({ length: 300 }, (_, i) => (i * 7) % 11);
  const until = { toMs: 299 * MINUTE, ticksPerSlice: 16 };
  const all = await replay(rules, past(...values), until);
  const few = await replay(rules, past(...values), { ...until, keepRecorded: false });
  expect(told(few)).toEqual(told(all));
  expect(told(all).length).toBeGreaterThan(5);
  expect(valueAt(all, 'count_over_time(twice[10h])', 299 * MINUTE)).toBe(300);
  expect(valueAt(few, 'count_over_time(twice[10h])', 299 * MINUTE)).toBeLessThan(40);
});

describe('a replay', () => {
  test('tells how far it is', async () => {
    const seen: number[] = [];
    const onProgress = ({ doneMs, totalMs }: { doneMs: number; totalMs: number }) => seen.push(doneMs / totalMs);
    await replay([recording('twice', 'failed * 2')], past(1), { ticksPerSlice: 4, onProgress });
    expect(seen.length).toBe(3);
    expect(seen.at(-1)).toBe(1);
    expect(seen).toEqual([...seen].sort());
  });

  test('ends with the reason of its signal', async () => {
    const abort = new AbortController();
    const onProgress = () => abort.abort(new Error('enough'));
    const ended = replay([recording('twice', 'failed * 2')], past(1), {
      ticksPerSlice: 4,
      onProgress,
      signal: abort.signal,
    });
    await expect(ended).rejects.toThrow('enough');
  });

  test('ends when its time is up', async () => {
    const late = replay([recording('twice', 'failed * 2')], past(1), { limits: { deadlineMs: 5, nowMs: () => 6 } });
    await expect(late).rejects.toThrow(QueryError);
  });

  test.for([
    ['an end before its start', { fromMs: 2, toMs: 1 }, /cannot end before/],
    ['no start', { fromMs: Number.NaN }, /needs a start and an end/],
    ['an interval of nothing', { evaluationIntervalMs: 0 }, /interval must be greater than 0/],
  ] as const)('refuses %s', async ([, options, message]) => {
    await expect(replay([], past(1), options)).rejects.toThrow(message);
  });
});
