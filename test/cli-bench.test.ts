import { Flow } from 'millrace'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CommandLine, type Ended } from './support/command-line.js'

const upper = new URL('./fixtures/flow-executors.mjs#Upper', import.meta.url)
const commandLine = new CommandLine()
const flow = new Flow({ quiet: true, host: '127.0.0.1', protocol: ['grpc', 'http'] }).add({
  name: 'upper',
  uses: upper,
  runtime: 'thread',
})
beforeAll(() => flow.start())
afterAll(async () => {
  await flow.close()
  await commandLine.close()
})

const bench = (scheme: string, ...args: readonly string[]): Promise<Ended> =>
  commandLine.run('bench', '--host', `${scheme}://127.0.0.1:${flow.port}`, ...args)

describe('millrace bench', () => {
  it.each(['grpc', 'http'])('sends so many requests in a closed loop over %s', async (scheme) => {
    const args = [
      '/upper',
      'a',
      'b',
      '--requests',
      '200',
      '--concurrency',
      '8',
      '--connections',
      '2',
      '--json',
    ]
    const { code, stdout } = await bench(scheme, ...args)
    expect(code).toBe(0)
    const report = JSON.parse(stdout) as { latencyMs: { min: number; max: number; percentiles: object } }
    expect(report).toMatchObject({
      endpoint: '/upper',
      pace: { kind: 'closed', concurrency: 8 },
      documentsPerRequest: 2,
      answered: 200,
      failed: 0,
      failures: {},
      unsent: 0,
    })
    const { min, max, percentiles } = report.latencyMs
    const all = [min, ...(Object.values(percentiles) as number[]), max]
    expect(all).toEqual(all.toSorted((one, two) => one - two))
  })

  it('sends at a rate in an open loop, and prints percentiles', async () => {
    const { code, stdout } = await bench('grpc', '/upper', 'a', '--rate', '200', '--requests', '50')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^\/upper at grpc:\/\/127\.0\.0\.1:\d+, 200 a second\n50 requests answered in /)
    expect(stdout).toMatch(/^p99\.9 +\d+\.\d\d {2}█+$/m)
  })

  it('ends with 1 when requests fail, and says with which code', async () => {
    const args = ['/wait', 'a', '--parameters', '{"ms": 60000}', '--timeout', '200', '--requests', '3']
    const first = await bench('grpc', ...args)
    expect(first).toMatchObject({ code: 1, stdout: '' })
    // of the client, the gateway and the connection between them, any may notice it first
    expect(first.stderr).toMatch(/timeoutMs = 200|the deadline passed|gRPC DEADLINE_EXCEEDED/)
  })
})
