import { describe, expect, it } from 'vitest'
import type { ReplicaLoad } from '../../gateway/events.js'
import { deferred } from '../../lib/deferred.js'
import { fakeStage, settled } from './fakes.suite.js'

const load = (index: number, parts: Partial<ReplicaLoad> = {}): ReplicaLoad => ({
  name: `exec/rep-${index}`,
  state: 'ready',
  inFlight: 0,
  latencyMs: null,
  answered: 0,
  failed: 0,
  batches: [],
  ...parts,
})
const names = (pods: readonly { readonly name: string }[]): string[] => pods.map(({ name }) => name)

describe('scale', () => {
  it('starts all that are missing at once, and resolves when each is admitted', async () => {
    const { set, starts, gateway } = fakeStage()
    const scaled = set.scale(3)
    await settled()
    expect(names(starts)).toEqual(['exec/rep-0', 'exec/rep-1', 'exec/rep-2'])
    expect(set.replicas).toBe(0)
    for (const start of starts) start.succeed()
    expect(await scaled).toMatchObject({ from: 0, to: 3 })
    expect(gateway.listed.size).toBe(3)
  })

  it('ends those it started when one of them fails, and says why', async () => {
    const { set, grow, starts, gateway } = fakeStage()
    await grow(1)
    const scaled = set.scale(4)
    await settled()
    const [first, second] = starts
    const pod = first!.succeed()
    await settled()
    second!.fail('no memory')
    await expect(scaled).rejects.toThrow('no memory')
    expect(pod.stopped).toBe(true)
    expect(set.replicas).toBe(1)
    expect([...gateway.listed]).toEqual(['exec/rep-0'])
    expect(set.all).toHaveLength(1)
  })

  it('says what died between its start and its first call, and why', async () => {
    const { set, gateway, nextStart } = fakeStage()
    const admission = deferred()
    gateway.admit = () => admission.promise
    const scaled = set.scale(1)
    const pod = (await nextStart()).succeed()
    await settled()
    pod.die()
    admission.reject(new Error('the connection ended'))
    await expect(scaled).rejects.toThrow(/exec\/rep-0 exited with code 1 before.*\n {2}last words/)
  })

  it('does not wait for ever for the first answer', async () => {
    const { set, gateway, nextStart, clock } = fakeStage()
    const admission = deferred()
    gateway.admit = () => admission.promise
    const scaled = set.scale(1)
    const pod = (await nextStart()).succeed()
    void pod.exited.then(() => admission.reject(new Error('the connection ended')))
    await settled()
    clock.move(60_000)
    await expect(scaled).rejects.toMatchObject({ code: 'START_TIMEOUT' })
  })

  it('ends first what takes no requests, then what has least to do, then the youngest', async () => {
    const { set, grow, gateway } = fakeStage()
    const pods = await grow(5)
    gateway.loads = [
      load(0, { inFlight: 2 }),
      load(1, { inFlight: 9, state: 'ejected' }),
      load(2, { inFlight: 1 }),
      load(3, { inFlight: 2 }),
      load(4, { inFlight: 3 }),
    ]
    expect(await set.scale(2)).toMatchObject({ from: 5, to: 2 })
    expect(names(pods.filter(({ stopped }) => !stopped))).toHaveLength(2)
    expect(gateway.told.slice(5)).toEqual([
      'remove exec/rep-1 1000',
      'remove exec/rep-2 1000',
      'remove exec/rep-3 1000',
    ])
  })

  it('drains a replica before its pod is stopped', async () => {
    const { set, grow, gateway } = fakeStage()
    const [, pod] = await grow(2)
    gateway.holdRemovals = true
    gateway.loads = [load(0, { inFlight: 1 }), load(1)]
    const scaled = set.scale(1)
    await settled()
    expect(pod!.stopped).toBe(false)
    expect(set.pods(undefined).map(({ state }) => state)).toEqual(['ready', 'draining'])
    gateway.removals[0]!.resolve()
    await scaled
    expect(pod!.stopped).toBe(true)
  })

  it('takes one call after the other; a later one that wants fewer cancels what still starts', async () => {
    const { set, grow, starts } = fakeStage()
    await grow(1)
    const first = set.scale(5)
    await settled()
    starts[0]!.succeed()
    await settled()
    const second = set.scale(3)
    expect(set.all.filter(({ isEnding }) => isEnding).map(({ index }) => index)).toEqual([3, 4])
    starts[1]!.succeed()
    expect(await first).toMatchObject({ from: 1, to: 3 })
    expect(await second).toMatchObject({ from: 3, to: 3 })
    expect(set.replicas).toBe(3)
  })

  it('skips a call that waits when a later one has come', async () => {
    const { set, grow, starts } = fakeStage()
    await grow(1)
    const calls = [set.scale(2)]
    await settled()
    calls.push(set.scale(9), set.scale(2))
    starts[0]!.succeed()
    const [first, second, third] = await Promise.all(calls)
    expect(first).toMatchObject({ from: 1, to: 2 })
    expect(second).toMatchObject({ from: 2, to: 2 })
    expect(third).toMatchObject({ from: 2, to: 2 })
    expect(starts).toHaveLength(1)
  })

  it('starts replicas while others still drain, under names that are free', async () => {
    const { set, grow, gateway, nextStart } = fakeStage()
    await grow(2)
    gateway.holdRemovals = true
    const down = set.scale(1)
    await settled()
    const up = set.scale(2)
    const start = await nextStart()
    expect(start.name).toBe('exec/rep-2')
    start.succeed()
    expect(await up).toMatchObject({ from: 1, to: 2 })
    gateway.removals[0]!.resolve()
    expect(await down).toMatchObject({ from: 2, to: 1 })
  })
})

