import { podsOf } from '../../dist/internals.js'
import { Document } from 'millrace'
import { leftovers } from 'millrace/testing'
import { expect, it } from 'vitest'
import { onGround, round } from './stage.js'

/** Few enough for CI's five minutes: each round starts seven processes. */
const processBudgetMs = 30_000

it.each([
  ['thread', 50],
  ['process', 50],
] as const)('%s stages go from 1 to 8 and back to 1, again and again, and nothing is left', (runtime, most) =>
  onGround({ stage: { runtime } }, async ({ flow }) => {
    const goUpAndDown = async (): Promise<void> => {
      await flow.scale('work', { replicas: 8 })
      const posts = Array.from({ length: 16 }, () => flow.post('/search', new Document({ text: 'a' })))
      for (const answer of await Promise.all(posts)) expect(answer.texts).toEqual(['A'])
      await flow.scale('work', { replicas: 1 })
    }
    // the first round creates everything that is created once
    await goUpAndDown()
    const before = leftovers()
    const memory = process.memoryUsage.rss()
    const began = performance.now()
    let rounds = 0
    while (rounds < most && (runtime === 'thread' || performance.now() - began < processBudgetMs)) {
      await goUpAndDown()
      rounds++
    }
    const { processes, sockets, listeners } = leftovers()
    // the running replica may be a different one
    expect(processes).toHaveLength(before.processes.length)
    expect(sockets).toHaveLength(before.sockets.length)
    expect(listeners).toEqual(before.listeners)
    // the pipes of the last process are closed a little after it has ended
    await expect.poll(() => surplus(before.handles, leftovers().handles), { timeout: 10_000 }).toEqual({})
    expect(podsOf(flow)).toHaveLength(1)
    const figures = {
      rounds,
      seconds: round((performance.now() - began) / 1000),
      grownMiB: round((process.memoryUsage.rss() - memory) / 2 ** 20),
    }
    process.stderr.write(`chaos: 1 to 8 to 1, ${runtime}: ${JSON.stringify(figures)}\n`)
  }),
)

/** Kinds that have grown. Fewer are fine: the first count may have been taken before a pipe was closed. */
function surplus(
  before: Readonly<Record<string, number>>,
  now: Readonly<Record<string, number>>,
): Record<string, number> {
  return Object.fromEntries(Object.entries(now).filter(([kind, count]) => count > (before[kind] ?? 0)))
}
