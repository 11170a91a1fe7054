import { defineConfig } from 'vitest/config'

const shared = {
  testTimeout: 60_000,
  hookTimeout: 60_000,
  pool: 'forks',
  // a pod takes seconds to start on a machine that is busy
  expect: { poll: { timeout: 20_000 } },
} as const

/** What a table of CONTRIBUTING.md calls a suite of its own. */
const separate = [
  'interop',
  'interop-graphs',
  'http',
  'http2',
  'observe',
  'chaos',
  'durability',
  'docker',
  'kubernetes',
  'package',
  'browser',
].map((name) => `test/${name}/**`)

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...shared,
          name: 'whole',
          include: ['examples/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts'],
          exclude: separate,
        },
      },
      {
        // A process for each file takes longer than its tests. So tests of one file of src/ change nothing that outlives them.
        test: { ...shared, name: 'parts', include: ['src/**/*.test.ts'], isolate: false },
      },
    ],
  },
})
