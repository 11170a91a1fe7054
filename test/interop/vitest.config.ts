import { defineConfig } from 'vitest/config'

/**
 * Tests against other people's programs: real Jina in Python, grpcurl. Missing programs fail them; nothing is skipped.
 * `test/interop-graphs` has the slow ones.
 */
export default defineConfig({
  test: {
    include: ['test/interop/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 1,
  },
})