describe('healing', () => {
  it('takes a dead replica off the list and starts it again at once, under the same name', async () => {
    const { set, grow, gateway, nextStart, logged } = fakeStage()
    const [pod] = await grow(2)
    pod!.die('was killed by SIGKILL')
    const start = await nextStart()
    expect(start.name).toBe('exec/rep-0')
    // with time to read what it has answered before it ended
    expect(gateway.told.at(-1)).toBe('remove exec/rep-0 1000')
    expect(set.pods(undefined)[0]).toMatchObject({ state: 'starting', restarts: 1, pid: null })
    start.succeed()
    await settled()
    expect(gateway.listed.has('exec/rep-0')).toBe(true)
    expect(set.replicas).toBe(2)
    expect(logged[0]).toMatch(
      /warn: exec\/rep-0 is started again at once.*killed by SIGKILL.*\n {2}last words/,
    )
  })

  it('waits longer after each death in a row, and not after one that has lived', async () => {
    const { grow, nextStart, starts, clock } = fakeStage()
    let [pod] = await grow(1)
    for (const ms of [0, 100, 200, 400]) {
      pod!.die()
      await settled()
      if (ms > 0) {
        clock.move(ms - 1)
        await settled()
        expect(starts).toHaveLength(0)
        clock.move(1)
      }
      pod = (await nextStart()).succeed()
      await settled()
    }
    clock.move(10_001)
    pod!.die()
    await nextStart()
  })

  it('does not wait, or take from the budget, for a second end that one request has caused', async () => {
    const { set, grow, nextStart, gateway } = fakeStage({ restarts: { max: 1, windowMs: 30_000 } })
    let [pod] = await grow(1)
    for (const isRepeated of [false, true, true]) {
      gateway.departure = { served: 0, isRepeated }
      pod!.die()
      pod = (await nextStart()).succeed()
      await settled()
    }
    expect(set.pods(undefined)[0]).toMatchObject({ state: 'ready', restarts: 3 })
    expect(set.degraded).toBeNull()
  })

  it('does not wait for a replica that has answered requests', async () => {
    const { grow, nextStart, gateway } = fakeStage({ restarts: { max: 1, windowMs: 30_000 } })
    let [pod] = await grow(1)
    gateway.departure = { served: 10, isRepeated: false }
    for (let death = 0; death < 3; death++) {
      pod!.die()
      pod = (await nextStart()).succeed()
      await settled()
    }
  })

  it('tries again when a replacement does not start', async () => {
    const { set, grow, nextStart, clock } = fakeStage()
    const [pod] = await grow(1)
    pod!.die()
    ;(await nextStart()).fail('the disk is full')
    await settled()
    expect(set.pods(undefined)[0]?.state).toBe('backoff')
    clock.move(100)
    ;(await nextStart()).succeed()
    await settled()
    expect(set.pods(undefined)[0]).toMatchObject({ state: 'ready', restarts: 2 })
  })

  it('is degraded when the budget is spent, serves on, and goes on when the window has moved', async () => {
    const { set, grow, nextStart, starts, clock, logged, gateway } = fakeStage({
      restarts: { max: 2, windowMs: 30_000 },
    })
    const pods = await grow(2)
    let pod = pods[0]
    for (let n = 0; n < 2; n++) {
      pod!.die()
      await settled()
      clock.move(100)
      pod = (await nextStart()).succeed()
      await settled()
    }
    pod!.die()
    await settled()
    clock.move(10_000)
    await settled()
    expect(starts).toHaveLength(0)
    expect(set.degraded).toMatch(/'exec' has used its 2 restarts within 30 s: 1 of 2/)
    expect(logged.filter((line) => line.startsWith('error'))).toHaveLength(1)
    expect(gateway.expectations.at(-1)?.expecting).toBe(true)
    pods[1]!.die()
    await settled()
    clock.move(10_000)
    await settled()
    expect(gateway.expectations.at(-1)).toEqual({
      expecting: false,
      why: set.degraded,
    })
    clock.move(20_000)
    await settled()
    expect(starts.length).toBeGreaterThan(0)
    expect(gateway.expectations.at(-1)?.expecting).toBe(true)
  })

  it('never restarts with a budget of none', async () => {
    const { set, grow, starts, clock } = fakeStage({ restarts: { max: 0 } })
    const [pod] = await grow(1)
    pod!.die()
    await settled()
    clock.move(1e9)
    await settled()
    expect(starts).toHaveLength(0)
    expect(set.degraded).toContain('restarts nothing')
  })

  it('ends what rests before a new start when it is to be fewer', async () => {
    const { set, grow, nextStart, starts, clock } = fakeStage()
    const [pod] = await grow(2)
    pod!.die()
    ;(await nextStart()).fail('no')
    await settled()
    expect(await set.scale(1)).toMatchObject({ from: 2, to: 1 })
    clock.move(1e6)
    await settled()
    expect(starts).toHaveLength(0)
    expect(set.pods(undefined)).toMatchObject([{ name: 'exec/rep-1', state: 'ready' }])
  })
})

