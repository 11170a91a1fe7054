import { setTimeout as pause } from 'node:timers/promises'
import { expectZeroLoss, type Scene } from 'millrace/testing'
import { describe, expect, it } from 'vitest'
import { onGround, say } from './stage.js'

const parameters = { ms: 10 }

/** Scales up and down, and kills a replica after each step. */
async function scaleAndKill({ flow, faults, note }: Scene<'work'>): Promise<void> {
  for (const replicas of [4, 2, 5, 2, 3]) {
    await flow.scale('work', { replicas })
    note(`${replicas} replicas`)
    await faults.healed(faults.kill('work'))
    // requests that met this replica have their answers before the next one is killed
    await pause(100)
  }
}

async function scale({ flow, note }: Scene<'work'>): Promise<void> {
  for (const replicas of [5, 1, 4, 2, 6, 1, 3]) {
    await flow.scale('work', { replicas })
    note(`${replicas} replicas`)
  }
}

// half of the senders of `expectZeroLoss` use the Flow's own client, the others the protocol of the Flow
describe.each(['http', 'websocket'] as const)('40 senders, half of them over %s', (protocol) => {
  it.each(['/search', '/index'])('lose no request to %s when its stage is scaled', (endpoint) =>
    onGround({ stage: { replicas: 2 }, flow: { protocol } }, async ({ flow, executions }) => {
      const report = await expectZeroLoss(flow, scale, { endpoint, parameters, executions })
      expect(report.errors).toEqual({})
      expect([report.lost, report.twice, report.executedTwice]).toEqual([0, 0, 0])
      say(`scaling over ${protocol}, ${endpoint}`, report)
    }),
  )

  it('lose no read when replicas get SIGKILL while their stage is scaled', () =>
    onGround({ stage: { replicas: 3 }, flow: { protocol } }, async ({ flow, executions }) => {
      const options = { endpoint: '/search', parameters, executions, maxExecutions: 4 }
      const report = await expectZeroLoss(flow, scaleAndKill, options)
      expect(report.errors).toEqual({})
      expect([report.lost, report.twice]).toEqual([0, 0])
      say(`scaling with SIGKILL over ${protocol}, reads`, report)
    }))

  it('run no write twice when replicas get SIGKILL while their stage is scaled', () =>
    onGround({ stage: { replicas: 3 }, flow: { protocol } }, async ({ flow, executions }) => {
      const options = { endpoint: '/index', parameters, executions, allow: ['OUTCOME_UNKNOWN'] as const }
      const report = await expectZeroLoss(flow, scaleAndKill, options)
      expect([report.lost, report.twice, report.executedTwice]).toEqual([0, 0, 0])
      say(`scaling with SIGKILL over ${protocol}, writes`, report)
    }))
})
