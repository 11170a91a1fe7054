import { once } from 'node:events'
import { createGzip, type Gzip, gzipSync } from 'node:zlib'
import { Semaphore } from '../lib/semaphore.js'
import { framed, type Message, prefixBytes } from './frame.js'

/** A message with its prefix, as buffers to write one after the other. */
export interface Packed {
  readonly pieces: readonly Buffer[]
  /** Of all pieces together. */
  readonly bytes: number
}

/** Up to this size a message is compressed at once, in some 0.2 ms: passing it to another thread and back takes as long. */
export const atOnceBytes: number = 4096

/** A window as large as such a message (zlib.net, "windowBits"): setting up the default one takes longer than compressing. */
const smallWindow = { windowBits: 12, memLevel: 5, chunkSize: atOnceBytes } as const

const chunkSize = 64 * 1024

/** Memory that zlib itself takes for one message (zlib.net, "Memory Footprint"), with its output buffer. */
export const gzipBytes: number = 268 * 1024 + chunkSize

/** Each has a thread of libuv's pool to itself most of the time, so that more would not be faster; others wait. */
const workers = new Semaphore(4)

/** A message as it is, with its prefix. */
export function plain(message: Message, size: number): Packed {
  return { pieces: framed(message, size), bytes: size + prefixBytes }
}

/** Compresses a small message on this thread; leaves it as it is when that does not make it smaller. */
export function gzipAtOnce(message: Message, size: number): Packed {
  const content = gzipSync(Buffer.concat(message, size), smallWindow)
  return content.length < size ? compressed([content], content.length) : plain(message, size)
}

/**
 * Compresses a message off this thread, piece by piece, without a copy. Leaves it as it is when that does not make it smaller.
 * Null: `isWanted` has become false.
 */
export async function gzip(message: Message, size: number, isWanted: () => boolean): Promise<Packed | null> {
  await workers.acquire()
  const encoder = createGzip({ chunkSize })
  try {
    const output: Buffer[] = []
    let bytes = 0
    encoder.on('data', (chunk: Buffer) => {
      output.push(chunk)
      bytes += chunk.length
    })
    for (const piece of contentOf(message, size)) {
      if (!isWanted()) return null
      await write(encoder, piece)
      if (bytes >= size) return plain(message, size)
    }
    encoder.end()
    await once(encoder, 'end')
    if (!isWanted()) return null
    return bytes < size ? compressed(output, bytes) : plain(message, size)
  } finally {
    encoder.destroy()
    workers.release()
  }
}

/** The message in pieces that are neither small nor large. */
function contentOf(message: Message, size: number): readonly Buffer[] {
  const [first, ...more] = framed(message, size)
  return [first!.subarray(prefixBytes), ...more]
}

function write(encoder: Gzip, piece: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    encoder.write(piece, (error) => (error ? reject(error) : resolve()))
  })
}

function compressed(content: readonly Buffer[], bytes: number): Packed {
  const prefix = Buffer.allocUnsafe(prefixBytes)
  prefix[0] = 1
  prefix.writeUInt32BE(bytes, 1)
  return { pieces: [prefix, ...content], bytes: bytes + prefixBytes }
}
