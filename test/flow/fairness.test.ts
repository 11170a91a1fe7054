import http from 'node:http'
import { Client, type DocumentArray, Executor, Flow, requests } from 'millrace'
import { describe, expect, test } from 'vitest'

const takesMs = 6
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

const size = 4

class Joining extends Executor {
  @requests({ on: '/', batch: { size } })
  async join(docs: DocumentArray): Promise<void> {
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
    { name: 'handlers that compute', uses: Computing, most: 6 },
    { name: 'handlers that wait, one at a time', uses: Waiting, maxConcurrency: 1, most: 6 },
    { name: 'handlers that wait and then compute', uses: ComputingLater, most: 6 },
    // behind the batch that runs, the one that waits in the replica, and a full one that it shares; more batches run while the
    // request and its answer are under way on a busy machine
    { name: 'handlers with batches', uses: Joining, most: 6 * size },
  ])('$name', async ({ name: _name, most, ...stage }) => {
    await using flow = await new Flow({ host: '127.0.0.1', quiet: true })
      .add({ name: 'exec', runtime: 'inline', ...stage })
      .start()
    const host = `grpc://127.0.0.1:${flow.port}`
    await using greedy = new Client({ host })
    await using modest = new Client({ host })
    await modest.post('/', [{}])
    // more than can be served before the last answer to the modest client
    const others = 2 * most * mine
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
    expect(Math.max(...before)).toBeLessThanOrEqual(most)
    expect(served).toBeLessThan(others)
    await all
    expect(served).toBe(others + mine)
  })
})

// 127.0.0.2 is an address of its own on Linux only
describe.runIf(process.platform === 'linux')(
  'beside 200 connections of another address with a request each',
  () => {
    test.each(['grpc', 'http', 'websocket'] as const)(
      'a client of %s is answered after a few of them',
      async (protocol) => {
        await using flow = await new Flow({
          host: '127.0.0.1',
          protocol: ['grpc', 'http', 'websocket'],
          quiet: true,
        })
          .add({ name: 'exec', runtime: 'inline', uses: Computing })
          .start()
        await using modest = new Client({ host: `${schemes[protocol]}://127.0.0.1:${flow.port}` })
        await modest.post('/', [{}])
        served = 0
        using flood = new Flood(flow.port, 200)
        await flood.isUnderWay
        const before: number[] = []
        for (let round = 0; round < mine; round++) {
          const sent = served
          const answer = await modest.post('/', [{}])
          before.push(Number(answer.at(0)!.text) - sent)
        }
        expect(Math.max(...before)).toBeLessThanOrEqual(6)
        expect(flood.running).toBe(200)
      },
    )
  },
)

const schemes = { grpc: 'grpc', http: 'http', websocket: 'ws' }

/** Sends a request on each of many connections from 127.0.0.2, and the next one when it is answered, until it is disposed. */
class Flood {
  readonly #agent: http.Agent
  running = 0
  #isOver = false
  readonly isUnderWay: Promise<unknown>

  constructor(port: number, connections: number) {
    this.#agent = new http.Agent({ keepAlive: true, maxSockets: connections })
    this.isUnderWay = new Promise((resolve) => {
      const send = (): void => {
        const request = http.request({
          port,
          host: '127.0.0.1',
          localAddress: '127.0.0.2',
          agent: this.#agent,
          method: 'POST',
          path: '/post',
        })
        request.on('error', () => this.running--)
        request.on('response', (response) => {
          response.resume().once('end', () => {
            if (!this.#isOver) send()
          })
        })
        request.setHeader('content-type', 'application/json')
        request.end('{"data":[{}],"execEndpoint":"/"}')
      }
      for (; this.running < connections; this.running++) send()
      const check = setInterval(() => {
        if (served < connections / 10) return
        clearInterval(check)
        resolve(undefined)
      }, 10)
    })
  }

  [Symbol.dispose](): void {
    this.#isOver = true
    this.#agent.destroy()
  }
}
