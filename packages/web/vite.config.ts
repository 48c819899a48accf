import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const dist = fileURLToPath(new URL('dist/', import.meta.url));

export default defineConfig({
  plugins: [
    {
      // The compiler keeps its types in dist/types, so the folder cannot be emptied as a whole.
      name: 'empty-assets',
      buildStart: () => rmSync(`${dist}assets`, { recursive: true, force: true }),
    },
  ],
  build: {
    outDir: dist,
    emptyOutDir: false,
    target: 'es2022',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
});
