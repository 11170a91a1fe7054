import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Flow, type FlowOptions, type StageOptions } from 'millrace'
import { actions, burst, expectNothingLeft, expectZeroLoss, faults, leftovers } from 'millrace/testing'
import { type LossOptions, type LossReport, randomScript, seeded } from 'millrace/testing'
import { describe, expect, it } from 'vitest'

const module = new URL('./fixtures/chaos-executors.mjs', import.meta.url)

function flowOf(stage: StageOptions<'work'> = {}): Flow<'work'> {
  return new Flow({ quiet: true, host: '127.0.0.1', graceMs: 1000 }).add({
    name: 'work',
    uses: new URL('#Worker', module),
    runtime: 'thread',
    ...stage,
  })
}

describe('expectZeroLoss', () => {
  /** Sends requests for a short time. */
  const busy: LossOptions = { endpoint: '/search', senders: 6, parameters: { ms: 20 } }
  const scaleUp = (flow: Flow<'work'>, options: LossOptions = {}): Promise<LossReport> =>
    expectZeroLoss(flow, () => flow.scale('work', { replicas: 2 }), { ...busy, ...options })

  it('reports what was sent and answered', async () => {
    await using flow = await flowOf().start()
    const report = await scaleUp(flow)
    expect(report).toMatchObject({ lost: 0, twice: 0, errors: {}, executedTwice: null })
    expect(report.answered).toBe(report.sent)
    expect(report.sent).toBeGreaterThan(6)
    expect(report.p99).toBeGreaterThanOrEqual(report.p50)
  })

  it('fails when requests fail, on each transport, and says what the script did', async () => {
    await using flow = await flowOf().start()
    const failing = expectZeroLoss(
      flow,
      async ({ note }) => {
        await flow.scale('work', { replicas: 2 })
        note('two replicas')
      },
      { ...busy, endpoint: '/fail' },
    )
    const error = (await failing.catch((caught: unknown) => caught)) as Error & { report: LossReport }
    expect(error.name).toBe('AssertionError')
    expect(error.message).toMatch(/requests failed\n.*EXECUTOR_FAILED.*the wheel is broken/)
    expect(error.message).toMatch(/s: two replicas/)
    const { sent, answered, lost, errors } = error.report
    expect({ answered, lost, errors }).toEqual({ answered: 0, lost: 0, errors: { EXECUTOR_FAILED: sent } })
  })

  it('accepts errors that are allowed', async () => {
    await using flow = await flowOf().start()
    const report = await scaleUp(flow, { endpoint: '/fail', allow: ['EXECUTOR_FAILED'] })
    expect(report.errors.EXECUTOR_FAILED).toBe(report.sent)
  })

  it('fails when an answer belongs to another request', async () => {
    await using flow = await flowOf().start()
    await expect(scaleUp(flow, { endpoint: '/swap' })).rejects.toThrow(/was answered with another id/)
  })

  it('fails when check() rejects an answer', async () => {
    await using flow = await flowOf().start()
    const check = (): never => {
      throw new Error('wrong text')
    }
    await expect(scaleUp(flow, { check })).rejects.toThrow(/not its own: wrong text/)
  })

  it('fails when a request ran twice, or not at all', async () => {
    await using flow = await flowOf().start()
    // the first request of this run, and one that belongs to no run
    const ids = Array.from({ length: 100 }, (_, run) => `r${process.pid}-${run}-0`)
    const executions = (): Map<string, number> => new Map([...ids, 'a'].map((id) => [id, 2]))
    const failing = scaleUp(flow, { executions })
    await expect(failing).rejects.toThrow(/^1 ran more often than allowed: r\d+-\d+-0$/m)
    await expect(failing).rejects.toThrow(/were answered but never ran/)
  })

  it('fails when requests are no longer answered', async () => {
    await using flow = await flowOf().start()
    const failing = scaleUp(flow, { parameters: { ms: 5000 }, settleMs: 200 })
    // five that post one at a time, and a stream with four in flight
    await expect(failing).rejects.toThrow(/^9 got no answer/)
  })

  it('fails with the error of the script, and when the script takes too long', async () => {
    await using flow = await flowOf().start()
    await expect(expectZeroLoss(flow, () => Promise.reject(new Error('no')), busy)).rejects.toThrow('no')
    const endless = expectZeroLoss(flow, () => new Promise(() => {}), { ...busy, timeoutMs: 50 })
    await expect(endless).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
  })
})

