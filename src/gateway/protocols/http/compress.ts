import * as zlib from 'node:zlib'
import { promisify } from 'node:util'
import { Semaphore } from '../../../lib/semaphore.js'

/** Compresses bytes off this thread; rejects when the result has more than `maxOutputLength` bytes. */
type Compress = (
  bytes: Buffer,
  options: { readonly maxOutputLength: number; readonly chunkSize: number },
) => Promise<Buffer>

/** A window of 256 KiB, and level 4, which takes about as long as gzip's default level. */
const brotliParameters = {
  [zlib.constants.BROTLI_PARAM_LGWIN]: 18,
  [zlib.constants.BROTLI_PARAM_QUALITY]: 4,
}

const gzip: Compress = promisify(zlib.gzip)
const brotli = promisify(zlib.brotliCompress)

/** Node has Zstandard from 22.15 and 23.8 on. */
const { zstdCompress } = zlib as { readonly zstdCompress?: typeof zlib.gzip }

const compressors = {
  ...(zstdCompress !== undefined && { zstd: promisify(zstdCompress) as Compress }),
  br: ((bytes, options) => brotli(bytes, { ...options, params: brotliParameters })) as Compress,
  gzip,
} satisfies Partial<Record<Coding, Compress>>

/** A content coding of answers. */
export type Coding = 'zstd' | 'br' | 'gzip'

/** The codings that this Node has; the first ones take the least time for what they save. */
export const codings = Object.keys(compressors) as readonly Coding[]

const chunkBytes = { least: 16 * 1024, most: 256 * 1024 }

/** A compressor takes up to 2 MiB, which is not in the budget: so few work at once, and others wait. */
const atOnce = new Semaphore(8)

/** Compresses an answer, off this thread. Null when that does not make it smaller. */
export async function compress(bytes: Buffer, coding: Coding): Promise<Buffer | null> {
  const chunkSize = Math.min(chunkBytes.most, Math.max(chunkBytes.least, bytes.length >> 2))
  await atOnce.acquire()
  try {
    return await compressors[coding]!(bytes, { maxOutputLength: bytes.length, chunkSize })
  } catch {
    return null // larger than before
  } finally {
    atOnce.release()
  }
}
