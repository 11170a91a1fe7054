import { defineConfig } from 'vitest/config'

/** Graphs of stages behind Jina's gateway and behind Millrace's. It takes minutes, because each graph is a Flow of Jina. */
export default defineConfig({
  test: {
    include: ['test/interop-graphs/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 1,
  },
})
