import { describe, expect, it } from 'vitest'
import { MillraceError } from '../../../errors.js'
import { defaultHttpRules } from '../../http-rules.js'
import { httpServersOfTests } from './server.suite.js'

const start = httpServersOfTests()

/** Fastify finds out what the second one is; the first one is answered without it. */
const types = ['application/json', 'application/json;charset=UTF-8']

const bodies: readonly [what: string, body: string][] = [
  ['documents', JSON.stringify({ header: { requestId: 'r' }, data: [{ id: 'a', text: 'ä' }] })],
  ['a body that is not JSON', '{'],
  ['a body of the wrong kind', JSON.stringify({ data: 1 })],
]
const paths = [
  '/post',
  '/echo',
  '/index',
  '/status',
  '/nothing',
  '/health/live',
  '/',
  '/echo/',
  '//',
  '/a%20b',
]

describe('a POST is answered without Fastify as with it', () => {
  for (const [what, body] of bodies) {
    it(`with ${what}`, async () => {
      const { client } = await start()
      for (const path of paths) {
        const [direct, routed] = await answersOf((headers) => client.send({ path, headers, body }))
        expect(direct, path).toEqual(routed)
      }
    })
  }

  it('without debug endpoints', async () => {
    const { client } = await start({ http: { ...defaultHttpRules, debugEndpoints: false } })
    const [direct, routed] = await answersOf((headers) =>
      client.send({ path: '/post', headers, body: bodies[0]![1] }),
    )
    expect(direct).toEqual(routed)
    expect(direct!.status).toBe(404)
  })

  it('by callers that are refused', async () => {
    const { client } = await start({
      callers: {
        check: () => new MillraceError('UNAUTHENTICATED', 'Send a token.', { notRun: true }),
        counter: () => null,
      },
    })
    const [direct, routed] = await answersOf((headers) =>
      client.send({ path: '/echo', headers, body: bodies[0]![1] }),
    )
    expect(direct).toEqual(routed)
    expect(direct!.status).toBe(401)
  })
})

interface Comparable {
  readonly status: number
  readonly text: string
  readonly headers: unknown
}

/** The answers to both types, without the ids and times that differ. */
async function answersOf(
  send: (headers: Readonly<Record<string, string>>) => Promise<Comparable>,
): Promise<readonly Comparable[]> {
  const answers: Comparable[] = []
  for (const type of types) {
    const id = 'f'.repeat(32)
    const { status, text, headers } = await send({ 'content-type': type, 'x-request-id': id })
    answers.push({ status, text, headers: { ...(headers as object), date: '' } })
  }
  return answers
}
