import { afterAll, beforeAll, expect, it } from 'vitest'
import { flow } from './flow.js'

beforeAll(() => flow.start(), 60_000)
afterAll(() => flow.close())

it('shouts', async () => {
  const answer = await flow.post('/shout', [{ text: 'hello' }, { text: 'world' }])
  expect(answer.texts).toEqual(['hello!', 'world!'])
})
