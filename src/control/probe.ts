import { connect } from 'node:net'
import { systemClock } from '../lib/clock.js'

/** Longer than any system takes to accept or refuse a connection. */
const patienceMs = 1000

/**
 * True when a program listens on the socket, even if it is stopped or busy: the kernel accepts the connection. Unlike process
 * ids this works across containers that share the folder.
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
    // EAGAIN: the backlog is full, so a program listens
    socket.once('error', (error: NodeJS.ErrnoException) => settle(error.code === 'EAGAIN'))
  })
}
