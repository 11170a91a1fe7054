import type { Clock } from '../lib/clock.js'
import type { Call } from './call.js'

/** Resolves after `ms`, or as soon as the call is aborted. Leaves no timer. */
export function pause(
  ms: number,
  { call, clock }: { readonly call: Call; readonly clock: Clock },
): Promise<void> {
  if (ms <= 0 || call.aborted !== undefined) return Promise.resolve()
  return new Promise((resolve) => {
    const waiting = {
      abort(): void {
        cancel()
        resolve()
      },
    }
    const cancel = clock.after(ms, () => {
      call.offAbort(waiting)
      resolve()
    })
    call.onAbort(waiting)
  })
}
