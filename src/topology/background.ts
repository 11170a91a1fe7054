/**
 * The work of stages that no answer waits for: floating ones, and those that no awaited stage needs.
 *
 * 1. At most `maxRequests` run at once, with at most `maxBytes` of documents; a further one is dropped.
 * 2. A request that fails or is dropped is counted and logged: the first one of a stage at once, and later ones together.
 * 3. It does not end with its caller. It ends at its own deadline, or when the gateway closes and the grace period is over.
 * 4. `drain` waits for the requests that run, and for those that these start.
 */
import type { Call } from '../call/call.js'
import { Scope } from '../call/scope.js'
import { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import { type Deadlines, deadlinesOf, type Timed, type Watched } from '../lib/deadlines.js'
import { type Deferred, deferred } from '../lib/deferred.js'
import type { DataRequest } from '../wire/data-request.js'
import { FailureLog } from './failure-log.js'

export interface BackgroundTools {
  readonly clock: Clock
  /** Milliseconds for one hop; null for no limit. */
  readonly timeoutMs: number | null
  readonly maxRequests: number
  readonly maxBytes: number
  /** Logs a sentence. */
  say(sentence: string): void
}

/** One request to one stage. */
export interface Errand {
  readonly stage: string
  /** Bytes of its documents. */
  readonly bytes: number
  /** The call that it comes from: its headers and sender go along. */
  readonly from: Call
  run(call: Call): Promise<DataRequest>
  /** Called with an answer that is no error. Must not throw. */
  onAnswer(answer: DataRequest): void
}

/** Background work of one stage. */
export interface BackgroundCounts {
  readonly running: number
  /** Requests that failed or were dropped, since the gateway started. */
  readonly failed: number
}

/** How long cancelled requests may take to end, in milliseconds. */
const longestEndMs = 200

/** Runs requests that no answer waits for. */
export class Background {
  readonly #tools: BackgroundTools
  readonly #deadlines: Deadlines
  readonly #log: FailureLog
  readonly #tasks = new Set<Task>()
  readonly #running = new Map<string, number>()
  #bytes = 0
  #idle: Deferred | undefined

  constructor(tools: BackgroundTools) {
    this.#tools = tools
    this.#deadlines = deadlinesOf(tools.clock)
    this.#log = new FailureLog(tools)
  }

  /** Starts an errand, or drops it when too many run. */
  start(errand: Errand): void {
    const { stage, bytes } = errand
    const { maxRequests, maxBytes } = this.#tools
    if (this.#tasks.size >= maxRequests || this.#bytes + bytes > maxBytes) {
      const limits = `${this.#tasks.size} requests with ${this.#bytes} bytes run behind answers already`
      this.#log.note(
        stage,
        `It was dropped: ${limits} (queue.maxRequests ${maxRequests}, queue.maxBytes ${maxBytes}).`,
      )
      return
    }
    void this.#run(errand) // never rejects
  }

  counts(stage: string): BackgroundCounts {
    return { running: this.#running.get(stage) ?? 0, failed: this.#log.count(stage) }
  }

  /** Waits until nothing runs, for at most `graceMs`; then cancels what is left. */
  async drain(graceMs: number): Promise<void> {
    if (this.#tasks.size > 0) {
      const { clock } = this.#tools
      const idle = (this.#idle = deferred())
      let cancel = clock.after(graceMs, () => {
        const reason = new MillraceError('CANCELLED', 'The gateway closed before it was done.')
        for (const task of this.#tasks) task.call.abort(reason)
        // a reduce in the user's program cannot be ended
        cancel = clock.after(longestEndMs, () => idle.resolve())
      })
      await idle.promise
      cancel()
    }
    this.#log.flush()
  }

  async #run({ stage, bytes, from, run, onAnswer }: Errand): Promise<void> {
    const { clock, timeoutMs } = this.#tools
    const deadline = timeoutMs === null ? Number.POSITIVE_INFINITY : clock.now() + timeoutMs
    const task = new Task(deadline, from)
    this.#tasks.add(task)
    this.#bytes += bytes
    this.#running.set(stage, (this.#running.get(stage) ?? 0) + 1)
    this.#deadlines.watch(task)
    try {
      const answer = await run(task.call)
      const { status } = answer
      if (status?.code === 'ERROR') this.#log.note(stage, status.description)
      else onAnswer(answer)
    } catch (error) {
      this.#log.note(stage, MillraceError.from(error).message)
    } finally {
      this.#deadlines.unwatch(task)
      this.#tasks.delete(task)
      this.#bytes -= bytes
      this.#running.set(stage, this.#running.get(stage)! - 1)
      if (this.#tasks.size === 0) this.#idle?.resolve()
    }
  }
}

/** A running errand. */
class Task implements Timed {
  readonly deadline: number
  readonly call: Scope
  watched: Watched | undefined

  constructor(deadline: number, { headers, sender }: Call) {
    this.deadline = deadline
    this.call = new Scope(deadline, headers, sender)
  }

  expire(): void {
    this.call.abort(new MillraceError('DEADLINE_EXCEEDED', 'It took longer than a request may (timeoutMs).'))
  }
}
