import { defineConfig } from 'vitest/config'

/** Tests with a real Docker engine and real containers. A missing engine fails them; nothing is skipped. */
export default defineConfig({
  test: {
    include: ['test/docker/**/*.test.ts'],
    globalSetup: ['test/docker/setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 300_000,
    pool: 'forks',
    maxWorkers: 1,
    // a container takes seconds to start on a machine that is busy
    expect: { poll: { timeout: 60_000 } },
  },
})
