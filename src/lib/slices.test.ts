import { describe, expect, test } from 'vitest'
import { atOnce, inSlices, Slice, type Sliced } from './slices.js'

const never = { aborted: undefined }

function* count(steps: number, bytes = 1): Sliced<number> {
  const slice = new Slice()
  let counted = 0
  for (; counted < steps; counted++) if (slice.isFull(bytes)) yield
  return counted
}

function slicesOf(work: Sliced<unknown>): number {
  let slices = 1
  while (work.next().done !== true) slices++
  return slices
}

describe('a computation in slices', () => {
  test('ends a slice after 500 steps, or 256 KiB', () => {
    expect([500, 501, 1000, 1001].map((steps) => slicesOf(count(steps)))).toEqual([1, 2, 2, 3])
    expect([1, 2, 3].map((steps) => slicesOf(count(steps, 300_000)))).toEqual([1, 2, 3])
  })

  test('of one slice waits for nothing', async () => {
    let yields = 0
    const yieldToLoop = async (): Promise<void> => void yields++
    expect(await inSlices(count(500), never, yieldToLoop)).toBe(500)
    expect(yields).toBe(0)
  })

  test('lets the event loop go round between two slices', async () => {
    const order: string[] = []
    setImmediate(() => order.push('other work'))
    await inSlices(count(501), never).then(() => order.push('done'))
    expect(order).toEqual(['other work', 'done'])
  })

  test('stops when the result is no longer wanted', async () => {
    const call: { aborted: unknown } = { aborted: undefined }
    const reason = new Error('left')
    const yieldToLoop = async (): Promise<void> => void (call.aborted = reason)
    await expect(inSlices(count(5_000), call, yieldToLoop)).rejects.toBe(reason)
  })

  test('can be run without yielding', () => {
    expect(atOnce(count(5_000))).toBe(5_000)
  })
})
