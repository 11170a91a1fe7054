/** Polling interval in milliseconds, for state without change events. */
const lookMs = 20

/** Waits for `ms` or until `signal` aborts. Unlike a `Clock` it keeps the program alive. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done)
    if (signal?.aborted === true) done()
  })
}

/** Polls until the condition holds; false on timeout. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<boolean> {
  const latest = performance.now() + timeoutMs
  for (;;) {
    if (await holds()) return true
    if (performance.now() >= latest || signal?.aborted === true) return false
    await pause(lookMs, signal)
  }
}
