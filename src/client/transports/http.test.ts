import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { gatewaySpec, pod, stageSpec } from '../../gateway/fixture.suite.js'
import { createGateway } from '../../gateway/gateway.js'
import type { GatewaySpec } from '../../gateway/spec.js'
import { Client } from '../client.js'

const closes: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closes.splice(0).toReversed()) await close()
})

async function clientOf(
  service: Parameters<typeof pod>[0],
  spec: Partial<GatewaySpec> = {},
): Promise<Client> {
  const listeners = [{ protocols: ['http'], host: '127.0.0.1', port: 0 }] as const
  const gateway = createGateway(gatewaySpec([stageSpec('only')], { listeners, ...spec }))
  closes.push(() => gateway.close({ graceMs: 0 }))
  const [port] = (await gateway.listen()).ports
  await gateway.add('only', 'only/rep-0', { kind: 'memory', service: pod(service) })
  await gateway.ready()
  const client = new Client({ host: `http://127.0.0.1:${port}` })
  closes.push(() => client.close())
  return client
}

test.each([false, true])(
  'an error of an Executor is that of gRPC, with errorStatus %s',
  async (errorStatus) => {
    const client = await clientOf(
      async (request) => {
        const answer = request.answer()
        const exception = { name: 'TypeError', args: ['bad'], stacks: ['at x\n'], executor: 'Only' }
        answer.status = { code: 'ERROR', description: 'TypeError: bad', exception }
        return answer
      },
      { http: { errorStatus } },
    )
    await expect(client.post('/x', 'a')).rejects.toMatchObject({
      code: 'EXECUTOR_FAILED',
      message: expect.stringContaining('TypeError: bad'),
      cause: { name: 'TypeError' },
    })
  },
)

test('a refusal of the gateway has its code', async () => {
  const requestLimits = { parameterBytes: 0, parameterValues: 0, parameterDepth: 0, documents: 1 }
  const client = await clientOf(undefined, { requestLimits })
  await expect(client.post('/x', ['a', 'b'])).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringContaining('answered HTTP 422: '),
  })
})

test('a server that is not there, another one, and a stream of documents are refused with the reason', async () => {
  await using nobody = new Client({ host: 'http://127.0.0.1:1' })
  await expect(nobody.post('/x', 'a')).rejects.toMatchObject({ code: 'UNAVAILABLE', notRun: true })
  const other = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1')
  closes.push(() => other.close())
  await new Promise((resolve) => other.once('listening', resolve))
  await using stranger = new Client({ host: `http://127.0.0.1:${(other.address() as AddressInfo).port}` })
  await expect(stranger.post('/x', 'a')).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: expect.stringContaining('needs a gateway of Millrace'),
  })
  await expect(stranger.streamDoc('/x', 'a')[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    code: 'UNSUPPORTED',
  })
})
