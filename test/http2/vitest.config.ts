import { defineConfig } from 'vitest/config'

/** Tests of HTTP/2 with programs written in Go: h2spec and ghz. Missing programs fail them; nothing is skipped. */
export default defineConfig({
  test: {
    include: ['test/http2/**/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 1,
  },
})
