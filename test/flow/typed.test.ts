import { Client, doc, type DocList, Executor, Flow, requests, tensor } from 'millrace'
import { expect, it } from 'vitest'
import { z } from 'zod'

const Text = doc({ text: z.string() })
const Article = doc({ text: z.string(), embedding: tensor('float32', [2]) })

class Encoder extends Executor {
  @requests({
    on: '/encode',
    input: Text,
    output: Article,
    parameters: z.object({ scale: z.number().default(1) }),
  })
  encode(docs: DocList<typeof Text>, { parameters }: { readonly parameters: { readonly scale: number } }) {
    return docs.to(Article, ({ text }) => ({ embedding: [text.length * parameters.scale, 0] }))
  }

  @requests('/plain')
  plain() {}
}

async function post(port: number, body: object): Promise<{ status: number; json: Record<string, unknown> }> {
  const response = await fetch(`http://127.0.0.1:${port}/encode`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: response.status, json: (await response.json()) as Record<string, unknown> }
}

it('typed and untyped endpoints are served over gRPC and HTTP, and what does not fit is refused', async () => {
  await using flow = await new Flow({ protocol: ['grpc', 'http'], host: '127.0.0.1', quiet: true })
    .add({ name: 'encoder', uses: Encoder, runtime: 'inline' })
    .start()
  const { port } = flow
  await using client = new Client({ host: `grpc://127.0.0.1:${port}` })
  const [found] = await client.post('/encode', { id: 'a', text: 'abc' }, { parameters: { scale: 2 } })
  expect([found!.id, found!.embedding]).toMatchObject(['a', { dtype: '<f4', data: Float32Array.of(6, 0) }])
  expect((await client.post('/plain', { anything: 1 })).at(0)?.tags).toEqual({ anything: 1 })
  await expect(client.post('/encode', [{ text: 'a' }, { embedding: [1] }])).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringContaining('data[1].text: '),
  })

  expect(await post(port, { data: [{ text: 'abc' }] })).toMatchObject({
    status: 200,
    json: { data: [{ text: 'abc', embedding: [3, 0] }] },
  })
  expect(await post(port, { data: [{ text: 'abc' }, { tags: {} }] })).toMatchObject({
    status: 422,
    json: { detail: [{ loc: ['body', 'data', 1, 'text'] }] },
  })
  expect(await post(port, { data: [{ text: 'abc' }], parameters: { scale: 'x' } })).toMatchObject({
    status: 422,
    json: { detail: [{ loc: ['body', 'parameters', 'scale'] }] },
  })
})
