import type { Transform } from 'node:stream'
import { createGunzip, createInflate } from 'node:zlib'
import { MillraceError } from '../errors.js'
import type { Holding } from '../budget/budget.js'
import { noRoom } from '../budget/refusals.js'
import { Semaphore } from '../lib/semaphore.js'
import { GrowingBuffer } from './growing-buffer.js'

/** Creates a decoder of zlib with output in chunks of `chunkSize` bytes. */
export type CreateDecoder = (options: { readonly chunkSize: number }) => Transform

const decoders: Readonly<Record<string, CreateDecoder>> = {
  gzip: createGunzip,
  deflate: createInflate,
}

/** Encodings that clients may use, for `grpc-accept-encoding`. */
export const acceptedEncodings: string = ['identity', ...Object.keys(decoders)].join(',')

/** Memory that zlib itself takes (zlib.net, "Memory Footprint"), without its output buffer. */
const stateBytes = 48 * 1024

const chunkBytes = { min: 16 * 1024, max: 256 * 1024 }

/** Contents from this size on are unpacked one after the other, or copying them would hold up everybody else. */
const largeBytes = 1024 * 1024
const largeMessages = new Semaphore(1)

export interface DecompressOptions {
  readonly maxBytes: number
  /** Reserves the content as it grows; it stays reserved for the caller. */
  readonly account: Holding
}

/**
 * Decompresses a message compressed with `encoding`, off this thread, while `account` has room for its content.
 *
 * @throws RESOURCE_EXHAUSTED for content larger than `maxBytes`, or without room in `account`
 * @throws INTERNAL when the call named no encoding, UNSUPPORTED for an unknown one (grpc.io, "Compression in gRPC")
 */
export function decompress(
  bytes: Uint8Array,
  encoding: string,
  options: DecompressOptions,
): Promise<Uint8Array> {
  return unpack(bytes, decoderOf(encoding), options)
}

/**
 * Unpacks bytes with a decoder of zlib, off this thread, while `account` has room for the content.
 *
 * @throws RESOURCE_EXHAUSTED for content larger than `maxBytes`, or without room in `account`; MALFORMED
 */
export async function unpack(
  bytes: Uint8Array,
  createDecoder: CreateDecoder,
  { maxBytes, account }: DecompressOptions,
): Promise<Uint8Array> {
  const chunkSize = Math.min(chunkBytes.max, Math.max(chunkBytes.min, bytes.length * growthOfText))
  const ownBytes = stateBytes + chunkSize
  const content = new GrowingBuffer(maxBytes + 1)
  const decoder = createDecoder({ chunkSize })
  if (!account.reserve(ownBytes)) throw noRoom('unpack a message', ownBytes, account)
  let isAcquired = false
  try {
    decoder.end(bytes)
    for await (const chunk of decoder as AsyncIterable<Buffer>) {
      if (content.length + chunk.length > maxBytes) throw tooLarge(maxBytes)
      if (!account.reserve(chunk.length)) throw noRoom('unpack a message', chunk.length, account)
      content.add(chunk)
      if (isAcquired || content.length < largeBytes) continue
      await largeMessages.acquire()
      isAcquired = true
    }
    return content.take()
  } catch (error) {
    account.release(content.length)
    content.discard()
    throw error instanceof MillraceError ? error : unreadable(error as Error)
  } finally {
    if (isAcquired) largeMessages.release()
    account.release(ownBytes)
    decoder.destroy()
  }
}

/** A guess, so that most messages are decompressed in one piece. */
const growthOfText = 4

function decoderOf(encoding: string): CreateDecoder {
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
