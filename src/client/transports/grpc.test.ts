import { afterEach, describe, expect, test } from 'vitest'
import { Document } from '../../document/index.js'
import { gatewaySpec, grpcListener, pod, stageSpec } from '../../gateway/fixture.suite.js'
import type { Gateway } from '../../gateway/contract.js'
import { createGateway } from '../../gateway/gateway.js'
import { deferred } from '../../lib/deferred.js'
import { Client } from '../client.js'

const open: { close(options: { graceMs: number }): Promise<void> }[] = []

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close({ graceMs: 0 })
})

/** A gateway that puts its name behind each text, and begins the first one when `gate` opens. */
async function gatewayAt(name: string, wanted: number, gate = Promise.resolve()) {
  const begun = deferred()
  const gateway: Gateway = createGateway(
    gatewaySpec([stageSpec('only')], { listeners: [grpcListener(wanted)] }),
  )
  open.push(gateway)
  const port = (await gateway.listen()).ports[0]!
  const service = pod(async (data) => {
    begun.resolve()
    await gate
    const answer = data.answer()
    for (const doc of answer.docs) doc.text = `${doc.text} ${name}`
    return answer
  })
  await gateway.add('only', 'only/rep-0', { kind: 'memory', service })
  return { gateway, port, begun: begun.promise }
}

/** Documents as they are pushed. */
function feed() {
  const waiting: Document[] = []
  let wake = deferred()
  let over = false
  return {
    push(text: string) {
      waiting.push(new Document({ text }))
      wake.resolve()
    },
    end() {
      over = true
      wake.resolve()
    },
    async *documents(): AsyncGenerator<Document> {
      for (;;) {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) yield next
        if (over) return
        await wake.promise
        wake = deferred()
      }
    },
  }
}

test('a stream moves to the next gateway when its own leaves: each request is answered once', async () => {
  const gate = deferred()
  const first = await gatewayAt('first', 0, gate.promise)
  const client = new Client({ host: `grpc://127.0.0.1:${first.port}` })
  open.push(client)
  const inputs = feed()
  inputs.push('a')
  const answers = client.stream('/foo', inputs.documents, { requestSize: 1 })[Symbol.asyncIterator]()
  const answered = answers.next()
  await first.begun
  const closed = first.gateway.close({ graceMs: 10_000 })
  await gatewayAt('second', first.port)
  // on its way to a gateway that reads no more
  inputs.push('b')
  gate.resolve()
  expect((await answered).value.docs.texts).toEqual(['a first'])
  expect((await answers.next()).value.docs.texts).toEqual(['b second'])
  await closed
  inputs.push('c')
  expect((await answers.next()).value.docs.texts).toEqual(['c second'])
  inputs.end()
  expect((await answers.next()).done).toBe(true)
})

test('a stream whose server is gone fails with UNAVAILABLE', async () => {
  const { gateway, port } = await gatewayAt('only', 0)
  const client = new Client({ host: `grpc://127.0.0.1:${port}` })
  open.push(client)
  const inputs = feed()
  inputs.push('a')
  const answers = client.stream('/foo', inputs.documents, { requestSize: 1 })[Symbol.asyncIterator]()
  await answers.next()
  await gateway.close({ graceMs: 10_000 })
  inputs.push('b')
  await expect(answers.next()).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining('cannot connect'),
  })
})

describe('when the gateway is lost while it has a request, and another one takes its place', () => {
  /** A gateway with a write and a read of its own, which wait; what has begun. */
  async function server(wanted: number, gate: Promise<void>) {
    const begun: string[] = []
    const first = deferred()
    const gateway = createGateway(gatewaySpec([stageSpec('only')], { listeners: [grpcListener(wanted)] }))
    open.push(gateway)
    const port = (await gateway.listen()).ports[0]!
    const service = {
      ...pod(async (data) => {
        begun.push(data.endpoint)
        first.resolve()
        await gate
        return data.answer()
      }),
      describe: () => ({
        endpoints: ['/keep', '/find'],
        writeEndpoints: ['/keep'],
        streamEndpoints: [],
        schemas: {},
      }),
    }
    await gateway.add('only', 'only/rep-0', { kind: 'memory', service })
    return { gateway, port, begun, first: first.promise }
  }

  async function lost(endpoint: string, maxAttempts: number) {
    const one = await server(0, new Promise(() => {}))
    const client = new Client({ host: `grpc://127.0.0.1:${one.port}` })
    open.push(client)
    const answer = client.post(endpoint, ['a'], { maxAttempts }).then(
      () => 'answered',
      (error: unknown) => error,
    )
    await one.first
    await one.gateway.close({ graceMs: 0 })
    const two = await server(one.port, Promise.resolve())
    return { answer: await answer, runs: [...one.begun, ...two.begun] }
  }

  test.each([1, 5])('a write is not sent again with maxAttempts %i', async (maxAttempts) => {
    const { answer, runs } = await lost('/keep', maxAttempts)
    expect(answer).toMatchObject({ code: 'OUTCOME_UNKNOWN', retryable: false })
    expect(runs).toEqual(['/keep'])
  })

  test('a read is', async () => {
    expect(await lost('/find', 5)).toEqual({ answer: 'answered', runs: ['/find', '/find'] })
  })
})
