import { describe, expect, test } from 'vitest';
import { Switchboard } from '../src/faults/switchboard.ts';
import { FAULT_NAMES, FAULTS } from '../src/faults/table.ts';

describe('FAULTS', () => {
  test('describes every name once, in order', () => {
    expect(FAULTS.map((fault) => fault.name)).toEqual(FAULT_NAMES);
  });

  test('wakes nobody for bots, for success and for a deploy', () => {
    const quiet = FAULTS.filter((fault) => fault.expect !== 'page').map((fault) => [fault.name, fault.expect]);
    expect(quiet).toEqual([
      ['card-testing', 'inform'],
      ['promotion', 'none'],
      ['rolling-deploy', 'none'],
    ]);
  });
});

describe('Switchboard', () => {
  test('acts once per change', async () => {
    const board = new Switchboard();
    const seen: boolean[] = [];
    board.on('shop-down', (active) => void seen.push(active));
    await board.set('shop-down', true);
    await board.set('shop-down', true);
    await board.set('shop-down', false);
    await board.set('shop-down', false);
    expect(seen).toEqual([true, false]);
  });

  test('lets one change finish before the next begins', async () => {
    const board = new Switchboard();
    const seen: string[] = [];
    board.on('shop-down', async (active) => {
      seen.push(`${active} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(`${active} ends`);
    });
    await Promise.all([board.set('shop-down', true), board.set('shop-down', false)]);
    expect(seen).toEqual(['true begins', 'true ends', 'false begins', 'false ends']);
  });

  test('goes on after an action that failed', async () => {
    const board = new Switchboard();
    board.on('shop-down', () => {
      throw new Error('port is taken');
    });
    await expect(board.set('shop-down', true)).rejects.toThrow('port is taken');
    await board.set('promotion', true);
    expect(board.isActive('promotion')).toBe(true);
    await expect(board.healAll()).rejects.toThrow('port is taken');
  });

  test('heals everything', async () => {
    const board = new Switchboard();
    await board.set('promotion', true);
    await board.set('broken-page', true);
    await board.healAll();
    expect(board.states().filter((fault) => fault.active)).toEqual([]);
  });
});
