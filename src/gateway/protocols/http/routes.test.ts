import { describe, expect, it } from 'vitest'
import type { Call } from '../../../call/call.js'
import { Document, DocumentArray, NdArray, RawTensor } from '../../../document/index.js'
import { MillraceError } from '../../../errors.js'
import { DataRequest } from '../../../wire/data-request.js'
import { request } from '../../fixture.suite.js'
import { httpServersOfTests } from './server.suite.js'

const start = httpServersOfTests()
const json = { 'content-type': 'application/json' }

describe('the HTTP routes', () => {
  it('answer POST /post as Jina does, with keys in camelCase and snake_case', async () => {
    const { client } = await start()
    for (const keys of [
      { execEndpoint: '/x', targetExecutor: 'a', header: { requestId: 'r' } },
      { exec_endpoint: '/x', target_executor: 'a', header: { request_id: 'r' } },
      { header: { execEndpoint: '/x', target_executor: 'a', requestId: 'r' } },
    ]) {
      const answer = await client.postJson({ data: [{ id: '1', text: 'a' }], parameters: { k: 1 }, ...keys })
      expect(answer.status).toBe(200)
      expect(answer.headers).toMatchObject({
        'content-type': 'application/json; charset=utf-8',
        'millrace-status': 'OK',
        'x-request-id': 'r',
      })
      expect(JSON.parse(answer.text)).toEqual({
        header: {
          requestId: 'r',
          status: { code: 0, description: '', exception: null },
          execEndpoint: '/x',
          targetExecutor: 'a',
          timeout: null,
        },
        parameters: { k: 1 },
        routes: [],
        data: [{ ...new Document({ id: '1', text: 'a' }).toJSON() }],
      })
    }
  })

  it('take documents as a list, below docs, alone, or not at all, and send one request', async () => {
    const requests: DataRequest[] = []
    const { client } = await start({
      handle: async (data) => {
        requests.push(data)
        return data.answer()
      },
    })
    const many = Array.from({ length: 250 }, (_, at) => ({ id: String(at) }))
    for (const [data, count] of [
      [many, 250],
      [{ docs: [{ text: 'a' }] }, 1],
      [{ text: 'a' }, 1],
      [[], 0],
      [null, 0],
    ]) {
      const { text } = await client.postJson({ data })
      expect(JSON.parse(text).data).toHaveLength(count as number)
    }
    expect((await client.send({ path: '/post' })).status).toBe(200)
    expect(requests).toHaveLength(6)
    expect(requests.map(({ endpoint }) => endpoint)).toEqual(Array(6).fill('/'))
  })

  it('have one path for each endpoint, and those of Jina for CRUD', async () => {
    const { client } = await start()
    const endpointAt = async (method: string, path: string): Promise<unknown> => {
      const { status, text } = await client.send({ method, path, headers: json, body: '{}' })
      return status === 200 ? JSON.parse(text).header.execEndpoint : status
    }
    expect(await endpointAt('POST', '/echo')).toBe('/echo')
    expect(await endpointAt('POST', '/echo?x=1')).toBe('/echo')
    expect(await endpointAt('POST', '/a%20b')).toBe('/a b')
    expect(await endpointAt('POST', '/index')).toBe('/index')
    expect(await endpointAt('POST', '/search')).toBe('/search')
    expect(await endpointAt('PUT', '/update')).toBe('/update')
    expect(await endpointAt('DELETE', '/delete')).toBe('/delete')
    expect(await endpointAt('POST', '/nobody')).toBe(404)
    expect(await endpointAt('POST', '/_jina_dry_run_')).toBe(404)
    expect(await endpointAt('POST', '/%')).toBe(400)
    expect(await endpointAt('PUT', '/echo')).toBe(405)
  })

  it('name the methods that a path has, and the endpoint that was meant', async () => {
    const { client } = await start()
    const wrong = await client.get('/echo')
    expect([wrong.status, wrong.headers['allow']]).toEqual([405, 'POST'])
    expect((await client.send({ path: '/status' })).headers['allow']).toBe('GET')
    const missing = await client.postJson({}, '/ehco')
    expect(missing.status).toBe(404)
    expect(missing.text).toContain('Did you mean /echo?')
  })

  it('report health and versions', async () => {
    const { client, serving } = await start()
    expect((await client.get('/')).text).toBe('{}')
    expect((await client.get('/health/live')).status).toBe(200)
    expect((await client.get('/health/ready')).status).toBe(503)
    serving.state.start()
    expect((await client.get('/health/ready')).status).toBe(200)
    expect(JSON.parse((await client.get('/status')).text)).toMatchObject({
      jina: { node: process.versions.node },
    })
    expect(JSON.parse((await client.get('/dry_run')).text)).toMatchObject({ code: 0 })
    expect((await client.send({ method: 'HEAD', path: '/' })).text).toBe('')
  })

  it('tell a failed dry run in the body, as Jina does', async () => {
    const { client } = await start({
      handle: async () => Promise.reject(new MillraceError('UNAVAILABLE', 'no replica of exec')),
    })
    const { status, text } = await client.get('/dry_run')
    expect(status).toBe(200)
    expect(JSON.parse(text)).toMatchObject({ code: 1, description: 'no replica of exec' })
  })

  it('keep the id and the trace of the caller, and drop credentials and headers of the connection', async () => {
    let heard: Call | undefined
    const { client } = await start({
      handle: async (data, call) => {
        heard = call
        return data.answer()
      },
    })
    const kept = { 'x-request-id': 'my-id', traceparent: '00-1-2-01', 'x-tenant': 'a' }
    const credentials = { 'proxy-authorization': 'x' }
    const { headers, text } = await client.postJson({}, '/echo', {
      ...kept,
      ...credentials,
      ...{ accept: '*/*', origin: 'http://a', 'sec-fetch-mode': 'cors', connection: 'keep-alive' },
    })
    expect(heard?.headers).toEqual(kept)
    expect(headers['x-request-id']).toBe('my-id')
    expect(JSON.parse(text).header.requestId).toBe('my-id')
    const other = await client.postJson({}, '/echo', { 'x-request-id': 'not one id' })
    expect(other.headers['x-request-id']).toMatch(/^[0-9a-f]{32}$/)
  })

  it('pass protobuf through undecoded, and convert between it and JSON as the client accepts', async () => {
    let bytes: Uint8Array | undefined
    const { client } = await start({
      handle: async (data) => {
        bytes = data.data
        return data.answer()
      },
    })
    const sent = request('/foo', ['a'])
    const answer = await client.sendData(sent)
    expect(answer.endpoint).toBe('/foo')
    expect(Buffer.from(bytes!)).toEqual(Buffer.from(DataRequest.decode(sent.encode()).data!))
    const asJson = await client.send({
      path: '/echo',
      headers: { 'content-type': 'application/x-protobuf', accept: 'application/json' },
      body: Buffer.from(sent.encode()),
    })
    expect(JSON.parse(asJson.text)).toMatchObject({
      header: { execEndpoint: '/echo' },
      data: [{ text: 'a' }],
    })
    const asProtobuf = await client.postJson({ data: [{ text: 'b' }] }, '/echo', {
      accept: 'application/x-protobuf',
    })
    expect([...DataRequest.decode(asProtobuf.bytes).docs].map(({ text }) => text)).toEqual(['b'])
  })

  it('keep the digits of 64-bit integers, and numbers that JSON does not have', async () => {
    const big = new NdArray({ data: BigInt64Array.of(2n ** 63n - 1n, -(2n ** 63n)) })
    const odd = new NdArray({ data: Float64Array.of(Number.NaN, Infinity, -Infinity, -0, 0.1) })
    const docs = new DocumentArray([
      new Document({ id: 'x', tensor: big, embedding: odd, tags: { n: Infinity } }),
    ])
    const { client } = await start({
      handle: async (data) => {
        const answer = data.answer()
        if (data.endpoint === '/echo') answer.docs = docs
        return answer
      },
    })
    const { text } = await client.postJson({}, '/echo')
    expect(text).toContain('"tensor":[9223372036854775807,-9223372036854775808]')
    expect(text).toContain('"embedding":[null,1e999,-1e999,-0.0,0.1]')
    expect(text).toContain('"tags":{"n":1e999}')
    // as Python writes them
    const python = '{"data":[{"text":"NaN \\"Infinity","embedding":[NaN,Infinity,-Infinity,1]}]}'
    const back = await client.send({ path: '/index', headers: json, body: python })
    expect(back.text).toContain('"text":"NaN \\"Infinity"')
    expect(back.text).toContain('"embedding":[null,1e999,-1e999,1]')
  })

  it('keep all digits of 64-bit integers in tensors, both ways', async () => {
    const dtypes: string[] = []
    const { client } = await start({
      handle: async (data) => {
        for (const { tensor } of data.docs) if (tensor?.kind === 'dense') dtypes.push(tensor.dtype)
        return data.answer()
      },
    })
    const tensors = ['[[9223372036854775807,-9007199254740993]]', '[18446744073709551615,1]', '[1,2]']
    const data = tensors.map((tensor) => `{"tensor":${tensor},"tags":{"n":9007199254740993}}`)
    const { text } = await client.send({ path: '/echo', headers: json, body: `{"data":[${data.join(',')}]}` })
    for (const tensor of tensors) expect(text).toContain(`"tensor":${tensor},`)
    expect(text).toContain('"tags":{"n":9007199254740992.0}')
    expect(dtypes).toEqual(['<i8', '<u8', '<f8'])
    await client.send({
      method: 'GET',
      path: '/echo?tensor=[9007199254740993]',
      headers: { accept: 'text/event-stream' },
    })
    expect(dtypes.at(-1)).toBe('<i8')
  })

  it('refuse an answer that JSON cannot hold, and say how to ask for it', async () => {
    const raw = new RawTensor({ bytes: new Uint8Array(16), shape: [1], dtype: '<c16', clsName: 'numpy' })
    const { client } = await start({
      handle: async (data) => {
        const answer = data.answer()
        answer.docs = new DocumentArray([new Document({ tensor: raw })])
        return answer
      },
    })
    const { status, text } = await client.postJson({}, '/echo')
    expect(status).toBe(406)
    expect(text).toContain('accept: application/x-protobuf')
  })

  it('change no prototype', async () => {
    const { client } = await start()
    const body =
      '{"__proto__":{"admin":1},"parameters":{"__proto__":{"admin":1}},"data":[{"__proto__":{"text":"x"},"tags":{"__proto__":{"admin":1}}}]}'
    const { status, text } = await client.send({ path: '/echo', headers: json, body })
    expect(status).toBe(200)
    expect(text).toContain('"parameters":{"__proto__":{"admin":1}}')
    expect(({} as { admin?: number }).admin).toBeUndefined()
  })
})
