import { expect, it } from 'vitest'
import { streaming, withText } from '../../../call/call.suite.js'
import { MillraceError } from '../../../errors.js'
import { deferred } from '../../../lib/deferred.js'
import { DataRequest } from '../../../wire/data-request.js'
import { type Conversion, convert } from '../../../wire/json/convert.js'
import { closeCode } from '../../../wire/websocket.js'
import { webSocketServersOfTests } from './websocket-servers.suite.js'

const start = webSocketServersOfTests()

const documents = Array.from({ length: 30_000 }, () => ({}))

/** An item as it comes from a pod: its document is bytes. */
function received(item: DataRequest): DataRequest {
  return DataRequest.decode(item.encode())
}

/** A thread that waits before conversions of one kind. */
function heldBack(kind: Conversion['kind']) {
  const [begun, held] = [deferred(), deferred()]
  const json = {
    async convert(conversion: Conversion): Promise<Uint8Array> {
      if (conversion.kind === kind) {
        begun.resolve()
        await held.promise
      }
      return convert(conversion)
    },
  }
  return { begun, held, json }
}

it('others are served while the JSON of a large request is converted, and what is behind it waits', async () => {
  const { begun, held, json } = heldBack('read')
  const { open, serving } = await start({ json })
  const [large, other] = [await open(), await open()]
  large.sendJson({ header: { requestId: 'large' }, data: documents })
  large.sendJson({ header: { requestId: 'behind' }, data: [] })
  large.sendJson({})
  await begun.promise
  other.sendJson({ data: [{ text: 'a' }] })
  expect((await other.nextJson()).data[0].text).toBe('a')
  held.resolve()
  const answers = [await large.nextJson(), await large.nextJson()]
  expect(answers.map(({ header }) => header.request_id).sort()).toEqual(['behind', 'large'])
  expect(answers.map(({ data }) => data.length).sort()).toEqual([0, documents.length])
  expect((await large.closed).code).toBe(closeCode.complete)
  other.terminate()
  await expect.poll(() => serving.budget.used).toBe(0)
})

it('a large answer is converted elsewhere, in its order', async () => {
  const { begun, held, json } = heldBack('write')
  const { open } = await start({ json })
  const socket = await open({ headers: { __results_in_order__: 'true' } })
  socket.sendJson({ header: { requestId: 'large' }, data: documents })
  socket.sendJson({ header: { requestId: 'small' }, data: [] })
  await begun.promise
  held.resolve()
  const large = await socket.nextJson()
  expect(large.header).toMatchObject({ request_id: 'large' })
  expect(large.data).toHaveLength(documents.length)
  expect((await socket.nextJson()).header.request_id).toBe('small')
})

it('a conversion that fails is told, and does not end the socket when only the request is wrong', async () => {
  const errors = [
    new MillraceError('INVALID_INPUT', 'data[9].text: expected a text'),
    new MillraceError('MALFORMED', 'no JSON'),
  ]
  const { open } = await start({ json: { convert: () => Promise.reject(errors.shift()) } })
  const socket = await open()
  socket.sendJson({ data: documents })
  expect((await socket.nextJson()).header.status.description).toContain('data[9].text')
  socket.sendJson({ data: documents })
  expect(await socket.closed).toEqual({ code: closeCode.malformed, reason: 'no JSON' })
})

it('a client that leaves ends the conversion of its JSON', async () => {
  const [begun, aborted] = [deferred(), deferred()]
  const { open } = await start({
    json: {
      convert(_conversion, call) {
        call.onAbort({ abort: () => aborted.resolve() })
        begun.resolve()
        return new Promise(() => {})
      },
    },
  })
  const socket = await open()
  socket.sendJson({ data: documents })
  await begun.promise
  socket.terminate()
  await aborted.promise
})

it('a large document of a stream is converted elsewhere, in its order', async () => {
  const { begun, held, json } = heldBack('document')
  const large = 'a'.repeat(500_000)
  const { open } = await start({
    json,
    handle: streaming(async function* (data) {
      for (const text of ['small', large, 'last']) yield received(withText(data, text))
    }),
  })
  const socket = await open({ subprotocols: ['millrace.stream'] })
  socket.sendJson({ data: [{ text: 'x' }] })
  expect((await socket.nextJson()).text).toBe('small')
  await begun.promise
  held.resolve()
  expect((await socket.nextJson()).text).toBe(large)
  expect((await socket.nextJson()).text).toBe('last')
  expect((await socket.closed).code).toBe(closeCode.complete)
})

it('a large document that cannot be converted ends its stream with the error', async () => {
  const error = new MillraceError('INVALID_INPUT', 'no JSON for it')
  const { open, serving } = await start({
    json: { convert: () => Promise.reject(error) },
    handle: streaming(async function* (data) {
      yield received(withText(data, 'a'.repeat(500_000)))
    }),
  })
  const socket = await open({ subprotocols: ['millrace.stream'] })
  socket.sendJson({ data: [{ text: 'x' }] })
  expect((await socket.nextJson()).header.status.description).toBe('no JSON for it')
  expect((await socket.closed).code).toBe(closeCode.failed)
  await expect.poll(() => serving.budget.used).toBe(0)
})
