import { defineConfig } from 'vitest/config'

/** Tests in a real browser. Without Chromium they fail; nothing is skipped. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 1,
    expect: { poll: { timeout: 20_000 } },
  },
})
