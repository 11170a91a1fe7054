import { defineConfig } from 'vitest/config'

/**
 * Tests on a real Kubernetes: the cluster of MILLRACE_KUBECONFIG, or one that is built (minutes, the first time), started
 * and stopped here. Missing requirements fail the tests; nothing is skipped.
 */
export default defineConfig({
  test: {
    include: ['test/kubernetes/**/*.test.ts'],
    globalSetup: ['test/kubernetes/support/setup.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
    expect: { poll: { timeout: 60_000, interval: 200 } },
  },
})
