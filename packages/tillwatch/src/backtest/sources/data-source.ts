import { stat } from 'node:fs/promises';
import { openTsdb } from '@tillwatch/tsdb';
import { InputError } from '../input-error.ts';
import type { BacktestSource } from './source.ts';

/**
 * The store of the embedded engine, read while it may be written by a running process.
 * @throws {InputError} when there is no store, or nothing in it
 * @throws {StoreError} when it cannot be read
 */
export async function dataSource(dir: string): Promise<BacktestSource> {
  const isFolder = await stat(dir).then(
    (facts) => facts.isDirectory(),
    () => false,
  );
  if (!isFolder) {
    throw new InputError(
      { file: dir },
      'there is no such folder',
      'take the one that "tillwatch up" was given with --data',
    );
  }
  const store = await openTsdb(dir, { retentionMs: Number.MAX_SAFE_INTEGER, readOnly: true });
  const { minTimeMs, maxTimeMs } = store.stats();
  if (minTimeMs === undefined || maxTimeMs === undefined) {
    await store.close();
    throw new InputError({ file: dir }, 'the store is empty', 'let "tillwatch up" run for a while first');
  }
  let isOpen = true;
  return {
    name: `the store in ${dir}`,
    queryable: store,
    firstMs: minTimeMs,
    lastMs: maxTimeMs,
    notes: [],
    async close() {
      if (isOpen) await store.close();
      isOpen = false;
    },
  };
}
