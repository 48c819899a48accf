import { expect, test } from 'vitest';
import type { LiveAlert } from '../src/api/index.ts';
import { groupAlerts } from '../src/series/alert-groups.ts';

function alert(trouble: string, labels: Record<string, string> = {}, change: Partial<LiveAlert> = {}): LiveAlert {
  return {
    name: trouble,
    trouble,
    state: 'firing',
    severity: 'page',
    labels: { alertname: trouble, journey: 'checkout', severity: 'page', ...labels },
    summary: Object.values(labels).join(' '),
    runbookUrl: '',
    activeAtMs: 1_000,
    value: null,
    ...change,
  };
}

const sentinel = { detector: 'sentinel', signal: 'failures' };

test('what both layers say of one outage is one trouble, told in the words of the sentinel', () => {
  const all = alert('failures', { slice: 'all' });
  const step = alert('failures', { slice: 'step', step: 'payment' });
  const method = alert('failures', { slice: 'method', step: 'payment', provider: 'nordbank', method: 'invoice' });
  const watched = alert('failures', { ...sentinel, step: 'payment', provider: 'nordbank' }, { activeAtMs: 3_000 });
  const groups = groupAlerts([all, method, step, watched]);
  expect(groups).toEqual([
    { head: watched, others: [all, step, method], layers: ['rules', 'sentinel'], sinceMs: 1_000 },
  ]);
});

test('two providers that fail are two troubles, unless the whole fails with them', () => {
  const a = alert('failures', { provider: 'a' });
  const b = alert('failures', { provider: 'b' });
  expect(groupAlerts([a, b])).toHaveLength(2);
  expect(groupAlerts([a, b, alert('failures', { slice: 'all' })])).toHaveLength(1);
});

test('another sort of trouble in the same part is another trouble', () => {
  expect(groupAlerts([alert('failures', { step: 'payment' }), alert('slow', { step: 'payment' })])).toHaveLength(2);
});

test('firing comes before pending, paging before informing, and the oldest first', () => {
  const pending = alert('slow', {}, { state: 'pending', activeAtMs: 1 });
  const informing = alert('declines', {}, { severity: 'inform', activeAtMs: 2 });
  const later = alert('database', {}, { activeAtMs: 4 });
  const first = alert('server-errors', {}, { activeAtMs: 3 });
  expect(groupAlerts([pending, informing, later, first]).map(({ head }) => head)).toEqual([
    first,
    later,
    informing,
    pending,
  ]);
});

test('a group is as urgent as its most urgent alert, and as old as the first of those', () => {
  const pending = alert('failures', { ...sentinel, step: 'payment' }, { state: 'pending', activeAtMs: 1_000 });
  const firing = alert('failures', { slice: 'all' }, { activeAtMs: 2_000 });
  expect(groupAlerts([pending, firing])).toMatchObject([{ head: firing, others: [pending], sinceMs: 2_000 }]);
});

test('nothing is no trouble', () => {
  expect(groupAlerts([])).toEqual([]);
});
