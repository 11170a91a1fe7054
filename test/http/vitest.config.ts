import { defineConfig } from 'vitest/config'

/**
 * Tests of HTTP and WebSocket with programs that others wrote: schemathesis, Autobahn|Testsuite, and clients in Go and Python.
 * Missing programs fail them; nothing is skipped.
 */
export default defineConfig({
  test: {
    include: ['test/http/**/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 1,
  },
})
