import { expectZeroLoss, type Scene } from 'millrace/testing'
import { describe, expect, it } from 'vitest'
import { onGround, round, say } from './stage.js'

// a request may meet more than one pod that fails
const reads = { endpoint: '/search', parameters: { ms: 10 }, maxExecutions: 4 }
const liveness = { timeoutMs: 1000 }

it.runIf(process.platform === 'linux')('a stopped replica is replaced, and no read is lost', () =>
  onGround({ stage: { replicas: 3, liveness } }, async ({ flow, executions }) => {
    const healed: number[] = []
    const stopped = async ({ faults, note }: Scene<'work'>): Promise<void> => {
      for (let round = 0; round < 3; round++) {
        const began = performance.now()
        const hit = faults.freeze('work')
        note(`${hit.pod} ${await hit.gone}`)
        await faults.healed(hit)
        healed.push(performance.now() - began)
        // the process was replaced, so there is nothing to thaw
        expect(() => faults.thaw('work', { pod: hit.pod })).toThrow(/is frozen/)
        expect(() => process.kill(hit.pid, 'SIGCONT')).toThrow(/ESRCH/)
      }
    }
    const report = await expectZeroLoss(flow, stopped, { ...reads, executions })
    expect(report.errors).toEqual({})
    say('SIGSTOP', report, { replacedMs: healed.map(round) })
  }),
)

it('a replica that is stopped for a moment continues', () =>
  onGround({ stage: { replicas: 3, liveness: { timeoutMs: 5000 } } }, async ({ flow, executions }) => {
    const report = await expectZeroLoss(
      flow,
      async ({ faults }) => {
        for (let round = 0; round < 5; round++) {
          const { pod } = faults.freeze('work')
          await flow.status()
          faults.thaw('work', { pod })
        }
      },
      { ...reads, executions },
    )
    expect(report.errors).toEqual({})
    const { stages } = await flow.status()
    expect(stages[0]?.pods.map(({ restarts }) => restarts)).toEqual([0, 0, 0])
    say('SIGSTOP and SIGCONT', report)
  }))

const failures = {
  'an uncaught exception': ({ faults }: Scene<'work'>) => faults.throw('work'),
  'an exit': ({ faults }: Scene<'work'>) => faults.exit('work', 3),
  'no memory': ({ faults }: Scene<'work'>) => faults.outOfMemory('work'),
}

describe.each(['process', 'thread'] as const)('a %s stage', (runtime) => {
  it.each(Object.keys(failures) as (keyof typeof failures)[])(
    'survives %s and answers every read',
    (name) => {
      // the heap of a thread is as large as that of the program, and takes minutes to fill
      if (runtime === 'thread' && name === 'no memory') return Promise.resolve()
      const env = { NODE_OPTIONS: '--max-old-space-size=48' }
      return onGround({ stage: { runtime, replicas: 3, env } }, async ({ flow, executions }) => {
        const healed: number[] = []
        const fail = async (scene: Scene<'work'>): Promise<void> => {
          for (let round = 0; round < 3; round++)
            healed.push(await scene.faults.healed(failures[name](scene)))
        }
        const report = await expectZeroLoss(flow, fail, { ...reads, executions })
        expect(report.errors).toEqual({})
        say(`${name}, ${runtime}`, report, { healedMs: healed.map(round) })
      })
    },
  )

  it('loses nothing when event loops are blocked, and replaces no replica', () =>
    onGround({ stage: { runtime, replicas: 3, liveness } }, async ({ flow, executions }) => {
      const report = await expectZeroLoss(
        flow,
        async ({ faults, note }) => {
          for (let round = 0; round < 3; round++) {
            // pings go out once a second, and one must be older than `timeoutMs` at a later look
            const { pod } = faults.block('work', 4000)
            await seen(flow, pod, 'silent')
            note(`${pod} is silent`)
            await seen(flow, pod, 'ready')
            note(`${pod} is back`)
          }
        },
        { ...reads, executions },
      )
      expect(report.errors).toEqual({})
      const { stages } = await flow.status()
      expect(stages[0]?.pods.map(({ restarts }) => restarts)).toEqual([0, 0, 0])
      say(`blocked event loops, ${runtime}`, report)
    }))
})

async function seen(flow: Scene<'work'>['flow'], pod: string, state: string): Promise<void> {
  const stateOf = async (): Promise<string | undefined> =>
    (await flow.status()).stages[0]?.pods.find(({ name }) => name === pod)?.state
  await expect.poll(stateOf, { timeout: 20_000, interval: 20 }).toBe(state)
}
