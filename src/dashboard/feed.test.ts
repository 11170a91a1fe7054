import { describe, expect, it, vi } from 'vitest'
import type { FlowStatus } from '../control/status.js'
import { Changes } from '../lib/changes.js'
import { HandClock } from '../lib/hand-clock.suite.js'
import { Feed, type Look } from './feed.js'

const status = { name: 'shop' } as FlowStatus

/** A feed whose Flow counts how often it is asked. */
function feedOf({ tells = true } = {}) {
  const clock = new HandClock()
  const changes = new Changes()
  const looks: Look[] = []
  let asked = 0
  const feed = new Feed(
    {
      status: async () => ({ ...status, pid: ++asked }),
      ...(tells && { changed: () => changes.next() }),
    },
    clock,
  )
  const told = (count: number): Promise<void> => vi.waitFor(() => expect(looks).toHaveLength(count))
  return { clock, changes, feed, looks, told, asked: () => asked }
}

/** Lets what is due happen. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a feed', () => {
  it('looks again as soon as something changed', async () => {
    const { clock, changes, feed, looks, told } = feedOf()
    feed.listen((look) => looks.push(look))
    await told(1)
    clock.move(50)
    changes.note()
    await told(2)
    feed.close()
  })

  it('looks after a change that came during the last look or just after it', async () => {
    const { clock, changes, feed, looks, told } = feedOf()
    feed.listen((look) => looks.push(look))
    changes.note()
    await told(1)
    changes.note()
    expect(looks).toHaveLength(1)
    clock.move(50)
    await told(2)
    feed.close()
  })

  it.each([{ tells: true }, { tells: false }])(
    'looks once a second without a change: %j',
    async ({ tells }) => {
      const { clock, feed, looks, told } = feedOf({ tells })
      feed.listen((look) => looks.push(look))
      for (const count of [1, 2, 3]) {
        await told(count)
        clock.move(50)
        await settled()
        clock.move(949)
        await settled()
        expect(looks).toHaveLength(count)
        clock.move(1)
      }
      feed.close()
    },
  )

  it('asks nothing while nobody listens, and tells a second listener the last look at once', async () => {
    const { clock, feed, looks, told, asked } = feedOf()
    expect(asked()).toBe(0)
    const leave = feed.listen((look) => looks.push(look))
    await told(1)
    const second: Look[] = []
    const leaveToo = feed.listen((look) => second.push(look))
    expect(second).toEqual(looks)
    leave()
    leaveToo()
    clock.move(10_000)
    expect(asked()).toBe(1)
    expect(clock.timers).toBe(0)
  })
})