describe('rollingUpdate', () => {
  it('replaces one after the other, the new one first', async () => {
    const { set, grow, nextStart, gateway } = fakeStage({ usesWith: { model: 'old' } })
    await grow(2)
    const updated = set.rollingUpdate({ model: 'new' })
    for (const name of ['exec/rep-2', 'exec/rep-1']) {
      const start = await nextStart()
      expect(start).toMatchObject({ name, plan: { usesWith: { model: 'new' } } })
      expect(gateway.listed.size).toBe(2)
      start.succeed()
      await settled()
    }
    expect(await updated).toMatchObject({ replaced: 2 })
    expect(gateway.told.slice(2)).toEqual([
      'add exec/rep-2',
      'remove exec/rep-1 1000',
      'add exec/rep-1',
      'remove exec/rep-0 1000',
    ])
    void set.scale(3)
    expect((await nextStart()).plan.usesWith).toEqual({ model: 'new' })
  })

  it('changes nothing when the first new one does not start', async () => {
    const { set, grow, nextStart, gateway } = fakeStage({ usesWith: { model: 'old' } })
    const pods = await grow(2)
    const updated = set.rollingUpdate({ model: 'bad' })
    ;(await nextStart()).fail('no such model')
    await expect(updated).rejects.toThrow('no such model')
    expect(gateway.listed.size).toBe(2)
    pods[0]!.die()
    expect((await nextStart()).plan.usesWith).toEqual({ model: 'old' })
  })

  it('sets back what it replaced when a later one does not start', async () => {
    const { set, grow, nextStart, gateway } = fakeStage({ usesWith: { model: 'old' } })
    await grow(2)
    const updated = set.rollingUpdate({ model: 'new' })
    ;(await nextStart()).succeed()
    ;(await nextStart()).fail('no room')
    const back = await nextStart()
    expect(back.plan.usesWith).toEqual({ model: 'old' })
    back.succeed()
    await expect(updated).rejects.toThrow(
      /failed at replica 2 of 2; the 1 replaced before it were rolled back\. no room/,
    )
    expect(gateway.listed.size).toBe(2)
    expect(set.plan.usesWith).toEqual({ model: 'old' })
    expect(set.all.map(({ plan }) => plan.usesWith.model)).toEqual(['old', 'old'])
  })

  it('says so when they cannot be rolled back either', async () => {
    const { set, grow, nextStart } = fakeStage()
    await grow(2)
    const updated = set.rollingUpdate({ model: 'new' })
    ;(await nextStart()).succeed()
    ;(await nextStart()).fail('no room')
    ;(await nextStart()).fail('still no room')
    await expect(updated).rejects.toThrow(
      /could not all be rolled back \(still no room\), so old and new replicas run/,
    )
    expect(set.replicas).toBe(2)
  })

  it('takes turns with scale, whose later call does not cancel it', async () => {
    const { set, grow, nextStart } = fakeStage()
    await grow(1)
    const updated = set.rollingUpdate({ model: 'new' })
    const scaled = set.scale(1)
    ;(await nextStart()).succeed()
    expect(await updated).toMatchObject({ replaced: 1 })
    expect(await scaled).toMatchObject({ from: 1, to: 1 })
  })
})

