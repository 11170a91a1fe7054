import { describe, expect, test } from 'vitest'
import { callOf } from '../call/call.suite.js'
import { MillraceError } from '../errors.js'
import { type Clock, systemClock } from '../lib/clock.js'
import { deferred } from '../lib/deferred.js'
import { Lane } from './lane.js'

/** A lane whose clock and event loop are moved by hand. */
function laneOf(limit: number | null, holdMs = 1) {
  let now = 1000
  let busy = 0
  const yields: (() => void)[] = []
  const timers: { at: number; wake: () => void }[] = []
  const clock: Clock = {
    ...systemClock,
    now: () => now,
    monotonic: () => now,
    after(ms, wake) {
      timers.push({ at: now + ms, wake })
      return () => {}
    },
  }
  const yieldToLoop = (wake: () => void): void => void yields.push(wake)
  const lane = new Lane({ limit, clock, holdMs, yieldToLoop, busyMs: () => busy })
  const spend = (ms: number): void => {
    now += ms
    busy += ms
  }
  return {
    lane,
    spend,
    /** Time in which the event loop has nothing to do. */
    idle(ms: number) {
      now += ms
      while (timers.length > 0 && timers[0]!.at <= now) timers.shift()!.wake()
    },
    /** Runs one task that holds the event loop for so long. */
    async know(ms: number) {
      await lane.run(callOf(), async () => spend(ms))
    },
    yields,
    /** The event loop goes round, as often as somebody waits for it. */
    settle: async () => {
      for (let idle = 0; idle < 3; idle++) {
        await new Promise((resolve) => setTimeout(resolve, 0))
        while (yields.length > 0) {
          yields.shift()?.()
          idle = 0
        }
      }
    },
  }
}

test('a task begins before run() returns when nobody is in its way', () => {
  const { lane } = laneOf(1)
  let began = false
  void lane.run(callOf(), async () => void (began = true))
  expect(began).toBe(true)
  expect(lane.inFlight).toBe(1)
})

test('no more than the limit run at a time, the others follow in order', async () => {
  const { lane, settle } = laneOf(2)
  const gates = [0, 1, 2, 3].map(() => deferred())
  const began: number[] = []
  let running = 0
  let most = 0
  const done = gates.map((gate, index) =>
    lane.run(callOf(), async () => {
      began.push(index)
      most = Math.max(most, ++running)
      await gate.promise
      running--
      return index
    }),
  )
  expect(began).toEqual([0, 1])
  expect(lane.inFlight).toBe(4)
  gates[1]?.resolve()
  await settle()
  expect(began).toEqual([0, 1, 2])
  for (const gate of gates) gate.resolve()
  await settle()
  expect(await Promise.all(done)).toEqual([0, 1, 2, 3])
  expect(most).toBe(2)
  expect(lane.inFlight).toBe(0)
})

test('without a limit all run at once', () => {
  const { lane } = laneOf(null)
  let began = 0
  for (let n = 0; n < 100; n++) {
    void lane.run(callOf(), async () => {
      began++
      await new Promise(() => {})
    })
  }
  expect(began).toBe(100)
})

test('after tasks have held the event loop for too long the next waits for a pause', async () => {
  const { lane, spend, settle, yields } = laneOf(null)
  const began: number[] = []
  const task = (index: number, ms: number) => () => {
    began.push(index)
    spend(ms)
    return Promise.resolve(index)
  }
  const done = [0.4, 0.4, 0.4, 50, 50].map((ms, index) => lane.run(callOf(), task(index, ms)))
  expect(began).toEqual([0, 1, 2])
  expect(yields).toHaveLength(1)
  yields.shift()?.()
  expect(began).toEqual([0, 1, 2, 3])
  await settle()
  expect(await Promise.all(done)).toEqual([0, 1, 2, 3, 4])
})

test('the answer of one task is out before the next one begins', async () => {
  const { lane, settle } = laneOf(1)
  const order: string[] = []
  const gate = deferred()
  const first = lane.run(callOf(), () => gate.promise).then(() => order.push('answered'))
  const second = lane.run(callOf(), async () => void order.push('began'))
  gate.resolve()
  await settle()
  await Promise.all([first, second])
  expect(order).toEqual(['answered', 'began'])
})

test('a call that is cancelled while it waits for the limit leaves at once and never runs', async () => {
  const { lane, settle } = laneOf(1)
  const gate = deferred()
  const first = lane.run(callOf(), () => gate.promise)
  const controller = new AbortController()
  let ran = false
  const waiting = lane.run(callOf({ signal: controller.signal }), async () => void (ran = true))
  expect(lane.inFlight).toBe(2)
  controller.abort(new MillraceError('CANCELLED', 'left'))
  await expect(waiting).rejects.toThrow('left')
  expect(lane.inFlight).toBe(1)
  gate.resolve()
  await settle()
  await first
  expect(ran).toBe(false)
})

test('a call that was cancelled before it came to the queue does not wait in it', async () => {
  const { lane } = laneOf(1)
  void lane.run(callOf(), () => new Promise<void>(() => {}))
  const signal = AbortSignal.abort(new MillraceError('CANCELLED', 'gone'))
  await expect(lane.run(callOf({ signal }), async () => {})).rejects.toThrow('gone')
})

test('a call that is cancelled during a pause does not run', async () => {
  const { lane, spend, yields } = laneOf(null)
  void lane.run(callOf(), async () => spend(5))
  const controller = new AbortController()
  let ran = false
  const waiting = lane.run(callOf({ signal: controller.signal }), async () => void (ran = true))
  controller.abort(new MillraceError('CANCELLED', 'left'))
  yields.shift()?.()
  await expect(waiting).rejects.toThrow('left')
  expect(ran).toBe(false)
})

