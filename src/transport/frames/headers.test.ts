import { expect, it } from 'vitest'
import { decodeHeaders, encodeHeaders, type Headers } from './headers.js'

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

it.each<Headers>([
  { traceparent },
  { traceparent, tenant: 'acme' },
  { tenant: 'ä"\\\n' },
  // as long as a lone one, and no traceparent that needs no escapes
  { traceparent: traceparent.replace('0af7', '"\\') },
  { traceparent: 'é'.repeat(27) + 'x' },
  { traceparenT: traceparent },
  { traceparent: '' },
])('what is written is JSON and is read again: %j', (headers) => {
  const bytes = encodeHeaders(headers, () => true)!
  expect(JSON.parse(Buffer.from(bytes).toString())).toEqual(headers)
  expect(decodeHeaders(bytes)).toEqual(headers)
})

it('only headers that are kept are written', () => {
  const bytes = encodeHeaders({ traceparent, tenant: 'acme' }, (name) => name === 'traceparent')!
  expect(decodeHeaders(bytes)).toEqual({ traceparent })
  expect(encodeHeaders({ tenant: 'acme' }, () => false)).toBeNull()
})
