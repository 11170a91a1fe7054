import { type InputType, type ZlibOptions, gunzip, inflate } from 'node:zlib'
import { MillraceError } from '../errors.js'

type Decoder = (
  bytes: InputType,
  options: ZlibOptions,
  done: (error: NodeJS.ErrnoException | null, content: Buffer) => void,
) => void

const decoders: Readonly<Record<string, Decoder>> = { gzip: gunzip, deflate: inflate }

/** Encodings that clients may use, for `grpc-accept-encoding`; answers are not compressed. */
export const acceptedEncodings: string = ['identity', ...Object.keys(decoders)].join(',')

/** Decompresses a message compressed with `encoding`; stops at `maxBytes`, however small the compressed message is. */
export function decompress(bytes: Uint8Array, encoding: string, maxBytes: number): Promise<Uint8Array> {
  const decoder = Object.hasOwn(decoders, encoding) ? decoders[encoding] : undefined
  if (decoder === undefined) {
    const what = `Messages compressed with ${JSON.stringify(encoding)} cannot be read; use one of ${acceptedEncodings}.`
    return Promise.reject(new MillraceError('UNSUPPORTED', what))
  }
  return new Promise((resolve, reject) => {
    decoder(bytes, { maxOutputLength: maxBytes }, (error, content) => {
      if (error === null) resolve(content)
      else reject(failure(error, maxBytes))
    })
  })
}

function failure(error: NodeJS.ErrnoException, maxBytes: number): MillraceError {
  if (error.code === 'ERR_BUFFER_TOO_LARGE') {
    const what = `A compressed message is larger than the limit of ${maxBytes} bytes (maxMessageBytes).`
    return new MillraceError('RESOURCE_EXHAUSTED', what, { retryable: false })
  }
  return new MillraceError('MALFORMED', `A compressed message cannot be read: ${error.message}.`, {
    cause: error,
  })
}
