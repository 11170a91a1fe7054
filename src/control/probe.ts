import { connect } from 'node:net'
import { systemClock } from '../lib/clock.js'

/** Longer than any system takes to say whether somebody listens. */
const patienceMs = 1000

/**
 * Whether a program listens on that socket. One that is stopped or computes counts: the system accepts for it. Unlike
 * process ids this holds across containers that share the folder.
 */
export function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    const cancel = systemClock.after(patienceMs, () => settle(true))
    const settle = (listens: boolean): void => {
      cancel()
      socket.destroy()
      resolve(listens)
    }
    socket.once('connect', () => settle(true))
    // EAGAIN: its queue is full, so there is one
    socket.once('error', (error: NodeJS.ErrnoException) => settle(error.code === 'EAGAIN'))
  })
}
