import { fromSignal } from '../call/from-signal.js'
import { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import { holdProcess } from './hold-process.js'
import type { Shutdown } from './shutdown.js'

export interface LifetimePlan {
  readonly options: { readonly signal?: AbortSignal; readonly timeoutMs?: number }
  /** The shutdown of the client. */
  readonly shutdown: Shutdown
  readonly clock: Clock
}

/** Why a call ends early: its AbortSignal, its timeout, or the client's shutdown. */
export interface Lifetime {
  /** Milliseconds since the epoch, `Infinity` without `timeoutMs`. */
  readonly deadline: number
  /** Calls `end` once; immediately when the call has ended already. */
  onEnd(end: (error: MillraceError) => void): void
  /** Settles as the promise does, unless the call ends first; then rejects with the reason. */
  race<T>(promise: Promise<T>): Promise<T>
  /** Removes all listeners and the timer. */
  release(): void
}

/**
 * Starts watching the AbortSignal, the timeout and the client's shutdown for one call; call `release()` when the call has
 * ended.
 */
export function lifetime({ options, shutdown, clock }: LifetimePlan): Lifetime {
  const { signal, timeoutMs } = options
  let over: MillraceError | undefined
  const watchers: ((error: MillraceError) => void)[] = []
  const end = (error: MillraceError): void => {
    if (over !== undefined) return
    over = error
    release()
    for (const watcher of watchers) watcher(error)
  }
  const cancellation = signal === undefined ? undefined : fromSignal(signal)
  const listener = { abort: end }
  const cancelTimer =
    timeoutMs === undefined ? undefined : clock.after(timeoutMs, () => end(tooLate(timeoutMs)))
  const letGo = timeoutMs === undefined ? undefined : holdProcess()
  const release = (): void => {
    cancellation?.offAbort(listener)
    shutdown.unwatch(end)
    cancelTimer?.()
    letGo?.()
  }
  shutdown.watch(end)
  if (shutdown.reason !== undefined) end(shutdown.reason)
  else cancellation?.onAbort(listener)
  return {
    deadline: timeoutMs === undefined ? Number.POSITIVE_INFINITY : clock.now() + timeoutMs,
    onEnd(watcher) {
      if (over === undefined) watchers.push(watcher)
      else watcher(over)
    },
    race: (promise) =>
      new Promise((resolve, reject) => {
        if (over === undefined) watchers.push(reject)
        else reject(over)
        promise.then(resolve, reject)
      }),
    release,
  }
}

function tooLate(timeoutMs: number): MillraceError {
  return new MillraceError('DEADLINE_EXCEEDED', `Not done within timeoutMs = ${timeoutMs}.`)
}
