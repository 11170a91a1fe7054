import { createGunzip, createInflate, type Gunzip, type Inflate, type ZlibOptions } from 'node:zlib'
import { MillraceError } from '../errors.js'
import type { Holding } from '../budget/budget.js'
import { noRoom } from '../budget/refusals.js'
import { Gathering } from './gathering.js'

const decoders: Readonly<Record<string, (options: ZlibOptions) => Gunzip | Inflate>> = {
  gzip: createGunzip,
  deflate: createInflate,
}

/** What clients may compress with, for `grpc-accept-encoding`; answers are not compressed. */
export const acceptedEncodings: string = ['identity', ...Object.keys(decoders)].join(',')

/** What zlib itself takes (zlib.net, "Memory Footprint"), beside its output buffer. */
const stateBytes = 48 * 1024

const chunkBytes = { min: 16 * 1024, max: 256 * 1024 }

export interface DecompressOptions {
  readonly maxBytes: number
  /** The content is reserved here as it grows, and stays reserved. */
  readonly account: Holding
}

/**
 * The content of a message compressed with `encoding`, off this thread, for as long as it has room.
 *
 * @throws RESOURCE_EXHAUSTED for one larger than `maxBytes`, or without room in `account`
 * @throws INTERNAL when the call named no encoding, UNSUPPORTED for an unknown one (grpc.io, "Compression in gRPC")
 */
export async function decompress(
  bytes: Uint8Array,
  encoding: string,
  { maxBytes, account }: DecompressOptions,
): Promise<Uint8Array> {
  const chunkSize = Math.min(chunkBytes.max, Math.max(chunkBytes.min, bytes.length * growthOfText))
  const ownBytes = stateBytes + chunkSize
  const content = new Gathering(maxBytes + 1)
  const decoder = decoderOf(encoding)({ chunkSize })
  if (!account.reserve(ownBytes)) throw noRoom('unpack a message', ownBytes, account)
  try {
    decoder.end(bytes)
    for await (const chunk of decoder as AsyncIterable<Buffer>) {
      if (content.length + chunk.length > maxBytes) throw tooLarge(maxBytes)
      if (!account.reserve(chunk.length)) throw noRoom('unpack a message', chunk.length, account)
      content.add(chunk)
    }
    return content.take()
  } catch (error) {
    account.release(content.length)
    content.discard()
    throw error instanceof MillraceError ? error : unreadable(error as Error)
  } finally {
    account.release(ownBytes)
    decoder.destroy()
  }
}

/** A guess, so that a message unpacks in one piece. */
const growthOfText = 4

function decoderOf(encoding: string): (options: ZlibOptions) => Gunzip | Inflate {
  if (Object.hasOwn(decoders, encoding)) return decoders[encoding]!
  if (encoding === 'identity') {
    const what = 'A message is marked as compressed, and the call has no grpc-encoding that says how.'
    throw new MillraceError('INTERNAL', what, { notRun: true })
  }
  const what = `Messages compressed with ${JSON.stringify(encoding)} cannot be read; use one of ${acceptedEncodings}.`
  throw new MillraceError('UNSUPPORTED', what, { notRun: true })
}

function tooLarge(maxBytes: number): MillraceError {
  const what = `A compressed message is larger than the limit of ${maxBytes} bytes (maxMessageBytes).`
  return new MillraceError('RESOURCE_EXHAUSTED', what, { retryable: false, notRun: true })
}

function unreadable(error: Error): MillraceError {
  return new MillraceError('MALFORMED', `A compressed message cannot be read: ${error.message}.`, {
    cause: error,
  })
}
