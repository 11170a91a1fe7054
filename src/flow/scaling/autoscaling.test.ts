import { expect, it } from 'vitest'
import { HandClock } from '../../lib/hand-clock.suite.js'
import { loggerOf } from '../../executor/fixtures.suite.js'
import type { Autoscale } from '../../plan/resilience.js'
import { settled, stageLoad } from '../replicas/fakes.suite.js'
import { Autoscaling } from './autoscaling.js'

const autoscale: Autoscale = { min: 0, max: 8, target: 2, upDelayMs: 0, downDelayMs: 1000 }

function followed(given: Autoscale | null = autoscale) {
  const clock = new HandClock()
  const logged: string[] = []
  const asked: number[] = []
  const blocked: (string | null)[] = []
  const load = { waiting: 0, inFlight: 0, looks: 0 }
  const stage = {
    name: 'exec',
    plan: { autoscale: given },
    replicas: 1,
    isChanging: false,
    failure: null as Error | null,
    scale(count: number) {
      asked.push(count)
      if (stage.failure !== null) return Promise.reject(stage.failure)
      stage.replicas = count
      return Promise.resolve()
    },
    block: (why: string | null) => void blocked.push(why),
  }
  const autoscaling = new Autoscaling([stage], {
    clock,
    logger: loggerOf(logged),
    status() {
      load.looks++
      const replica = {
        name: 'exec/rep-0',
        state: 'ready',
        inFlight: load.inFlight,
        latencyMs: 1,
        answered: 1,
        failed: 0,
        batches: [],
      } as const
      return Promise.resolve([stageLoad([replica], load.waiting)])
    },
  })
  const look = async (): Promise<void> => {
    clock.move(250)
    await settled()
  }
  return { autoscaling, stage, asked, blocked, load, logged, look, clock }
}

it('follows what is in flight and what waits', async () => {
  const { load, look, asked, logged } = followed()
  load.inFlight = 3
  load.waiting = 5
  await look()
  expect(asked).toEqual([4])
  expect(logged).toEqual(["info: stage 'exec' goes from 1 to 4 replicas, load 8."])
})

it('does not look at all when no stage scales by itself', async () => {
  const { load, look } = followed(null)
  await look()
  expect(load.looks).toBe(0)
})

it('does not interfere with a requested change', async () => {
  const { load, look, asked, stage } = followed()
  stage.isChanging = true
  load.waiting = 100
  await look()
  expect(asked).toEqual([])
})

it('ends the last replica when nothing comes, and starts one at once for a request', async () => {
  const { look, asked, autoscaling } = followed()
  for (let n = 0; n < 5; n++) await look()
  expect(asked).toEqual([0])
  autoscaling.demand('exec')
  expect(asked).toEqual([0, 1])
})

it('says why it cannot grow, refuses requests meanwhile, and tries again later', async () => {
  const { load, look, asked, stage, logged, blocked, clock } = followed()
  stage.failure = new Error('no memory')
  load.waiting = 8
  for (let n = 0; n < 4; n++) await look()
  expect(asked).toEqual([4])
  expect(logged.at(-1)).toContain("error: stage 'exec' cannot grow; next try in 5000 ms. no memory")
  expect(blocked.at(-1)).toContain('no memory')
  clock.move(5000)
  await settled()
  await look()
  expect(blocked).toContain(null)
  expect(asked.slice(0, 2)).toEqual([4, 4])
})

it('does nothing after it was closed', async () => {
  const { load, look, asked, autoscaling } = followed()
  autoscaling.close()
  load.waiting = 8
  await look()
  autoscaling.demand('exec')
  expect(asked).toEqual([])
  expect(load.looks).toBe(0)
})
