import { readFile, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import { EmbeddedPool } from './embedded-pool.ts';
import { PooledDatabase } from './pooled-database.ts';
import type { Database, DatabaseOptions } from './port.ts';

/** Opens PostgreSQL inside this process: in memory, or in `dataDir`, which keeps its content over restarts. */
export async function openPglite(options: DatabaseOptions, dataDir?: string): Promise<Database> {
  const pglite = await (dataDir === undefined ? openInMemory() : PGlite.create(dataDir));
  return new PooledDatabase('pglite', new EmbeddedPool(pglite, options), options);
}

/** An empty cluster as a file, beside what was built. Creating one takes seconds, reading this one a fraction of that. */
const TEMPLATE = fileURLToPath(new URL('../../dist/empty-cluster-0.5.16.tar', import.meta.url));

async function openInMemory(): Promise<PGlite> {
  const template = await readFile(TEMPLATE).catch(() => undefined);
  if (template !== undefined) {
    const restored = await PGlite.create({ loadDataDir: new Blob([new Uint8Array(template)]) }).catch(() => undefined);
    if (restored !== undefined) return restored;
  }
  const created = await PGlite.create();
  await saveTemplate(created);
  return created;
}

/** Only a short cut for the next start: where nothing can be written, the next start is as slow as this one. */
async function saveTemplate(pglite: PGlite): Promise<void> {
  try {
    const dump = await pglite.dumpDataDir('none');
    const partial = `${TEMPLATE}.${process.pid}`;
    await writeFile(partial, new Uint8Array(await dump.arrayBuffer()));
    await rename(partial, TEMPLATE);
  } catch {
    // See above: nothing is lost.
  }
}
