import { MillraceError } from '../../../errors.js'
import { filesByName, filesBySymbol } from '../../../wire/descriptors.js'
import {
  decodeReflectionRequest,
  encodeReflectionResponse,
  type ReflectionAnswer,
  type ReflectionQuery,
} from '../../../wire/reflection.js'
import type { StreamMethod } from './method.js'

const notFound = 5
const unimplemented = 12

/** `ServerReflectionInfo` of v1 and v1alpha: every query is answered at once. `list`: names of the services. */
export function reflection(list: () => readonly string[]): StreamMethod {
  return {
    kind: 'stream',
    open: (peer) => ({
      isIdle: true,
      message(bytes) {
        try {
          const request = decodeReflectionRequest(bytes)
          peer.release(bytes.length)
          if (!peer.send([encodeReflectionResponse(request, answer(request.query, list))])) peer.pause()
        } catch (error) {
          peer.fail(MillraceError.from(error))
        }
      },
      drained: () => peer.resume(),
      end: () => peer.end(),
      close: () => peer.end(),
      abandon() {},
    }),
  }
}

function answer(query: ReflectionQuery, list: () => readonly string[]): ReflectionAnswer {
  switch (query.kind) {
    case 'list':
      return { kind: 'services', names: list() }
    case 'file':
      return files(query.name, filesByName(query.name))
    case 'symbol':
      return files(query.name, filesBySymbol(query.name))
    case 'extension':
      return { kind: 'error', code: notFound, message: `${query.type} has no extensions` }
    case 'unknown':
      return { kind: 'error', code: unimplemented, message: 'This question is not known.' }
  }
}

function files(name: string, found: readonly Uint8Array[]): ReflectionAnswer {
  if (found.length === 0) return { kind: 'error', code: notFound, message: `${name} is not known here` }
  return { kind: 'files', files: found }
}
