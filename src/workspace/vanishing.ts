/** The result of a file operation that races with other processes; null when the file was created or removed meanwhile. */
export function orNull<T>(work: () => T): T | null {
  try {
    return work()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTEMPTY' || code === 'EEXIST') return null
    throw error
  }
}

/** Blocks the thread: `Executor.workspace` is read in constructors, which are synchronous. */
export function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
