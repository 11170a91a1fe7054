import { defineConfig } from 'vitest/config'

/**
 * Tests of HTTP/2 with programs that others wrote: h2spec, ghz, and callers in Go and Python. Missing programs fail them;
 * nothing is skipped.
 */
export default defineConfig({
  test: {
    include: ['test/http2/**/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 1,
  },
})
