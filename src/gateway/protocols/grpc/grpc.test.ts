import { describe, expect, test } from 'vitest'
import { MillraceError } from '../../../errors.js'
import { deferred } from '../../../lib/deferred.js'
import { decodeDescription } from '../../../wire/description.js'
import { decodeHealthResponse, encodeHealthRequest } from '../../../wire/health.js'
import { decodeInfo } from '../../../wire/info.js'
import { decodeServiceList, encodeListServicesRequest } from '../../../wire/reflection.js'
import { streaming, withText } from '../../../call/call.suite.js'
import { DataRequest } from '../../../wire/data-request.js'
import { encodeRequestList } from '../../../wire/request-list.js'
import { decodeStatus } from '../../../wire/status.js'
import { createGateway } from '../../gateway.js'
import { gatewaySpec, gatewaysOfTests, pod, request, stageSpec, TestClient } from '../../fixture.suite.js'

const { open, startedGateway } = gatewaysOfTests()
const empty = new Uint8Array()

describe('health', () => {
  test('is SERVING for the server and every advertised service, NOT_FOUND for others', async () => {
    const { client } = await startedGateway({ exec: pod() })
    const check = async (service: string): Promise<string> =>
      decodeHealthResponse(await client.unary('/grpc.health.v1.Health/Check', encodeHealthRequest(service)))
    for (const service of ['', 'jina.JinaRPC', 'jina.JinaSingleDataRequestRPC', 'jina.JinaInfoRPC']) {
      expect(await check(service)).toBe('SERVING')
    }
    await expect(check('nobody')).rejects.toMatchObject({ code: 5 })
  })

  test('tells its watchers NOT_SERVING first thing on close, then ends', async () => {
    const { gateway, client } = await startedGateway({ exec: pod() })
    const watch = client.items('/grpc.health.v1.Health/Watch', encodeHealthRequest(''))
    const first = deferred()
    const said: string[] = []
    watch.on('data', (bytes: Buffer) => {
      said.push(decodeHealthResponse(bytes))
      first.resolve()
    })
    const ended = new Promise((resolve) => watch.on('end', resolve))
    await first.promise
    await gateway.close({ graceMs: 5000 })
    await ended
    expect(said).toEqual(['SERVING', 'NOT_SERVING'])
  })

  test('is NOT_SERVING until the Flow is up, which its watchers are told', async () => {
    const gateway = createGateway(gatewaySpec([stageSpec('exec')]))
    const client = new TestClient((await gateway.listen()).ports[0]!)
    open.push({ gateway, client })
    const watch = client.items('/grpc.health.v1.Health/Watch', encodeHealthRequest(''))
    const said: string[] = []
    watch.on('error', () => {})
    watch.on('data', (bytes: Buffer) => said.push(decodeHealthResponse(bytes)))
    await expect.poll(() => said).toEqual(['NOT_SERVING'])
    await gateway.ready()
    await expect.poll(() => said).toEqual(['NOT_SERVING', 'SERVING'])
  })

  test('tells a watcher of a service nobody knows so, and waits', async () => {
    const { client } = await startedGateway({ exec: pod() })
    const watch = client.items('/grpc.health.v1.Health/Watch', encodeHealthRequest('nobody'))
    const said = new Promise<Buffer>((resolve) => watch.on('data', resolve))
    expect(decodeHealthResponse(await said)).toBe('SERVICE_UNKNOWN')
    watch.on('error', () => {})
    watch.cancel()
  })
})

describe('reflection', () => {
  const listed = async (version: string): Promise<readonly string[]> => {
    const { client } = await startedGateway({ exec: pod() })
    const stream = client.duplex(`/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`)
    stream.write(encodeListServicesRequest())
    stream.end()
    const names: string[] = []
    for await (const bytes of stream) names.push(...decodeServiceList(bytes as Buffer))
    return names
  }

  test('v1 lists all services', async () => {
    expect(await listed('v1')).toEqual(
      expect.arrayContaining([
        'jina.JinaDataRequestRPC',
        'jina.JinaSingleDocumentRequestRPC',
        'grpc.health.v1.Health',
      ]),
    )
  })

  // a gateway of Jina 3.14 ends its call with KeyError when it finds another name
  test('v1alpha lists those only that gateways of Jina know', async () => {
    expect((await listed('v1alpha')).toSorted()).toEqual([
      'grpc.reflection.v1alpha.ServerReflection',
      'jina.JinaDataRequestRPC',
      'jina.JinaDiscoverEndpointsRPC',
      'jina.JinaGatewayDryRunRPC',
      'jina.JinaInfoRPC',
      'jina.JinaRPC',
      'jina.JinaSingleDataRequestRPC',
    ])
  })
})

