import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { MillraceError } from '../../../errors.js'
import { type Deferred, deferred } from '../../../lib/deferred.js'
import type { Account } from '../../../budget/budget.js'
import { decompress } from '../../../grpc/compression.js'
import { MessageReader } from '../../../grpc/message-reader.js'
import type { ItemsMethod, MessageListener, Method, Send, StreamMethod, UnaryMethod } from './method.js'
import { noRoom } from '../../../budget/refusals.js'
import type { ServerCall } from './server-call.js'

/** An incoming call. */
export interface Arrival {
  readonly stream: ServerHttp2Stream
  readonly headers: IncomingHttpHeaders
  readonly call: ServerCall
  readonly maxMessageBytes: number
}

/** Runs one call to its end; for a stream, returns the listener for its events. */
export function serve(method: Method, arrival: Arrival): MessageListener | undefined {
  const { call } = arrival
  switch (method.kind) {
    case 'unary':
      takeOne(arrival, (bytes) => answer(method, bytes, call))
      return undefined
    case 'items':
      takeOne(arrival, (bytes) => answerItems(method, bytes, arrival))
      return undefined
    case 'stream':
      return open(method, arrival)
  }
}

/** Reads the message of a method that takes one. Does not wait for the client to end its side. */
function takeOne(arrival: Arrival, take: (bytes: Uint8Array) => void): void {
  const { call } = arrival
  let taken = false
  const reader = read(arrival, {
    onMessage(bytes) {
      if (taken)
        return call.fail(new MillraceError('MALFORMED', 'This method takes one message, and there are more.'))
      taken = true
      take(bytes)
    },
    onEnd() {
      if (!taken)
        call.fail(new MillraceError('MALFORMED', 'This method takes one message, and there is none.'))
    },
  })
  call.input = { reader, isClientsTurn: () => !taken }
}

function read(
  { stream, headers, call, maxMessageBytes }: Arrival,
  on: { readonly onMessage: (bytes: Uint8Array) => void; readonly onEnd: () => void },
): MessageReader {
  const encoding = String(headers['grpc-encoding'] ?? 'identity')
  const { incoming: account } = call
  const reader = new MessageReader({
    maxMessageBytes,
    account,
    inflate: (bytes) => decompress(bytes, encoding, { maxBytes: maxMessageBytes, account }),
    onMessage: on.onMessage,
    onEnd: on.onEnd,
    onError: (error) => call.fail(error),
  })
  stream.on('data', (chunk: Buffer) => {
    if (!call.ended) reader.push(chunk)
  })
  stream.on('end', () => {
    if (!call.ended) reader.end()
  })
  return reader
}

function answer(method: UnaryMethod, bytes: Uint8Array, call: ServerCall): void {
  method.answer(bytes, call).then(
    ({ message, trailers }) => call.reply(message, trailers),
    (error: unknown) => call.fail(MillraceError.from(error)),
  )
}

function answerItems(method: ItemsMethod, bytes: Uint8Array, { stream, call }: Arrival): void {
  let room: Deferred | undefined
  const release = (): void => {
    room?.resolve()
    room = undefined
  }
  stream.on('drain', release)
  call.onAbort({ abort: release })
  const send: Send = (message) => {
    if (call.send(message)) return
    room ??= deferred()
    return room.promise
  }
  method.answer(bytes, call, send).then(
    (trailers) => call.end(trailers),
    (error: unknown) => call.fail(MillraceError.from(error)),
  )
}

function open(method: StreamMethod, arrival: Arrival): MessageListener {
  const { stream, call } = arrival
  let held = false
  const unread = new Unread(stream, call)
  const listener = method.open(
    {
      send: (message) => call.send(message),
      end: (trailers) => call.end(trailers),
      fail: (error) => call.fail(error),
      pause() {
        held = true
        reader.hold()
        stream.pause()
      },
      resume() {
        held = false
        reader.release()
        if (!held) stream.resume() // the messages released above may have paused it again
      },
      release: (bytes) => call.incoming.release(bytes),
      reserve: (bytes) => call.reserve(bytes),
      hasRoom: () => call.incoming.isRoomy,
    },
    call,
  )
  const reader = read(arrival, {
    onMessage: (bytes) => listener.message(bytes),
    onEnd: () => listener.end(),
  })
  call.input = { reader, isClientsTurn: () => listener.isIdle }
  stream.on('data', (chunk: Buffer) => unread.read(chunk.length))
  stream.on('drain', () => listener.drained())
  stream.on('close', () => listener.abandon())
  return listener
}

/**
 * Reserves the bytes that arrive for a paused stream, up to the client's window. Node buffers them, and the only way to see
 * them is `push`; they are reserved for as long as Node buffers them.
 */
class Unread {
  readonly #account: Account
  #bytes = 0

  constructor(stream: ServerHttp2Stream, call: ServerCall) {
    this.#account = call.incoming
    const push = stream.push.bind(stream)
    stream.push = (chunk: Buffer | null, encoding?: BufferEncoding): boolean => {
      if (chunk !== null && stream.isPaused()) this.#came(chunk.length, call)
      return push(chunk, encoding)
    }
  }

  /** Releases bytes that were read; some of them may not have been reserved. */
  read(bytes: number): void {
    const kept = Math.min(bytes, this.#bytes)
    this.#bytes -= kept
    this.#account.release(kept)
  }

  #came(bytes: number, call: ServerCall): void {
    if (call.ended) return
    if (this.#account.reserve(bytes)) this.#bytes += bytes
    else call.fail(noRoom('keep what the client sends', bytes, this.#account))
  }
}
