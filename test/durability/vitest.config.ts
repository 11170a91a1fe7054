import { defineConfig } from 'vitest/config'

/** Long runs of the index under SIGKILL. */
export default defineConfig({
  test: {
    include: ['test/durability/**/*.test.ts'],
    testTimeout: 900_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
  },
})