describe('what the Flow says of itself', () => {
  test('discovery lists the endpoints of all stages', async () => {
    const { client } = await startedGateway({
      a: pod(undefined, { endpoints: ['/x'] }),
      b: pod(undefined, { endpoints: ['/y'] }),
    })
    const bytes = await client.unary('/jina.JinaDiscoverEndpointsRPC/endpoint_discovery', empty)
    expect(decodeDescription(bytes).endpoints).toEqual(['_jina_dry_run_', '/x', '/y'])
  })

  test('discovery has no answer until every stage has a pod that describes itself', async () => {
    const path = '/jina.JinaDiscoverEndpointsRPC/endpoint_discovery'
    const gateway = createGateway(gatewaySpec([stageSpec('a'), stageSpec('b')]))
    const client = new TestClient((await gateway.listen()).ports[0]!)
    open.push({ gateway, client })
    await gateway.add('a', 'a/rep-0', { kind: 'memory', service: pod() })
    await expect(client.unary(path, empty)).rejects.toMatchObject({
      code: 14,
      details: expect.stringContaining('Stage b has not said yet what it serves'),
    })
    await gateway.add('b', 'b/rep-0', { kind: 'memory', service: pod() })
    expect(decodeDescription(await client.unary(path, empty)).endpoints).toContain('/default')
  })

  test('_status has versions', async () => {
    const { client } = await startedGateway({ exec: pod() })
    const { jina } = decodeInfo(await client.unary('/jina.JinaInfoRPC/_status', empty))
    expect(jina.millrace).toMatch(/^\d+\.\d+/)
  })

  test('dry_run goes through all stages, and says which one is down', async () => {
    const { gateway, client } = await startedGateway({ a: pod(), b: pod() })
    const dryRun = async (): Promise<unknown> =>
      decodeStatus(await client.unary('/jina.JinaGatewayDryRunRPC/dry_run', empty))
    expect(await dryRun()).toMatchObject({ code: 'SUCCESS' })
    await gateway.remove('b', 'b/rep-0', { graceMs: 0 })
    expect(await dryRun()).toMatchObject({
      code: 'ERROR',
      description: expect.stringContaining('|Gateway: Communication error with deployment b'),
    })
  })
})

describe('stream_doc', () => {
  test('gives every document as it comes', async () => {
    const { client } = await startedGateway({
      exec: pod(
        streaming(async function* (data) {
          for (const text of ['a', 'b', 'c']) yield withText(data, text)
        }),
      ),
    })
    const stream = client.items(
      '/jina.JinaSingleDocumentRequestRPC/stream_doc',
      Buffer.concat(request().encodeSingleDocument()),
    )
    const texts: (string | undefined)[] = []
    for await (const bytes of stream)
      texts.push(...DataRequest.fromSingleDocument(bytes as Buffer).docs.texts)
    expect(texts).toEqual(['a', 'b', 'c'])
  })

  test('ends with the status of what failed, after what came before', async () => {
    const { client } = await startedGateway({
      exec: pod(
        streaming(async function* (data) {
          yield data.answer()
          throw new MillraceError('UNAVAILABLE', 'gone')
        }),
      ),
    })
    const stream = client.items(
      '/jina.JinaSingleDocumentRequestRPC/stream_doc',
      Buffer.concat(request().encodeSingleDocument()),
    )
    let items = 0
    await expect(
      (async () => {
        for await (const _ of stream) items++
      })(),
    ).rejects.toMatchObject({ code: 14 })
    expect(items).toBe(1)
  })
})

