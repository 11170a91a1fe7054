import { expect, it } from 'vitest'
import { deferred } from '../../../../lib/deferred.js'
import { type Conversion, convert } from '../../../../wire/json/convert.js'
import { HttpTestClient } from '../http-client.suite.js'
import { httpServersOfTests } from '../server.suite.js'

const start = httpServersOfTests()

const documents = Array.from({ length: 30_000 }, () => ({}))

it('others are served while the JSON of a large request is converted', async () => {
  const begun = deferred()
  const held = deferred()
  const json = {
    async convert(conversion: Conversion) {
      if (conversion.kind === 'read') {
        begun.resolve()
        await held.promise
      }
      return convert(conversion)
    },
  }
  const { client, port } = await start({ json })
  const large = client.postJson({ data: documents }, '/echo')
  await begun.promise
  const other = new HttpTestClient(port)
  expect((await other.postJson({ data: [{ text: 'a' }] }, '/echo')).text).toContain('"text":"a"')
  other.close()
  held.resolve()
  const { status, text } = await large
  expect(status).toBe(200)
  expect(JSON.parse(text).data).toHaveLength(documents.length)
})

it('room is reserved for the request that JSON becomes, until it is answered', async () => {
  let room = 0
  let size = 0
  const { client, serving } = await start({
    async handle(request) {
      room = serving.budget.used
      size = request.byteLength
      return request.answer()
    },
  })
  await client.postJson({ data: documents }, '/echo')
  // an id for each, which the body does not have
  expect(size).toBeGreaterThan(32 * documents.length)
  expect(room).toBeGreaterThan(size)
  expect(room).toBeLessThan(size + 100_000)
  client.close()
  await expect.poll(() => serving.budget.used).toBe(0)
})

it('a client that leaves ends the conversion of its JSON', async () => {
  const begun = deferred()
  const aborted = deferred()
  const { socket } = await start({
    json: {
      convert(_conversion, call) {
        call.onAbort({ abort: () => aborted.resolve() })
        begun.resolve()
        return new Promise(() => {})
      },
    },
  })
  const client = await socket()
  const body = JSON.stringify({ data: documents })
  client.write(
    `POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
  await begun.promise
  client.destroy()
  await aborted.promise
})
