import { defineConfig } from 'vitest/config';

/** Rooms are tested from their sources, not from what was built. */
const conditions = ['tillwatch-source'];

const sources = {
  resolve: { conditions: [...conditions, 'module', 'node', 'default'] },
  ssr: { resolve: { conditions: [...conditions, 'module', 'node', 'default'] } },
};

export default defineConfig({
  test: {
    projects: [
      {
        ...sources,
        test: {
          name: 'unit',
          include: [
            'packages/*/test/**/*.test.{ts,tsx}',
            'examples/*/test/**/*.test.ts',
            'test/*.test.ts',
            'test/fuzz/*.test.ts',
          ],
          benchmark: { include: ['packages/*/test/**/*.bench.ts'] },
          // Rooms keep no global state, so tests share a worker.
          isolate: false,
          // Property tests take their time on a busy machine.
          testTimeout: 30_000,
        },
      },
      {
        ...sources,
        test: {
          name: 'conformance',
          include: ['test/{conformance,cases}/**/*.test.ts'],
          isolate: false,
          testTimeout: 60_000,
        },
      },
      {
        ...sources,
        test: {
          // Programs that compute.
          name: 'peers',
          include: ['test/peers/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 120_000,
        },
      },
      {
        ...sources,
        test: {
          // Programs that watch a shop: they mostly wait, and others must leave them room.
          name: 'peer-drills',
          include: ['test/peers/drills/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 120_000,
        },
      },
      {
        ...sources,
        test: {
          name: 'acceptance',
          include: ['test/acceptance/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
