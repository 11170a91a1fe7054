import { Client, doc, type DocList, Executor, Flow, requests } from 'millrace'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'

const Author = doc({ name: z.string() })
const Book = doc({ title: z.string(), pages: z.number(), author: Author, tagged: z.boolean().default(false) })
const mark = { input: Book, output: Book }

class Marker extends Executor.declaring({ '/mark': mark }) {
  @requests({ ...mark, on: '/mark' })
  mark(docs: DocList<typeof Book>) {
    for (const one of docs) one.tagged = true
  }
}

const flow = new Flow({ protocol: ['grpc', 'http'], host: '127.0.0.1', quiet: true }).add({
  name: 'marker',
  uses: Marker,
  runtime: 'inline',
  when: { pages: { $gte: 10 }, author__name: { $neq: 'Cy' } },
})
beforeAll(() => flow.start())
afterAll(() => flow.close())

const books = [
  { id: 'a', title: 'Water', pages: 3, author: { name: 'Ada' } },
  { id: 'b', title: 'Fire', pages: 30, author: { name: 'Bob' } },
  { id: 'c', title: 'Air', pages: 30, author: { name: 'Cy' } },
]

it('a condition names the fields of a typed stage, for documents of v1', async () => {
  const client = new Client<typeof flow>({ host: `grpc://127.0.0.1:${flow.port}`, typed: true })
  const marked = await client.post('/mark', books)
  expect(marked.map(({ id, tagged }) => [id, tagged])).toEqual([['b', true]])
  await client.close()
})

it('and for documents of v2', async () => {
  const response = await fetch(`http://127.0.0.1:${flow.port}/mark`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', docarray: 'v2' },
    body: JSON.stringify({ data: books }),
  })
  const { data } = (await response.json()) as { data: unknown }
  expect(data).toEqual([
    { ...books[1], tagged: true, author: expect.objectContaining({ name: 'Bob' }) as object },
  ])
})
