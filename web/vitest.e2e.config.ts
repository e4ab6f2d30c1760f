import { defineConfig } from 'vitest/config';

/** The stories told in a real browser beside a real kubewake: make e2e-ui. */
export default defineConfig({
  test: {
    include: ['e2e/**/*.e2e.ts'],
    environment: 'node',
    testTimeout: 90_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    reporters: ['verbose'],
  },
});
