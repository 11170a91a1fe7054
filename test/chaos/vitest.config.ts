import { defineConfig } from 'vitest/config'

/** Long fault-injection tests; one at a time, because each needs the whole machine. */
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
