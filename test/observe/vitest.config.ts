import { defineConfig } from 'vitest/config'

/**
 * Tests of metrics with programs that others wrote, Prometheus and promtool, and of the traces of many requests. Without the programs
 * they fail; nothing is skipped.
 */
export default defineConfig({
  test: {
    include: ['test/observe/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 1,
    expect: { poll: { timeout: 30_000 } },
  },
})
