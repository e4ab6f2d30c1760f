import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

/** The kubewake that the development server asks. */
const server = process.env['KUBEWAKE_URL'] ?? 'http://127.0.0.1:7575';
const proxied = { target: server, changeOrigin: true };

export default defineConfig({
  plugins: [react()],
  publicDir: 'public',
  build: {
    outDir: 'dist/ui',
    emptyOutDir: true,
    sourcemap: false,
    target: 'es2022',
    assetsInlineLimit: 0,
  },
  server: { host: '127.0.0.1', proxy: { '/api': proxied, '/ui': proxied, '/redirect': proxied } },
  test: { include: ['src/**/*.test.{ts,tsx}'], environment: 'node', reporters: ['default'] },
});