describe('close', () => {
  it('gives up what starts and what rests, and ends what runs', async () => {
    const { set, grow, starts, nextStart, clock, gateway } = fakeStage()
    const pods = await grow(3)
    pods[0]!.die()
    ;(await nextStart()).fail('no')
    pods[1]!.die()
    await settled()
    const scaled = set.scale(5)
    const refused = expect(scaled).rejects.toMatchObject({ code: 'CANCELLED' })
    await settled()
    await set.close(0)
    await refused
    expect(pods[2]!.stopped).toBe(true)
    expect(gateway.listed.size).toBe(0)
    expect(set.all).toEqual([])
    starts.length = 0
    clock.move(1e9)
    await settled()
    expect(starts).toHaveLength(0)
    await expect(set.scale(1)).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  it('replaces no replica that dies while the last requests end', async () => {
    const { set, grow, starts, gateway, logged } = fakeStage()
    const [pod] = await grow(1)
    set.freeze()
    pod!.die()
    await settled()
    expect(starts).toHaveLength(0)
    expect(logged).toEqual([])
    expect(gateway.expectations.at(-1)).toMatchObject({ expecting: false })
  })
})

describe('a pod without a connection', () => {
  it('that lives on is ended and replaced', async () => {
    const { set, grow, nextStart, clock } = fakeStage()
    const [pod] = await grow(1)
    void set.lost('exec/rep-0', 'reset')
    await settled()
    clock.move(10_000)
    await settled()
    expect(pod!.killed).toBe(true)
    await nextStart()
  })

  it('that ends by itself is not touched', async () => {
    const { set, grow, clock } = fakeStage()
    const [pod] = await grow(1)
    void set.lost('exec/rep-0', 'reset')
    pod!.die()
    await settled()
    clock.move(10_000)
    expect(pod!.killed).toBe(false)
  })
})
