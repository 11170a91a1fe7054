import type { IncomingMessage } from 'node:http'
import { pipeline } from 'node:stream'
import { promisify } from 'node:util'
import { createGunzip, gzip } from 'node:zlib'
import { MillraceError } from '../../errors.js'
import { reasonOf } from '../../lib/reason.js'

/** Smaller bodies are sent as they are; so does the gateway by default. */
const leastBytes = 1024

const compress = promisify(gzip)

/** A body to send, with the headers that tell how it is encoded. */
export interface Packed {
  readonly body: Buffer
  readonly headers: Readonly<Record<string, string>>
}

/** Compresses a body, unless that does not make it smaller, and asks for a compressed answer. */
export async function packed(body: Buffer): Promise<Packed> {
  const headers = { 'accept-encoding': 'gzip' }
  if (body.length < leastBytes) return { body, headers }
  const short = await compress(body)
  return short.length < body.length
    ? { body: short, headers: { ...headers, 'content-encoding': 'gzip' } }
    : { body, headers }
}

/** The body of an answer, decompressed while it is read. Its iterator throws MALFORMED for one that is no gzip. */
export function unpacked(response: IncomingMessage): AsyncIterable<Uint8Array> {
  if (response.headers['content-encoding'] !== 'gzip') return response as AsyncIterable<Uint8Array>
  const decoder = createGunzip()
  // what went wrong is thrown by the iterator of the decoder
  pipeline(response, decoder, () => {})
  return content(decoder as AsyncIterable<Uint8Array>)
}

async function* content(decoder: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* decoder
  } catch (error) {
    const isZlibs = (error as NodeJS.ErrnoException).code?.startsWith('Z_') === true
    if (!isZlibs) throw error
    throw new MillraceError('MALFORMED', `A compressed answer cannot be read: ${reasonOf(error)}`, {
      cause: error,
    })
  }
}
