import type { IncomingMessage } from 'node:http'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { MillraceError } from '../../../errors.js'
import { type CreateDecoder, unpack } from '../../../grpc/compression.js'
import { Semaphore } from '../../../lib/semaphore.js'
import { refusalOfLength, refusalOfPart } from './body-limits.js'
import type { Exchange } from './exchange.js'

const none = Buffer.alloc(0)

const decoders: ReadonlyMap<string, CreateDecoder> = new Map([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
])

/** Brotli may take a window of 16 MiB (RFC 7932, 9.1), which is not in the budget: so few bodies are unpacked at once. */
const brotliBodies = new Semaphore(2)

/**
 * Reads the body of a request and reserves its bytes in the account of the exchange. Calls `done` unless the exchange was
 * answered before: with 413 for a body beyond `maxBytes`, compressed or unpacked, with 429 when there is no room, with 415 for
 * an unknown `content-encoding`.
 */
export function readBody(
  message: IncomingMessage,
  exchange: Exchange,
  { maxBytes, done }: { readonly maxBytes: number; readonly done: (body: Buffer) => void },
): void {
  const tooLong = refusalOfLength(message, maxBytes)
  if (tooLong !== undefined) return exchange.fail(tooLong.error, tooLong)
  const encoding = message.headers['content-encoding']?.toLowerCase() ?? 'identity'
  const createDecoder = decoders.get(encoding)
  if (createDecoder === undefined && encoding !== 'identity') return refuseEncoding(exchange, encoding)
  const chunks: Buffer[] = []
  exchange.isReading = true
  message.on('data', (chunk: Buffer) => {
    if (exchange.isAnswered) return
    exchange.received += chunk.length
    const refusal = refusalOfPart(exchange, chunk.length, maxBytes)
    if (refusal === undefined) return void chunks.push(chunk)
    chunks.length = 0
    exchange.fail(refusal.error, refusal)
  })
  message.on('end', () => {
    exchange.isReading = false
    if (exchange.isAnswered) return
    const body = chunks.length === 1 ? chunks[0]! : chunks.length === 0 ? none : Buffer.concat(chunks)
    if (createDecoder === undefined) return done(body)
    unpackBody(body, { createDecoder, maxBytes, exchange }).then(
      (content) => {
        if (!exchange.isAnswered) done(Buffer.from(content.buffer, content.byteOffset, content.byteLength))
      },
      (error: unknown) => refuseContent(exchange, MillraceError.from(error)),
    )
  })
}

async function unpackBody(
  body: Buffer,
  {
    createDecoder,
    maxBytes,
    exchange: { account },
  }: {
    readonly createDecoder: CreateDecoder
    readonly maxBytes: number
    readonly exchange: Exchange
  },
): Promise<Uint8Array> {
  if (createDecoder !== createBrotliDecompress) return unpack(body, createDecoder, { maxBytes, account })
  await brotliBodies.acquire()
  try {
    return await unpack(body, createDecoder, { maxBytes, account })
  } finally {
    brotliBodies.release()
  }
}

function refuseEncoding(exchange: Exchange, encoding: string): void {
  const accepted = 'gzip, deflate, br'
  const what = `A body with content-encoding ${JSON.stringify(encoding)} cannot be read; use one of ${accepted}.`
  exchange.fail(new MillraceError('UNSUPPORTED', what, { notRun: true }), {
    status: 415,
    headers: { 'accept-encoding': accepted }, // RFC 9110, 12.5.3
  })
}

function refuseContent(exchange: Exchange, error: MillraceError): void {
  const isTooLarge = error.code === 'RESOURCE_EXHAUSTED' && !error.retryable
  exchange.fail(error, isTooLarge ? { status: 413 } : {})
}