describe('a message', () => {
  test('that is larger than the limit is refused with RESOURCE_EXHAUSTED', async () => {
    const { client } = await startedGateway({ exec: pod() }, { maxMessageBytes: 1000 })
    await expect(client.send(request('/foo', ['x'.repeat(2000)]))).rejects.toMatchObject({ code: 8 })
    expect((await client.send(request('/foo', ['x']))).docs.texts).toEqual(['x'])
  })

  test('that is made of more than its limits is refused with INVALID_ARGUMENT, whoever serves its endpoint', async () => {
    const seen: string[] = []
    const exec = pod(
      async (asked) => {
        seen.push(asked.endpoint)
        return asked.answer()
      },
      { endpoints: ['/foo'] },
    )
    const requestLimits = { parameterBytes: 1_000, parameterValues: 3, parameterDepth: 1, documents: 2 }
    const { client } = await startedGateway({ exec }, { requestLimits })
    const withParameters = (parameters: Record<string, unknown>, endpoint = '/foo'): DataRequest =>
      DataRequest.create({ endpoint, parameters })
    await client.send(withParameters({ a: 1, b: { c: 2 } }))
    const refusals: readonly (readonly [DataRequest, RegExp])[] = [
      [withParameters({ a: 'x'.repeat(1_000) }), /at most 1000 .*parameterBytes/],
      [withParameters({ list: [1, 2, 3] }), /at most 3 .*parameterValues/],
      [withParameters({ a: { b: {} } }), /at most 1 .*parameterDepth/],
      [withParameters({ list: [1, 2, 3] }, '/nobody'), /at most 3 .*parameterValues/],
      [request('/foo', ['a', 'b', 'c']), /the 2 documents that are allowed .*requestLimits\.documents/],
    ]
    for (const [asked, message] of refusals) {
      await expect(client.send(asked)).rejects.toMatchObject({
        code: 3,
        details: expect.stringMatching(message),
      })
    }
    const stream = client.items(
      '/jina.JinaSingleDocumentRequestRPC/stream_doc',
      Buffer.concat(withParameters({ list: [1, 2, 3] }).encodeSingleDocument()),
    )
    const error = new Promise((resolve) => stream.on('error', resolve))
    stream.resume()
    expect(await error).toMatchObject({ code: 3, details: expect.stringContaining('parameterValues') })
    expect(seen).toEqual(['/foo'])
  })

  test('of a megabyte passes through as it was, in both directions', async () => {
    const { client } = await startedGateway({ exec: pod() })
    const text = 'é'.repeat(700_000)
    expect((await client.send(request('/foo', [text]))).docs.texts).toEqual([text])
  })

  test('of process_data reaches the pod with a part for each request of its list', async () => {
    let seen: DataRequest['parts']
    const { client } = await startedGateway({
      exec: pod(async (given) => {
        seen = given.parts
        return given.answer()
      }),
    })
    const joined = request('/foo', ['a', 'b', 'c'])
    joined.parts = [
      { from: 'left', count: 2 },
      { from: 'right', count: 1 },
    ]
    const bytes = await client.unary('/jina.JinaDataRequestRPC/process_data', encodeRequestList(joined))
    expect(seen).toEqual(joined.parts)
    const answer = DataRequest.decode(bytes)
    expect(answer.docs.texts).toEqual(['a', 'b', 'c'])
    expect(answer.parts).toBeUndefined()
    await expect(client.unary('/jina.JinaDataRequestRPC/process_data', empty)).rejects.toMatchObject({
      code: 3,
      details: expect.stringContaining('this list has none'),
    })
  })

  test('to a method that does not exist is answered with UNIMPLEMENTED', async () => {
    const { client } = await startedGateway({ exec: pod() })
    await expect(client.unary('/jina.JinaExecutorSnapshot/snapshot', empty)).rejects.toMatchObject({
      code: 12,
    })
  })

  test('of an error carries text that no header could as it is', async () => {
    const { client } = await startedGateway({
      exec: pod(() =>
        Promise.reject(new MillraceError('UNAVAILABLE', `naïve\n日本 \ud800 ${'x'.repeat(9000)}`)),
      ),
    })
    await expect(client.send(request())).rejects.toMatchObject({
      code: 14,
      details: expect.stringMatching(/^naïve\n日本 \ufffd x+…/),
    })
  })
})

test('compressed requests are read', async () => {
  const { client } = await startedGateway({ exec: pod() })
  for (const algorithm of ['gzip', 'deflate'] as const) {
    expect((await client.compressed(algorithm, request('/foo', ['squeezed'.repeat(100)]))).docs.length).toBe(
      1,
    )
  }
})
