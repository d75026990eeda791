import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

// Two entries: what a listener loads is counted by scripts/size.mjs and may not grow with the rest of the app.
export default defineConfig({
  plugins: [svelte()],
  build: {
    outDir: here('../src/hustings/edge/site'),
    emptyOutDir: true,
    manifest: true,
    target: 'es2022',
    assetsInlineLimit: 0, // a content security policy without data: addresses stays possible
    modulePreload: { polyfill: false },
    rolldownOptions: { input: { listen: here('listen.html'), app: here('app.html') } },
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
