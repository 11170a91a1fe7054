import { existsSync, readlinkSync } from 'node:fs'

/** The calling thread as the system identifies it: `PID/task/TID` on Linux, null elsewhere. */
export function ownThread(): string | null {
  try {
    // proc(5); read synchronously, so that this thread itself reads it
    return readlinkSync('/proc/thread-self')
  } catch {
    return null
  }
}

/** Whether a thread of this machine (of this container) is running. */
export function isThreadAlive(thread: string): boolean {
  return existsSync(`/proc/${thread}`)
}
