/** Milliseconds between two looks at something that tells nobody when it changes. */
const lookMs = 20

/** Waits, or until `signal` fires. Unlike a `Clock` it keeps the program alive: there may be nothing else that does. */
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

/** Looks until it holds; false when it does not within the time. */
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
