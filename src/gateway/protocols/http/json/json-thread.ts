import { Worker } from 'node:worker_threads'
import { FairQueue } from '../../../../balancer/fair-queue.js'
import type { AbortListener } from '../../../../call/cancellation.js'
import type { Scope } from '../../../../call/scope.js'
import { setPlace } from '../../../../document/json-place.js'
import { MillraceError } from '../../../../errors.js'
import type { Clock } from '../../../../lib/clock.js'
import { type Deferred, deferred } from '../../../../lib/deferred.js'
import { threadFlags } from '../../../../lib/thread-flags.js'
import type { Conversion } from '../../../../wire/json/convert.js'
import { unpackError } from '../../../control.js'
import { type Job, type Outcome, owned } from './job.js'

/** A thread without work ends after this time, because V8 keeps the memory of large conversions. In milliseconds. */
const idleMs = 10_000

export interface JsonThreadOptions {
  /** The compiled `thread.ts`. */
  readonly entry: URL
  readonly name: string
  readonly clock: Clock
}

/** One conversion, queued or running. */
interface Pending extends AbortListener {
  readonly conversion: Conversion
  readonly call: Scope
  readonly sender: Scope['sender']
  readonly bytes: number
  readonly answer: Deferred<Uint8Array>
}

/**
 * Converts JSON in a thread of its own, so that one client's large JSON does not hold up the event loop of the others.
 *
 * 1. One conversion runs at a time; the others wait, fairly between senders.
 * 2. A call that is aborted holds nothing: it leaves the queue, and the thread that works for it is ended.
 * 3. A thread that ends by itself fails its conversion; the next one gets a new thread.
 *
 * Its heap has no limit of its own: callers reserve what a conversion takes. Node 24 ends the whole process, not only the
 * thread, when `JSON.parse` reaches the limit of a thread.
 */
export class JsonThread {
  readonly #options: JsonThreadOptions
  readonly #queue = new FairQueue<Pending>()
  #worker: Worker | undefined
  #running: Pending | undefined
  #cancelIdle: (() => void) | undefined
  #isClosed = false

  constructor(options: JsonThreadOptions) {
    this.#options = options
  }

  /**
   * The bytes of the conversion belong to the thread afterwards. Rejects with the conversion's error, or the reason of an
   * aborted call.
   */
  convert(conversion: Conversion, call: Scope): Promise<Uint8Array> {
    if (this.#isClosed) return Promise.reject(closed())
    const answer = deferred<Uint8Array>()
    const pending: Pending = {
      conversion,
      call,
      sender: call.sender,
      bytes: 0,
      answer,
      abort: (reason) => {
        answer.reject(reason)
        if (!this.#queue.remove(pending) && this.#running === pending) this.#endThread()
      },
    }
    this.#queue.push(pending)
    call.onAbort(pending)
    this.#next()
    return answer.promise
  }

  /** Ends the thread; conversions that have not ended are rejected with UNAVAILABLE. */
  close(): void {
    this.#isClosed = true
    for (const { answer } of this.#queue.clear()) answer.reject(closed())
    this.#endThread()
  }

  #next(): void {
    if (this.#running !== undefined) return
    this.#cancelIdle?.()
    this.#cancelIdle = undefined
    const isWork = this.#queue.serveNext((pending) => {
      this.#run(pending)
      return true
    })
    if (!isWork && this.#worker !== undefined)
      this.#cancelIdle = this.#options.clock.after(idleMs, () => this.#endThread())
  }

  #run(pending: Pending): void {
    this.#running = pending
    const conversion = withOwnedBytes(pending.conversion)
    const moved = conversion.kind === 'read' ? conversion.body : conversion.answer
    try {
      this.#worker ??= this.#start()
      this.#worker.postMessage({ conversion } satisfies Job, [moved.buffer as ArrayBuffer])
    } catch (error) {
      // the system or Node's permission model does not allow a thread
      this.#settle(({ reject }) => reject(MillraceError.from(error)))
    }
  }

  #start(): Worker {
    const { entry, name } = this.#options
    const worker = new Worker(entry, { ...threadFlags(process.execArgv), name: `${name} json` })
    worker.unref()
    const settle = (how: (answer: Deferred<Uint8Array>) => void): void => {
      if (this.#worker === worker) this.#settle(how)
    }
    const fail = (error: MillraceError): void => {
      if (this.#worker !== worker) return
      this.#worker = undefined
      this.#settle(({ reject }) => reject(error))
    }
    worker.on('message', (outcome: Outcome) => {
      if (outcome.kind === 'done') settle(({ resolve }) => resolve(outcome.bytes))
      else settle(({ reject }) => reject(errorOf(outcome)))
    })
    worker.on('error', (error) => fail(MillraceError.from(error)))
    worker.on('exit', (code) =>
      fail(new MillraceError('INTERNAL', `The thread for JSON exited with ${code}.`)),
    )
    return worker
  }

  #settle(how: (answer: Deferred<Uint8Array>) => void): void {
    const pending = this.#running
    if (pending === undefined) return
    this.#running = undefined
    pending.call.offAbort(pending)
    how(pending.answer)
    this.#next()
  }

  /** The running conversion is settled by its caller. */
  #endThread(): void {
    this.#cancelIdle?.()
    this.#cancelIdle = undefined
    const worker = this.#worker
    this.#worker = undefined
    void worker?.terminate()
    this.#settle(({ reject }) => reject(closed()))
  }
}

function withOwnedBytes(conversion: Conversion): Conversion {
  return conversion.kind === 'read'
    ? { ...conversion, body: owned(conversion.body) }
    : { ...conversion, answer: owned(conversion.answer) }
}

function errorOf({ error, at }: Outcome & { readonly kind: 'failed' }): MillraceError {
  const unpacked = unpackError(error)
  if (at !== undefined) setPlace(unpacked, at)
  return unpacked
}

function closed(): MillraceError {
  return new MillraceError('UNAVAILABLE', 'The gateway closes.')
}
