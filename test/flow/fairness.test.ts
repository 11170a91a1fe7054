import { Client, type DocumentArray, Executor, Flow, requests } from 'millrace'
import { describe, expect, test } from 'vitest'

const takesMs = 6
const others = 150
const mine = 12

/** Served requests of both clients, in order. The executors run on the thread of this test. */
let served = 0

class Computing extends Executor {
  @requests
  compute(docs: DocumentArray): void {
    const until = performance.now() + takesMs
    while (performance.now() < until);
    for (const doc of docs) doc.text = String(served++)
  }
}

class Waiting extends Executor {
  @requests
  async wait(docs: DocumentArray): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, takesMs))
    for (const doc of docs) doc.text = String(served++)
  }
}

class ComputingLater extends Executor {
  @requests
  async compute(docs: DocumentArray): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 1))
    const until = performance.now() + takesMs
    while (performance.now() < until);
    for (const doc of docs) doc.text = String(served++)
  }
}

describe('a client beside one with hundreds of requests is answered after a few of them', () => {
  test.each([
    { name: 'handlers that compute', uses: Computing },
    { name: 'handlers that wait, one at a time', uses: Waiting, maxConcurrency: 1 },
    { name: 'handlers that wait and then compute', uses: ComputingLater },
  ])('$name', async ({ name: _name, ...stage }) => {
    await using flow = await new Flow({ host: '127.0.0.1', quiet: true })
      .add({ name: 'exec', runtime: 'inline', ...stage })
      .start()
    const host = `grpc://127.0.0.1:${flow.port}`
    await using greedy = new Client({ host })
    await using modest = new Client({ host })
    await modest.post('/', [{}])
    served = 0
    const all = greedy.post(
      '/',
      Array.from({ length: others }, () => ({})),
      { requestSize: 1 },
    )
    const before: number[] = []
    for (let round = 0; round < mine; round++) {
      const sent = served
      const answer = await modest.post('/', [{}])
      before.push(Number(answer.at(0)!.text) - sent)
    }
    expect(Math.max(...before)).toBeLessThanOrEqual(6)
    expect(served).toBeLessThan(others)
    await all
    expect(served).toBe(others + mine)
  })
})
