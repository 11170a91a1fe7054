import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'examples/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts'],
    exclude: [
      'test/interop/**',
      'test/chaos/**',
      'test/durability/**',
      'test/docker/**',
      'test/kubernetes/**',
      'node_modules/**',
    ],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    // a pod takes seconds to start on a machine that is busy
    expect: { poll: { timeout: 20_000 } },
  },
})