test('a call whose deadline has passed does not run, whether it waited or not', async () => {
  const { lane, spend, settle } = laneOf(1)
  const expired = expect.objectContaining({ code: 'DEADLINE_EXCEEDED' })
  const gate = deferred()
  const first = lane.run(callOf(), () => gate.promise)
  const waiting = lane.run(callOf({ deadline: 1010 }), async () => 'ran').catch((error: unknown) => error)
  spend(20)
  gate.resolve()
  await settle()
  await first
  expect(await waiting).toEqual(expired)
  await expect(lane.run(callOf({ deadline: 1010 }), async () => 'ran')).rejects.toEqual(expired)
})

test('a task that fails makes room like any other', async () => {
  const { lane, settle } = laneOf(1)
  const failing = lane.run(callOf(), () => Promise.reject(new Error('no')))
  const next = lane.run(callOf(), async () => 'next')
  await expect(failing).rejects.toThrow('no')
  await settle()
  expect(await next).toBe('next')
})

test('idle waits for those that run and those that wait', async () => {
  const { lane, settle } = laneOf(1)
  await lane.idle()
  const gates = [deferred(), deferred()]
  for (const gate of gates) void lane.run(callOf(), () => gate.promise)
  let idle = false
  void lane.idle().then(() => (idle = true))
  gates[0]?.resolve()
  await settle()
  expect(idle).toBe(false)
  gates[1]?.resolve()
  await settle()
  expect(idle).toBe(true)
})

test('idle resolves when the last one that waits is cancelled', async () => {
  const { lane, settle } = laneOf(1)
  const gate = deferred()
  const controller = new AbortController()
  void lane.run(callOf(), () => gate.promise)
  const waiting = lane.run(callOf({ signal: controller.signal }), async () => {}).catch(() => 'left')
  const idle = lane.idle()
  gate.resolve()
  controller.abort()
  await settle()
  await idle
  expect(await waiting).toBe('left')
})

test('a stream keeps its place until it ends', async () => {
  const { lane, settle } = laneOf(1)
  const gate = deferred()
  const order: string[] = []
  const stream = lane.runItems(callOf(), async (pace) => {
    for (const item of ['a', 'b']) {
      order.push(item)
      await pace(gate.promise)
    }
  })
  const next = lane.run(callOf(), async () => void order.push('next'))
  await settle()
  expect(order).toEqual(['a'])
  gate.resolve()
  await stream
  await settle()
  await next
  expect(order).toEqual(['a', 'b', 'next'])
})

test('a stream that computes long between its items lets the event loop go round', async () => {
  const { lane, spend, yields } = laneOf(null)
  const order: string[] = []
  const stream = lane.runItems(callOf(), async (pace) => {
    for (const item of ['a', 'b']) {
      spend(5)
      order.push(item)
      await pace()
    }
  })
  await new Promise((resolve) => setImmediate(resolve))
  expect([order, yields.length]).toEqual([['a'], 1])
  yields.shift()?.()
  await new Promise((resolve) => setImmediate(resolve))
  expect([order, yields.length]).toEqual([['a', 'b'], 1])
  yields.shift()?.()
  await stream
  expect(lane.inFlight).toBe(0)
})

describe('the room of a lane', () => {
  const wait = (): Promise<void> => new Promise(() => {})

  test('is a window beyond the tasks that run and have let the event loop go round', async () => {
    const { lane, settle } = laneOf(null)
    let told = 0
    lane.onGrow(() => told++)
    expect(lane.target).toBe(2)
    void lane.run(callOf(), wait)
    expect(lane.target).toBe(2)
    void lane.run(callOf(), wait)
    expect([lane.target, told]).toEqual([2, 0])
    await settle()
    expect([lane.target, told]).toEqual([4, 1])
  })

  test('grows beyond tasks that wait when longer tasks have made the window smaller', async () => {
    const { lane, know, spend, settle } = laneOf(null, 1000)
    for (let task = 0; task < 40; task++) await know(0.25)
    await settle()
    expect(lane.target).toBe(5)
    for (let task = 0; task < 3; task++) void lane.run(callOf(), wait)
    await settle()
    while (lane.target === 5) await lane.run(callOf(), async () => spend(4))
    await settle()
    expect(lane.target).toBeGreaterThan(lane.inFlight)
  })

  test('is one while tasks compute for long, and none is wasted on one that ended', async () => {
    const { lane, know, settle } = laneOf(null)
    await know(20)
    await settle()
    expect(lane.target).toBe(1)
    void lane.run(callOf(), wait)
    expect(lane.target).toBe(1)
    void lane.run(callOf(), async () => {})
    await settle()
    expect(lane.target).toBe(1)
  })

  test('grows by tasks that compute in pieces only as fast as the event loop can take them', async () => {
    const { lane, know, settle, idle } = laneOf(null)
    await know(20)
    await settle()
    void lane.run(callOf(), wait)
    await settle()
    expect(lane.target).toBe(1)
    idle(19)
    await settle()
    expect(lane.target).toBe(1)
    idle(1)
    await settle()
    expect(lane.target).toBe(2)
  })

  test('is no more than the limit and the rest of the window', async () => {
    const { lane, settle } = laneOf(3)
    for (let task = 0; task < 3; task++) void lane.run(callOf(), wait)
    await settle()
    expect(lane.target).toBe(4)
  })

  test('is not told to a listener that has left', async () => {
    const { lane, settle } = laneOf(null)
    let told = 0
    lane.onGrow(() => told++)()
    for (let task = 0; task < 3; task++) void lane.run(callOf(), wait)
    await settle()
    expect(told).toBe(0)
  })
})
