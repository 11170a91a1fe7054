import {
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type UntypedHandleCall,
} from '@grpc/grpc-js'
import { Scope } from '../../../call/scope.js'
import { MillraceError } from '../../../errors.js'
import type { Clock } from '../../../lib/clock.js'
import type { ProtocolServer, Serving } from '../../serving.js'
import { asBuffer } from './gather.js'
import { headersOf } from './headers.js'
import type { ItemsMethod, Message, MessageListener, Method, StreamMethod, UnaryMethod } from './method.js'
import { type Services, services } from './services.js'
import { grpcStatus } from './status.js'

/** The gateway's gRPC server, on grpc-js; messages are raw bytes in both directions. */
export class GrpcServer implements ProtocolServer {
  readonly #server: Server
  readonly #services: Services
  readonly #clock: Clock
  readonly #streams = new Set<MessageListener>()
  #closed: Promise<void> | undefined

  constructor(serving: Serving, clock: Clock) {
    this.#clock = clock
    this.#services = services(serving)
    this.#server = new Server({
      'grpc.max_receive_message_length': serving.maxMessageBytes,
      'grpc.max_send_message_length': serving.maxMessageBytes,
      'grpc.max_concurrent_streams': 2 ** 20,
      // its counters cost time with every message and nobody reads them
      'grpc.enable_channelz': 0,
      // a taken port must be an error
      'grpc.so_reuseport': 0,
    } as object)
    for (const [path, method] of Object.entries(this.#services.methods)) this.#register(path, method)
  }

  listen(host: string, port: number): Promise<number> {
    const address = `${host.includes(':') ? `[${host}]` : host}:${port}`
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound)
        else reject(bindError(error, address, port))
      })
    })
  }

  close({ graceMs }: { readonly graceMs: number }): Promise<void> {
    this.#closed ??= this.#close(graceMs)
    return this.#closed
  }

  async #close(graceMs: number): Promise<void> {
    this.#services.health.stop()
    for (const stream of this.#streams) stream.close()
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(graceMs, () => {
        this.#server.forceShutdown()
        resolve()
      })
      this.#server.tryShutdown(() => {
        cancel()
        resolve()
      })
    })
  }

  #register(path: string, method: Method): void {
    const type = { unary: 'unary', items: 'serverStream', stream: 'bidi' }[method.kind]
    this.#server.register(path, this.#handler(method), asBuffer, (bytes: Buffer) => bytes, type)
  }

  #handler(method: Method): UntypedHandleCall {
    switch (method.kind) {
      case 'unary':
        return unary(method)
      case 'items':
        return items(method)
      case 'stream':
        return this.#stream(method)
    }
  }

  #stream(method: StreamMethod): handleBidiStreamingCall<Buffer, Message> {
    return (stream) => {
      const call = new CallScope(stream)
      const listener = method.open(
        {
          send: (message) => stream.write(message),
          end: () => call.end(() => stream.end()),
          fail: (error) => {
            call.end(() => stream.emit('error', grpcStatus(error)))
            call.abort(error)
          },
          pause: () => stream.pause(),
          resume: () => stream.resume(),
        },
        call,
      )
      this.#streams.add(listener)
      stream.on('data', (bytes: Buffer) => listener.message(bytes))
      stream.on('end', () => listener.end())
      stream.on('drain', () => listener.drained())
      stream.on('cancelled', () => {
        this.#streams.delete(listener)
        listener.abandon()
      })
    }
  }
}

type ServerCall =
  | ServerUnaryCall<Buffer, Message>
  | ServerWritableStream<Buffer, Message>
  | ServerDuplexStream<Buffer, Message>

/** The Call of one gRPC call. grpc-js says `cancelled` at the end of every call, also of those that went well. */
class CallScope extends Scope {
  #ended = false

  constructor(call: ServerCall) {
    super(Number(call.getDeadline()), headersOf(call.metadata))
    const events: NodeJS.EventEmitter = call // the overloads of the three kinds do not unite
    events.on('cancelled', () => this.#cancelled())
  }

  /** Runs `finish` unless the call has ended already. */
  end(finish: () => void): void {
    if (this.#ended) return
    this.#ended = true
    finish()
  }

  #cancelled(): void {
    this.end(() => {
      const late = Date.now() >= this.deadline
      this.abort(
        late
          ? new MillraceError('DEADLINE_EXCEEDED', 'The deadline that the client set has passed.')
          : new MillraceError('CANCELLED', 'The client went away.'),
      )
    })
  }
}

const failedTrailers = new Metadata()
failedTrailers.set('is-error', 'true')

function unary(method: UnaryMethod): handleUnaryCall<Buffer, Message> {
  return (unaryCall, callback) => {
    const call = new CallScope(unaryCall)
    method.answer(unaryCall.request, call).then(
      ({ message, failed }) => call.end(() => callback(null, message, failed ? failedTrailers : undefined)),
      (error: unknown) => call.end(() => callback(grpcStatus(MillraceError.from(error)))),
    )
  }
}

function items(method: ItemsMethod): handleServerStreamingCall<Buffer, Message> {
  return (stream) => {
    const call = new CallScope(stream)
    void sendItems(method.answer(stream.request, call), stream, call) // never rejects
  }
}

async function sendItems(
  answers: AsyncIterable<Message>,
  stream: ServerWritableStream<Buffer, Message>,
  call: CallScope,
): Promise<void> {
  try {
    for await (const message of answers) {
      if (call.aborted !== undefined) return
      if (!stream.write(message)) await drained(stream)
    }
    call.end(() => stream.end())
  } catch (error) {
    call.end(() => stream.emit('error', grpcStatus(MillraceError.from(error))))
  }
}

/** The client has taken what was sent, or is gone. */
function drained(stream: ServerWritableStream<Buffer, Message>): Promise<void> {
  return new Promise((resolve) => {
    stream.once('drain', resolve)
    stream.once('cancelled', resolve)
  })
}

function bindError(error: Error, address: string, port: number): MillraceError {
  if (error.message.includes('EADDRINUSE')) {
    return new MillraceError(
      'PORT_IN_USE',
      `Port ${port} is taken: another program listens at ${address}. Choose another port, or 0 to let the system choose.`,
      { cause: error },
    )
  }
  return new MillraceError('START_FAILED', `The gateway cannot listen at ${address}: ${error.message}`, {
    cause: error,
  })
}
