import { fromSignal } from '../call/from-signal.js'
import { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import { holdProcess } from './hold-process.js'
import type { Life } from './life.js'

export interface LifetimePlan {
  readonly options: { readonly signal?: AbortSignal; readonly timeoutMs?: number }
  /** Of the client. */
  readonly life: Life
  readonly clock: Clock
}

/** When a call has to end although it is not done: the caller's signal, its time, or the end of the client. */
export interface Lifetime {
  /** Milliseconds since the epoch, `Infinity` without `timeoutMs`. */
  readonly deadline: number
  /** Called once, at once when it is over already. */
  onEnd(end: (error: MillraceError) => void): void
  /** Settles as the promise does, unless the end comes first. */
  race<T>(promise: Promise<T>): Promise<T>
  /** Stops watching. */
  release(): void
}

export function lifetime({ options, life, clock }: LifetimePlan): Lifetime {
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
    life.unwatch(end)
    cancelTimer?.()
    letGo?.()
  }
  life.watch(end)
  if (life.over !== undefined) end(life.over)
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
