import { existsSync, readlinkSync } from 'node:fs'

/** The thread that calls this, as the system knows it: `PID/task/TID` on Linux, null elsewhere. */
export function ownThread(): string | null {
  try {
    // proc(5); read synchronously, so that it is this thread that reads it
    return readlinkSync('/proc/thread-self')
  } catch {
    return null
  }
}

/** Whether a thread of this machine (of this container) runs. */
export function isThreadAlive(thread: string): boolean {
  return existsSync(`/proc/${thread}`)
}
