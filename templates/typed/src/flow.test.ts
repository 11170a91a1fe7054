import { afterAll, beforeAll, expect, it } from 'vitest'
import { flow } from './flow.js'

beforeAll(() => flow.start(), 60_000)
afterAll(() => flow.close())

const read = (text: unknown): Promise<Response> =>
  fetch(`http://127.0.0.1:${flow.port}/read`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ data: [{ text }], parameters: { wordsPerMinute: 2 } }),
  })

it('answers over HTTP', async () => {
  const response = await read('one two three')
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({ data: [{ tags: { words: 3, minutes: 1.5 } }] })
})

it('refuses what does not fit the schema', async () => {
  expect((await read(5)).status).toBe(422)
})
