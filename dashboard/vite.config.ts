import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** One page, everything in it from its own origin. `scripts/dashboard.ts` builds it. */
export default defineConfig({
  root: dirname(fileURLToPath(import.meta.url)),
  plugins: [react()],
  build: {
    target: 'es2023',
    modulePreload: { polyfill: false },
    // Nothing as a data: address: the page's policy allows its own origin alone.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
});
