import { setTimeout as pause } from 'node:timers/promises'
import { type Action, actions, expectZeroLoss, type Scene } from 'millrace/testing'
import { describe, expect, it } from 'vitest'
import { onGround, say } from './stage.js'

const counts = [5, 1, 4, 2, 6, 1, 3, 1, 5, 2]
const parameters = { ms: 10 }

async function scaleThrough({ flow, note }: Scene<'work'>): Promise<void> {
  for (const replicas of counts) {
    await flow.scale('work', { replicas })
    note(`${replicas} replicas`)
  }
}

/** Scales, and does the other thing again and again meanwhile. */
async function scaleAmid(scene: Scene<'work'>, action: Action): Promise<void> {
  let over = false
  const scaled = scaleThrough(scene).finally(() => {
    over = true
  })
  const act = async (): Promise<void> => {
    while (!over) {
      await action.run(scene, scene.random())
      await pause(100)
    }
  }
  await Promise.all([scaled, act()])
}

// nothing is lost on the way out of a replica, so that there is nothing to do again
describe.each(['/search', '/index'])('40 senders at %s', (endpoint) => {
  it.each(['process', 'thread'] as const)(
    'lose nothing when a %s stage is scaled through 5, 1, 4, 2, 6, 1, 3, 1, 5, 2',
    (runtime) =>
      onGround({ stage: { runtime, replicas: 2 } }, async ({ flow, executions }) => {
        const report = await expectZeroLoss(flow, scaleThrough, { endpoint, parameters, executions })
        expect(report.errors).toEqual({})
        expect(flow.replicas('work')).toBe(2)
        say(`scaling, ${runtime}, ${endpoint}`, report)
      }),
  )

  it('lose nothing when replicas get SIGTERM while their stage is scaled', () =>
    onGround({ stage: { replicas: 3 } }, async ({ flow, executions }) => {
      const terminate = actions.terminate('work')
      const report = await expectZeroLoss(flow, (scene) => scaleAmid(scene, terminate), {
        endpoint,
        parameters,
        executions,
      })
      expect(report.errors).toEqual({})
      say(`scaling with SIGTERM, ${endpoint}`, report)
    }))
})

it.each(['process', 'thread'] as const)(
  'reads lose nothing when replicas are killed while their %s stage is scaled',
  (runtime) =>
    onGround({ stage: { runtime, replicas: 3 } }, async ({ flow, executions }) => {
      const kill = actions.kill('work')
      const report = await expectZeroLoss(flow, (scene) => scaleAmid(scene, kill), {
        endpoint: '/search',
        parameters,
        executions,
        // one that is killed every 100 ms may have the same request again
        maxExecutions: 4,
      })
      expect(report.errors).toEqual({})
      say(`scaling with SIGKILL, ${runtime}`, report)
    }),
)
