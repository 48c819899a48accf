import { Labels, Matcher, silentLogger } from '@tillwatch/model';
import { ManualClock } from '@tillwatch/model/testing';
import { expect, test } from 'vitest';
import { LedgerWriter } from '../../src/routing/ledger-writer.ts';
import { SILENCE_SHELF, SilenceError, SilenceStore, silenceState } from '../../src/routing/silences.ts';
import { MemoryLedger } from './memory-ledger.ts';

const eu = [new Matcher('region', '=', 'eu')];
const labels = Labels.of({ alertname: 'A', region: 'eu' });

function open(ledger = new MemoryLedger(), clock = new ManualClock(1_000)) {
  return {
    ledger,
    clock,
    store: new SilenceStore(new LedgerWriter(ledger, silentLogger), clock, ledger.entries(SILENCE_SHELF)),
  };
}

test('a silence lives from pending over active to expired, also over a restart', async () => {
  const { ledger, clock, store } = open();
  const id = await store.create({
    matchers: eu,
    startsAtMs: 2_000,
    endsAtMs: 3_000,
    createdBy: 'me',
    comment: 'planned',
  });
  expect(store.list()).toMatchObject([{ id, state: 'pending' }]);
  expect(store.silencedBy(labels, 1_999)).toEqual([]);
  const after = open(ledger, clock).store;
  expect(after.silencedBy(labels, 2_000)).toEqual([id]);
  expect(after.silencedBy(labels, 2_999)).toEqual([id]);
  expect(after.silencedBy(labels, 3_000)).toEqual([]);
  await clock.advance(5_000);
  expect(after.list(['expired'])).toMatchObject([{ id, createdBy: 'me', comment: 'planned' }]);
});

test('expiring ends a silence now, for good and once', async () => {
  const { clock, store } = open();
  const id = await store.create({ matchers: eu, endsAtMs: 9_000, createdBy: 'me', comment: '' });
  await store.expire(id);
  await store.expire(id);
  expect(store.silencedBy(labels, clock.nowMs())).toEqual([]);
  expect(silenceState(store.get(id)!, clock.nowMs())).toBe('expired');
  await expect(store.expire('nobody')).rejects.toThrow(SilenceError);
});

test('a silence can be made longer in place; other matchers make another one', async () => {
  const { clock, store } = open();
  const id = await store.create({ matchers: eu, endsAtMs: 9_000, createdBy: 'me', comment: '' });
  await clock.advance(10);
  expect(await store.create({ id, matchers: eu, endsAtMs: 20_000, createdBy: 'me', comment: 'longer' })).toBe(id);
  expect(store.get(id)).toMatchObject({ startsAtMs: 1_000, endsAtMs: 20_000, comment: 'longer' });
  const us = [new Matcher('region', '=', 'us')];
  const other = await store.create({ id, matchers: us, endsAtMs: 20_000, createdBy: 'me', comment: '' });
  expect(other).not.toBe(id);
  expect(store.list().map((silence) => [silence.id, silence.state])).toEqual([
    [other, 'active'],
    [id, 'expired'],
  ]);
});

test.for([
  ['no matcher', [], 9_000, 'at least one matcher required'],
  ['only matchers that match everything', [new Matcher('a', '=~', '.*')], 9_000, 'must not match the empty string'],
  ['an end before its beginning', eu, 500, 'end time must be after start time'],
  ['an end that is no time', eu, Number.NaN, 'end time must be after start time'],
  ['a name that is none', [new Matcher('', '=', 'x')], 9_000, 'invalid label name'],
] as const)('refuses %s', async ([, matchers, endsAtMs, message]) => {
  const { store } = open();
  await expect(store.create({ matchers, endsAtMs, createdBy: 'me', comment: '' })).rejects.toThrow(message);
  expect(store.list()).toEqual([]);
});
