/** The result of work on files that others make and remove at any time; null when they just did. */
export function orNull<T>(work: () => T): T | null {
  try {
    return work()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTEMPTY' || code === 'EEXIST') return null
    throw error
  }
}

/** Waits without giving the thread away: `Executor.workspace` is read in constructors. */
export function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
