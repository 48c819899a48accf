import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defaultClientConditions, defineConfig } from 'vite';

const dist = fileURLToPath(new URL('dist/', import.meta.url));

export default defineConfig({
  plugins: [
    {
      // The compiler keeps its types in dist/types, so the folder cannot be emptied as a whole.
      name: 'empty-assets',
      buildStart: () => rmSync(`${dist}assets`, { recursive: true, force: true }),
    },
  ],
  resolve: {
    // Rooms of ours are taken from their sources, whether they were compiled or not.
    conditions: ['tillwatch-source', ...defaultClientConditions],
    // The grammar is the server's, and in the page only once.
    dedupe: ['@prometheus-io/lezer-promql', '@lezer/common', '@lezer/lr'],
  },
  build: {
    outDir: dist,
    emptyOutDir: false,
    target: 'es2022',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    // The editor with its grammar; it is loaded by itself, and after the page that it is on. In kB.
    chunkSizeWarningLimit: 700,
  },
});
