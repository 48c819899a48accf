import { type Alert, Labels } from '@tillwatch/model';
import { expect, test } from 'vitest';
import { decide } from '../../src/routing/decide.ts';
import { mergeAlerts } from '../../src/routing/merge-alerts.ts';
import { needsUpdate } from '../../src/routing/needs-update.ts';
import type { LogEntry } from '../../src/routing/notification-log.ts';

const NOW = 1_000_000;

function named(name: string, state: 'firing' | 'resolved'): Alert {
  return {
    labels: Labels.of({ alertname: name }),
    annotations: Labels.empty,
    startsAtMs: 0,
    endsAtMs: state === 'firing' ? NOW + 1 : NOW - 1,
    generatorUrl: '',
  };
}

function told(firing: string[], resolved: string[], atMs: number): LogEntry {
  const keys = (names: string[]) => new Set(names.map((name) => Labels.of({ alertname: name }).key));
  const rest = { thread: 't', firstAtMs: 0, messageId: 'm', expiresAtMs: 1e15 };
  return { firing: keys(firing), resolved: keys(resolved), atMs, ...rest };
}

test.for([
  ['the first alert', undefined, ['a'], [], true, 'first notification', ['a']],
  ['nothing but an end that nobody waits for', undefined, [], ['a'], true, undefined, undefined],
  ['nothing new', told(['a'], [], NOW - 10), ['a'], [], true, undefined, undefined],
  ['one more', told(['a'], [], NOW - 10), ['a', 'b'], [], true, 'new alerts in group', ['a', 'b']],
  ['one less', told(['a', 'b'], [], NOW - 10), ['a'], ['b'], true, 'new resolved alerts', ['a', 'b']],
  [
    'one less, for who does not want to know',
    told(['a', 'b'], [], NOW - 10),
    ['a'],
    ['b'],
    false,
    undefined,
    undefined,
  ],
  ['all over', told(['a'], [], NOW - 10), [], ['a'], true, 'all alerts resolved', ['a']],
  ['all over, for who does not want to know', told(['a'], [], NOW - 10), [], ['a'], false, 'all alerts resolved', []],
  ['still firing after repeat_interval', told(['a'], [], NOW - 60), ['a'], [], true, 'repeat interval elapsed', ['a']],
  ['still firing a moment before', told(['a'], [], NOW - 59), ['a'], [], true, undefined, undefined],
  ['firing again after its end', told([], ['a'], NOW - 10), ['a'], [], true, 'first notification', ['a']],
] as const)('tells of %s', ([, log, firing, resolved, sendResolved, reason, names]) => {
  const audible = [...firing.map((n) => named(n, 'firing')), ...resolved.map((n) => named(n, 'resolved'))];
  const decision = decide(log, { audible, muted: [], tickMs: NOW, nowMs: NOW }, { repeatIntervalMs: 60, sendResolved });
  expect(decision?.reason).toBe(reason);
  expect(decision?.alerts.map((alert) => alert.labels.get('alertname'))).toEqual(names);
});

test('an alert that ended in silence is news when it fires again', () => {
  const log = told(['a', 'b'], [], NOW - 10);
  const muted = [named('a', 'resolved')];
  const decision = decide(
    log,
    { audible: [], muted, tickMs: NOW, nowMs: NOW },
    { repeatIntervalMs: 60, sendResolved: true },
  );
  expect(decision).toMatchObject({ reason: undefined, alerts: [] });
  expect([...(decision?.told.firing ?? [])]).toEqual([Labels.of({ alertname: 'b' }).key]);
  const again = { firing: new Set([Labels.of({ alertname: 'a' }).key]), resolved: new Set<string>() };
  expect(needsUpdate(decision?.told, { ...again, repeatIntervalMs: 60, sendResolved: true, nowMs: NOW + 1 })).toBe(
    'new alerts in group',
  );
});

function span(startsAtMs: number, endsAtMs: number): Alert {
  return { ...named('a', 'firing'), startsAtMs, endsAtMs };
}

test.for([
  ['the first copy', undefined, span(10, 200), [10, 200]],
  ['a later copy keeps the earlier start', span(10, 200), span(50, 300), [10, 300]],
  ['a copy that arrives late cannot resolve', span(10, 300), span(10, 150), [10, 300]],
  ['an end is taken as it is', span(10, 300), span(10, 90), [10, 90]],
  ['a new firing is a new alert', span(10, 50), span(80, 300), [80, 300]],
  ['firing again before its end was noticed', span(10, 90), span(80, 300), [10, 300]],
  ['an old end says nothing about a new firing', span(80, 300), span(10, 50), [80, 300]],
] as const)('merges: %s', ([, previous, next, [startsAtMs, endsAtMs]]) => {
  expect(mergeAlerts(previous, next, 100)).toMatchObject({ startsAtMs, endsAtMs });
});
