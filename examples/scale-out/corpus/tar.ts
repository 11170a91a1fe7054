import { CorpusError } from './corpus-error.js'

const BLOCK = 512

export interface TarFile {
  readonly name: string
  readonly content: Buffer
}

export interface TarLimits {
  /** Maximum bytes of one file. */
  readonly maxFileBytes: number
  /** Maximum bytes of all files. */
  readonly maxBytes: number
}

/**
 * Yields the regular files of a tar archive while it is read; folders, links and everything else are skipped. Nothing is
 * written, so a name cannot escape a folder. Throws a CorpusError when a limit is exceeded, a header's checksum is wrong,
 * or the archive is truncated.
 */
export async function* readTar(chunks: AsyncIterable<Buffer>, limits: TarLimits): AsyncGenerator<TarFile> {
  const input = new ByteQueue(chunks, limits.maxBytes)
  for (;;) {
    const header = await input.take(BLOCK)
    if (header.every((byte) => byte === 0)) return
    const { name, size, isFile } = parseHeader(header)
    if (size > limits.maxFileBytes) throw new CorpusError(`the archive has a file of ${size} bytes: ${name}`)
    const content = await input.take(Math.ceil(size / BLOCK) * BLOCK)
    if (isFile) yield { name, content: content.subarray(0, size) }
  }
}

function parseHeader(header: Buffer): { name: string; size: number; isFile: boolean } {
  // the checksum counts its own eight bytes as spaces
  const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0)
  const size = octal(header, 124, 12)
  if (octal(header, 148, 8) !== sum || size === undefined)
    throw new CorpusError('the archive is no tar archive')
  const prefix = header.toString('latin1', 257, 262) === 'ustar' ? text(header, 345, 155) : ''
  const name = text(header, 0, 100)
  const type = header[156]
  return { name: prefix === '' ? name : `${prefix}/${name}`, size, isFile: type === 0x30 || type === 0 }
}

function octal(header: Buffer, start: number, length: number): number | undefined {
  const digits = text(header, start, length).trim()
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : undefined
}

function text(header: Buffer, start: number, length: number): string {
  const field = header.toString('latin1', start, start + length)
  const end = field.indexOf('\0')
  return end === -1 ? field : field.slice(0, end)
}

/** Reads given numbers of bytes from a stream of chunks of any size. */
class ByteQueue {
  readonly #chunks: AsyncIterator<Buffer>
  readonly #maxBytes: number
  #rest: Buffer = Buffer.alloc(0)
  #read = 0

  constructor(chunks: AsyncIterable<Buffer>, maxBytes: number) {
    this.#chunks = chunks[Symbol.asyncIterator]()
    this.#maxBytes = maxBytes
  }

  async take(size: number): Promise<Buffer> {
    const parts: Buffer[] = []
    let missing = size
    while (missing > this.#rest.length) {
      parts.push(this.#rest)
      missing -= this.#rest.length
      const { value, done } = await this.#chunks.next()
      if (done) throw new CorpusError('the archive ends in the middle')
      this.#rest = value
      this.#read += this.#rest.length
      if (this.#read > this.#maxBytes)
        throw new CorpusError(`the archive unpacks to more than ${this.#maxBytes} bytes`)
    }
    parts.push(this.#rest.subarray(0, missing))
    this.#rest = this.#rest.subarray(missing)
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts, size)
  }
}
