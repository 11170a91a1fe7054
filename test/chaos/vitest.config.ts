import { defineConfig } from 'vitest/config'

/** Long tests that make everything fail; one after the other, as each wants the machine for itself. */
export default defineConfig({
  test: {
    include: ['test/chaos/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    pool: 'forks',
    execArgv: ['--expose-gc'],
    maxWorkers: 1,
    fileParallelism: false,
  },
})