describe('faults', () => {
  it('hits the same pods with the same seed, and the pods that are named', async () => {
    await using flow = await flowOf({ replicas: 4 }).start()
    const targets = (): string[] => {
      const chaos = faults(flow, { random: seeded(5) })
      return Array.from({ length: 6 }, () => chaos.block('work', 1).pod)
    }
    const first = targets()
    expect(new Set(first).size).toBeGreaterThan(1)
    expect(targets()).toEqual(first)
    expect(faults(flow).block('work', 1, { pod: 'work/rep-2' })).toMatchObject({
      fault: 'block 1 ms',
      pod: 'work/rep-2',
    })
  })

  it('reports when a hit pod has ended, and when the stage has recovered', async () => {
    await using flow = await flowOf({ replicas: 2 }).start()
    const hit = faults(flow).exit('work', 4)
    expect(await faults(flow).healed(hit)).toBeGreaterThan(0)
    expect(await hit.gone).toBe('exited with code 4')
    expect((await flow.status()).stages[0]?.ready).toBe(2)
  })

  it('lists the pods and faults that are possible', async () => {
    await using flow = await flowOf({ runtime: 'inline' }).start()
    const chaos = faults(flow)
    expect(() => chaos.kill('other' as 'work')).toThrow(/no stage 'other'.*work/)
    expect(() => chaos.kill('work', { pod: 'work/rep-7' })).toThrow(/named work\/rep-7.*: work\/rep-0/)
    for (const hit of [() => chaos.kill('work'), () => chaos.freeze('work'), () => chaos.throw('work')])
      expect(hit).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }))
  })

  it.runIf(process.platform === 'linux')('thaws frozen pods when it is released', async () => {
    await using flow = await flowOf({ runtime: 'process', liveness: null }).start()
    {
      await using chaos = faults(flow)
      chaos.freeze('work')
    }
    expect((await flow.post('/search', { text: 'a' })).texts).toEqual(['A'])
  })
})

it('a burst beyond the limits is refused, with a time to retry', async () => {
  await using flow = await flowOf({ maxConcurrency: 1, queue: { maxRequests: 5, perReplica: 5 } }).start()
  const report = await burst(flow, { endpoint: '/search', requests: 100, parameters: { ms: 20 } })
  expect(report.answered + report.refused).toBe(100)
  expect(report.hinted).toBe(report.refused)
  expect(report.refused).toBeGreaterThan(0)
})

describe('a Flow that speaks HTTP', () => {
  const flowWith = (protocol: NonNullable<FlowOptions['protocol']>, port: number | number[]): Flow<'work'> =>
    new Flow({ quiet: true, host: '127.0.0.1', protocol, port }).add({
      name: 'work',
      uses: new URL('#Worker', module),
      runtime: 'thread',
    })

  it('is sent a burst at its port for gRPC, and refuses one without such a port', async () => {
    await using both = await flowWith(['http', 'grpc'], [0, 0]).start()
    expect((await burst(both, { endpoint: '/search', requests: 10 })).answered).toBe(10)
    await using web = await flowWith('http', 0).start()
    await expect(burst(web)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  })

  it.each([
    [
      ['http', 'grpc'],
      [0, 0],
    ] as const,
    ['http', 0] as const,
  ])('is sent requests: %j', async (protocol, port) => {
    await using flow = await flowWith(protocol, port as number).start()
    const options = { endpoint: '/search', senders: 6 }
    const report = await expectZeroLoss(flow, () => flow.scale('work', { replicas: 2 }), options)
    expect(report).toMatchObject({ lost: 0, twice: 0 })
  })
})

describe.runIf(process.platform === 'linux')('expectNothingLeft', () => {
  it('reports what is left, after waiting for what is still closing', async () => {
    const before = leftovers()
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
    await once(child, 'spawn')
    try {
      await expect(expectNothingLeft(before, { timeoutMs: 50 })).rejects.toThrow(`process ${child.pid}`)
    } finally {
      child.kill()
    }
    await expectNothingLeft(before)
  })

  it('detects a Flow that is not closed', async () => {
    const before = leftovers()
    const flow = await flowOf({ runtime: 'process' }).start()
    await expect(expectNothingLeft(before, { timeoutMs: 50 })).rejects.toThrow(/\.sock/)
    await flow.close()
    await expectNothingLeft(before)
  })
})

it('a random script is the same for the same seed, and can be printed', () => {
  const script = (seed: number): string =>
    String(randomScript({ seed, steps: 5, actions: [actions.kill('work'), actions.scale('work', [1, 3])] }))
  expect(script(4)).toBe(script(4))
  expect(script(4)).not.toBe(script(5))
  expect(script(4)).toMatch(/^seed 4\nafter \d+ ms (kill|scale) work \(0\.\d+\)\n/)
})
