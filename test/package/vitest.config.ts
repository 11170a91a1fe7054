import { defineConfig } from 'vitest/config'

/** The packed package, installed in empty projects: run by `npm run test:package`, which also packs it. */
export default defineConfig({
  test: {
    name: 'package',
    include: ['test/package/**/*.test.ts'],
    globalSetup: ['test/package/setup.ts'],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
})
