import { setTimeout as pause } from 'node:timers/promises'
import { actions, expectZeroLoss, type Scene } from 'millrace/testing'
import { describe, expect, it } from 'vitest'
import { podsOf } from '../../dist/internals.js'
import { onGround, say } from './stage.js'

const counts = [5, 1, 4, 2, 6, 1, 3, 1, 5, 2]
const parameters = { ms: 10 }

async function scaleThrough({ flow, note }: Scene<'work'>): Promise<void> {
  for (const replicas of counts) {
    await flow.scale('work', { replicas })
    note(`${replicas} replicas`)
  }
}

/** Scales, and meanwhile injects faults repeatedly, with a pause between them. */
async function scaleAmid(scene: Scene<'work'>, pauseMs: number, act: () => unknown): Promise<void> {
  let over = false
  const scaled = scaleThrough(scene).finally(() => {
    over = true
  })
  const repeat = async (): Promise<void> => {
    while (!over) {
      await act()
      await pause(pauseMs)
    }
  }
  await Promise.all([scaled, repeat()])
}

/** Terminates a pod that was not terminated yet: a second SIGTERM makes a pod drop its requests. */
function terminateNew({ flow, faults, random }: Scene<'work'>, terminated: Set<number>): void {
  const pods = podsOf(flow).filter(({ pid }) => !terminated.has(pid))
  const chosen = pods[Math.floor(random() * pods.length)]
  if (chosen === undefined) return
  terminated.add(chosen.pid)
  faults.terminate('work', { pod: chosen.name })
}

// a draining replica loses no request, so nothing has to be retried
describe.each(['/search', '/index'])('40 senders at %s', (endpoint) => {
  it.each(['process', 'thread'] as const)(
    'lose no request when a %s stage is scaled through 5, 1, 4, 2, 6, 1, 3, 1, 5, 2',
    (runtime) =>
      onGround({ stage: { runtime, replicas: 2 } }, async ({ flow, executions }) => {
        const report = await expectZeroLoss(flow, scaleThrough, { endpoint, parameters, executions })
        expect(report.errors).toEqual({})
        expect(flow.replicas('work')).toBe(2)
        say(`scaling, ${runtime}, ${endpoint}`, report)
      }),
  )

  it('lose no request when replicas get SIGTERM while their stage is scaled', () =>
    onGround({ stage: { replicas: 3 } }, async ({ flow, executions }) => {
      const terminated = new Set<number>()
      const script = (scene: Scene<'work'>): Promise<void> =>
        scaleAmid(scene, 100, () => terminateNew(scene, terminated))
      const report = await expectZeroLoss(flow, script, {
        endpoint,
        parameters,
        executions,
      })
      expect(report.errors).toEqual({})
      say(`scaling with SIGTERM, ${endpoint}`, report, { terminated: terminated.size })
    }))
})

it.each(['process', 'thread'] as const)(
  'lose no read when replicas are killed while their %s stage is scaled',
  (runtime) =>
    onGround({ stage: { runtime, replicas: 3 } }, async ({ flow, executions }) => {
      const kill = actions.kill('work')
      // slow enough that no request meets as many dead replicas as it has attempts
      const script = (scene: Scene<'work'>): Promise<void> => scaleAmid(scene, 400, () => kill.run(scene, 0))
      const report = await expectZeroLoss(flow, script, {
        endpoint: '/search',
        parameters,
        executions,
        maxExecutions: 4,
      })
      expect(report.errors).toEqual({})
      say(`scaling with SIGKILL, ${runtime}`, report)
    }),
)
