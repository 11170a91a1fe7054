import { describe, expect, it } from 'vitest'
import type { FlowStatus, PodStatus, StageStatus } from '../../control/status.js'
import { Rates } from '../../control/rates.js'
import { type Asked, statusesOf } from '../render-flows.js'
import { renderTop } from './render-top.js'

const pod = (name: string, counts: Partial<PodStatus> = {}): PodStatus => ({
  name,
  pid: 7,
  state: 'ready',
  inFlight: 1,
  latencyMs: 20,
  answered: 0,
  failed: 0,
  restarts: 0,
  sinceMs: 0,
  ...counts,
})
const flow = (...pods: readonly PodStatus[]): readonly Asked[] => {
  const stage = {
    name: 'slow',
    runtime: 'process',
    replicas: 2,
    ready: pods.length,
    waiting: 3,
    pods,
  } as unknown as StageStatus
  const status: FlowStatus = {
    name: 'shop',
    on: 'localhost',
    pid: 4700,
    port: 8080,
    listeners: [],
    stages: [stage],
  }
  return [{ state: 'answered', status }]
}

describe('millrace top', () => {
  it('shows rates since the last look, the busiest pod first, and sums of the stage', () => {
    const rates = new Rates()
    const first = flow(pod('slow/rep-0', { answered: 100 }), pod('slow/rep-1', { answered: 100, failed: 1 }))
    expect(rates.look(statusesOf(first), 5000).size).toBe(0)
    const second = flow(
      pod('slow/rep-0', { answered: 110 }),
      pod('slow/rep-1', { answered: 150, failed: 2, inFlight: 4, restarts: 1 }),
    )
    expect(renderTop(second, rates.look(statusesOf(second), 7000), false)).toBe(
      [
        'shop  pid 4700  port 8080',
        'STAGE, POD    READY   REQUESTS/S  FAILED/S  IN FLIGHT  WAITING  LATENCY  RESTARTS',
        'slow          2 of 2        30.0       0.5          5        3                  1',
        '  slow/rep-1  ready         25.0       0.5          4             20 ms         1',
        '  slow/rep-0  ready          5.0       0.0          1             20 ms         0',
      ].join('\n'),
    )
  })

  it('knows no rate of a pod that is new, or was replaced, or cannot be asked', () => {
    const rates = new Rates()
    rates.look(statusesOf(flow(pod('slow/rep-0', { answered: 100 }))), 0)
    const now = flow(
      pod('slow/rep-0', { answered: 3, pid: 8 }),
      pod('slow/rep-1', { answered: 3 }),
      pod('slow/rep-2', { answered: null, failed: null }),
    )
    const shown = rates.look(statusesOf(now), 1000)
    expect(shown.size).toBe(0)
    expect(renderTop(now, shown, false)).not.toMatch(/\d\.\d/)
  })

  it('shows Flows that do not answer', () => {
    expect(renderTop([{ state: 'failed', label: 'shop', reason: 'is busy' }], new Map(), false)).toBe(
      'shop: is busy',
    )
  })
})
