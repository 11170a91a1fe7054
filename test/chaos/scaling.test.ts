import { setTimeout as pause } from 'node:timers/promises'
import { actions, expectZeroLoss, type Scene } from 'millrace/testing'
import { describe, expect, it } from 'vitest'
import { onGround, say } from './stage.js'

const counts = [5, 1, 4, 2, 6, 1, 3, 1, 5, 2]
const reads = { endpoint: '/search', parameters: { ms: 10 } }

async function scaleThrough({ flow, note }: Scene<'work'>): Promise<void> {
  for (const replicas of counts) {
    await flow.scale('work', { replicas })
    note(`${replicas} replicas`)
  }
}

describe.each(['process', 'thread'] as const)('a %s stage under 40 senders', (runtime) => {
  it('is scaled through 5, 1, 4, 2, 6, 1, 3, 1, 5, 2 and loses nothing', () =>
    onGround({ stage: { runtime, replicas: 2 } }, async ({ flow, executions }) => {
      const report = await expectZeroLoss(flow, scaleThrough, { ...reads, executions })
      expect(report.errors).toEqual({})
      expect(flow.replicas('work')).toBe(2)
      say(`scaling, ${runtime}`, report)
    }))
})

it('a process stage loses nothing when its replicas get SIGTERM while it is scaled', () =>
  onGround({ stage: { replicas: 3 } }, async ({ flow, executions }) => {
    const report = await expectZeroLoss(
      flow,
      async (scene) => {
        let over = false
        const scaled = scaleThrough(scene).finally(() => {
          over = true
        })
        const terminate = async (): Promise<void> => {
          while (!over) {
            await actions.terminate('work').run(scene, 0)
            await pause(100)
          }
        }
        await Promise.all([scaled, terminate()])
      },
      { ...reads, executions, maxExecutions: 2 },
    )
    expect(report.errors).toEqual({})
    say('scaling with SIGTERM', report)
  }))
