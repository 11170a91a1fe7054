import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { HandClock } from '../../lib/hand-clock.suite.js'
import { Api } from './api.js'
import type { Cluster } from './cluster.js'
import { EndpointWatch, type Subscriber } from './endpoint-watch.js'
import { FakeApi, slice } from './fake-api.suite.js'

let api: FakeApi
const open: (() => void)[] = []

beforeEach(async () => {
  api = await FakeApi.start()
})

afterEach(async () => {
  for (const end of open.splice(0)) end()
  await api.close()
})

/** A watch of the Services `a` and `b`, and what its subscribers were told: hosts, or that nothing is known. */
function watching(cluster: () => Promise<Cluster | null> = async () => api.cluster) {
  const clock = new HandClock()
  const said: string[] = []
  const watch = new EndpointWatch('shop', {
    api: new Api(cluster),
    clock,
    random: () => 0,
    say: (sentence) => said.push(sentence),
  })
  const told: Record<'a' | 'b', (readonly string[] | 'blind')[]> = { a: [], b: [] }
  const subscribers = (['a', 'b'] as const).map((service): Subscriber => {
    const subscriber: Subscriber = {
      service,
      found: (hosts) => told[service].push([...hosts]),
      blind: () => told[service].push('blind'),
    }
    watch.subscribe(subscriber)
    return subscriber
  })
  const close = (): void => subscribers.forEach((subscriber) => watch.unsubscribe(subscriber))
  open.push(close)
  watch.open()
  return { clock, said, told, close }
}

describe('a watch of EndpointSlices', () => {
  test('lists those of the Services that are wanted, and watches from there', async () => {
    api.put(slice('a', { '10.0.0.1': {} }))
    const { told } = watching()
    await expect.poll(() => told).toEqual({ a: [['10.0.0.1']], b: [[]] })
    await expect.poll(() => api.watches).toBe(1)
    expect(api.asked[0]).toBe(
      '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices?labelSelector=kubernetes.io/service-name in (a,b)',
    )
    expect(api.asked[1]).toContain('&watch=true&allowWatchBookmarks=true&')
    expect(api.asked[1]).toContain('&resourceVersion=1')
  })

  test('tells what changes, once, and only whom it concerns', async () => {
    api.put(slice('a', { '10.0.0.1': {} }))
    const { told } = watching()
    await expect.poll(() => api.watches).toBe(1)
    api.put(slice('a', { '10.0.0.1': {}, '10.0.0.2': {} }))
    api.put(slice('a', { '10.0.0.1': {}, '10.0.0.2': {}, '10.0.0.3': { ready: false } }))
    api.put(slice('a', { '10.0.0.1': { terminating: true }, '10.0.0.2': {} }))
    api.remove('a-1')
    await expect
      .poll(() => told)
      .toEqual({ a: [['10.0.0.1'], ['10.0.0.1', '10.0.0.2'], ['10.0.0.2'], []], b: [[]] })
  })

  test('goes on from the last version when the server ends it', async () => {
    const { clock, told } = watching()
    await expect.poll(() => api.watches).toBe(1)
    api.bookmark()
    api.put(slice('a', { '10.0.0.1': {} }))
    await expect.poll(() => told.a).toEqual([[], ['10.0.0.1']])
    clock.move(60_000)
    api.endWatches()
    await api.requests(3)
    expect(api.asked[2]).toContain('resourceVersion=2')
    expect(told.a).toHaveLength(2)
  })

  test('lists again when its version is forgotten, while it watches or when it begins', async () => {
    const { told } = watching()
    await expect.poll(() => api.watches).toBe(1)
    api.send({ type: 'ERROR', object: { code: 410, message: 'too old resource version' } })
    await api.requests(3)
    expect(api.asked[2]).not.toContain('watch')
    await expect.poll(() => api.watches).toBe(1)
    api.put(slice('b', { '10.0.0.1': {} }))
    await expect.poll(() => told.b).toEqual([[], ['10.0.0.1']])
  })

  test('keeps what it knows while the API is away, and asks less and less often', async () => {
    api.put(slice('a', { '10.0.0.1': {} }))
    const { clock, told, said } = watching()
    await expect.poll(() => api.watches).toBe(1)
    api.trouble = 'hang up'
    api.hangUp()
    await expect.poll(() => wakes(clock, 250)).toBe(true)
    await api.requests(3)
    await expect.poll(() => wakes(clock, 500)).toBe(true)
    await api.requests(4)
    expect(told.a).toEqual([['10.0.0.1']])
    api.trouble = null
    await expect.poll(() => wakes(clock, 1000)).toBe(true)
    await expect.poll(() => api.watches).toBe(1)
    expect(told.a).toEqual([['10.0.0.1']])
    expect(said).toEqual([])
  })

  test('says that it knows nothing when the API is away for ten seconds, and what it knows when it is back', async () => {
    api.put(slice('a', { '10.0.0.1': {} }))
    const { clock, told, said } = watching()
    await expect.poll(() => api.watches).toBe(1)
    api.trouble = 500
    api.hangUp()
    for (let trial = 3; told.a.length < 2; trial++) {
      await expect.poll(() => wakes(clock, 15_000)).toBe(true)
      await api.requests(trial)
      await turn()
    }
    expect(told.a).toEqual([['10.0.0.1'], 'blind'])
    expect(said).toEqual([
      'The gateway cannot watch the EndpointSlices of namespace shop: status 500. Until it can, it looks up the names of the Services each second.',
    ])
    api.trouble = null
    await expect.poll(() => wakes(clock, 15_000)).toBe(true)
    await expect.poll(() => told.a).toEqual([['10.0.0.1'], 'blind', ['10.0.0.1']])
    expect(said[1]).toContain('watched again')
  })

  test.each([401, 403])(
    'that is refused with %i is tried again each half minute, and said once',
    async (status) => {
      api.trouble = status
      const { clock, told, said } = watching()
      await expect.poll(() => told).toEqual({ a: ['blind'], b: ['blind'] })
      await expect.poll(() => wakes(clock, 30_000)).toBe(true)
      await api.requests(2)
      api.trouble = null
      await expect.poll(() => wakes(clock, 30_000)).toBe(true)
      await expect.poll(() => told.a).toEqual(['blind', []])
      expect(said).toHaveLength(2)
    },
  )

  test('is refused while it runs: the right was taken away', async () => {
    const { told, clock } = watching()
    await expect.poll(() => api.watches).toBe(1)
    api.trouble = 403
    clock.move(60_000)
    api.endWatches()
    await expect.poll(() => told.a).toEqual([[], 'blind'])
  })

  test('reads the token again for each request', async () => {
    const { clock } = watching()
    await expect.poll(() => api.watches).toBe(1)
    api.token = 'second'
    clock.move(60_000)
    api.endWatches()
    await api.requests(3)
    expect(api.tokens).toEqual(['Bearer first', 'Bearer first', 'Bearer second'])
  })

  test('outside of a cluster is blind, and says so', async () => {
    const { told, said } = watching(async () => null)
    await expect.poll(() => told.b).toEqual(['blind'])
    expect(said[0]).toContain('this is no pod of a cluster, or it has no token of a ServiceAccount')
  })

  test('ends with its last subscriber', async () => {
    const { close, said } = watching()
    await expect.poll(() => api.watches).toBe(1)
    close()
    await expect.poll(() => api.watches).toBe(0)
    expect(said).toEqual([])
  })
})

/** Moves the clock when code waits for it. */
function wakes(clock: HandClock, ms: number): boolean {
  if (clock.timers === 0) return false
  clock.move(ms)
  return true
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
