import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { Flow } from 'millrace'
import { afterAll, beforeAll, expect, test } from 'vitest'

// grpcurl has no .proto files: everything it lists, describes and calls comes from the gateway's reflection.

const grpcurl = fileURLToPath(new URL('../../.cache/bin/grpcurl', import.meta.url))
const executors = new URL('jina-client-executors.mjs', import.meta.url).href
const flow = new Flow({ host: '127.0.0.1', quiet: true }).add({
  name: 'counterpart',
  uses: `${executors}#Counterpart`,
})

beforeAll(async () => {
  if (!existsSync(grpcurl)) throw new Error('these tests need grpcurl: run `node scripts/peers.mjs go`')
  await flow.start()
})

afterAll(() => flow.close())

async function run(...args: string[]): Promise<string> {
  // the address goes between the options and the verb
  const options = args.filter((arg) => arg.startsWith('-') || arg.startsWith('{'))
  const words = args.filter((arg) => !options.includes(arg))
  const { stdout } = await promisify(execFile)(grpcurl, [
    '-plaintext',
    ...options,
    `127.0.0.1:${flow.port}`,
    ...words,
  ])
  return stdout
}

async function call(method: string, message?: object): Promise<unknown> {
  const out = await run(...(message === undefined ? [] : ['-d', JSON.stringify(message)]), method)
  return JSON.parse(out) as unknown
}

test('it lists every service', async () => {
  const services = (await run('list')).trim().split('\n')
  expect(services).toEqual(
    expect.arrayContaining([
      'grpc.health.v1.Health',
      'jina.JinaDiscoverEndpointsRPC',
      'jina.JinaGatewayDryRunRPC',
      'jina.JinaInfoRPC',
      'jina.JinaRPC',
      'jina.JinaDataRequestRPC',
      'jina.JinaSingleDataRequestRPC',
      'jina.JinaSingleDocumentRequestRPC',
    ]),
  )
})

test('it describes services and messages', async () => {
  expect(await run('describe', 'jina.JinaRPC')).toContain(
    'rpc Call ( stream .jina.DataRequestProto ) returns ( stream .jina.DataRequestProto );',
  )
  expect(await run('describe', 'docarray.DocumentProto')).toContain('.docarray.NdArrayProto embedding = 16;')
})

test('it checks the gateway’s health', async () => {
  expect(await call('grpc.health.v1.Health/Check')).toEqual({ status: 'SERVING' })
  expect(await call('grpc.health.v1.Health/Check', { service: 'jina.JinaRPC' })).toEqual({
    status: 'SERVING',
  })
})

test('a dry run goes through the whole Flow: an empty answer is success', async () => {
  expect(await call('jina.JinaGatewayDryRunRPC/dry_run')).toEqual({})
})

test('the status names the version', async () => {
  expect(await call('jina.JinaInfoRPC/_status')).toMatchObject({ jina: expect.any(Object) as unknown })
})

test('the endpoints are those of the executors', async () => {
  const { endpoints } = (await call('jina.JinaDiscoverEndpointsRPC/endpoint_discovery')) as {
    endpoints: string[]
  }
  expect(endpoints).toEqual(expect.arrayContaining(['/upper', '/nest']))
})

const request = {
  header: { requestId: 'r1', execEndpoint: '/upper' },
  data: { docs: { docs: [{ id: 'd', text: 'grüße' }] } },
}

test('one request is answered by a unary call and on a stream', async () => {
  for (const method of ['jina.JinaSingleDataRequestRPC/process_single_data', 'jina.JinaRPC/Call']) {
    expect(await call(method, request)).toMatchObject({
      header: { requestId: 'r1', execEndpoint: '/upper' },
      data: { docs: { docs: [{ id: 'd', text: 'GRÜSSE' }] } },
    })
  }
})

test('a failure is an answer with status ERROR', async () => {
  const failing = {
    header: { requestId: 'r2', execEndpoint: '/fail-on-bad' },
    data: { docs: { docs: [{ text: 'bad' }] } },
  }
  expect(await call('jina.JinaSingleDataRequestRPC/process_single_data', failing)).toMatchObject({
    header: { status: { code: 'ERROR', exception: { name: 'TypeError', args: ['this one is bad'] } } },
  })
})
