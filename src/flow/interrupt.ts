import { offProcess, onProcess } from '../lib/process-events.js'
import { programLogger } from '../observe/logger.js'

const signals = ['SIGINT', 'SIGTERM'] as const
type Interrupt = (typeof signals)[number]

/**
 * On Ctrl-C or SIGTERM, logs `sentence`, calls `close`, then ends the program as the signal would have; a second signal
 * kills it at once. When the program has its own handler, only `close` is called and ending the program is left to that
 * handler. The returned function removes the handlers, unless a signal has already been received.
 */
export function onInterrupt(close: () => Promise<void>, sentence: () => string): () => void {
  let interrupted = false
  const listen = (signal: Interrupt): void => onProcess(signal, handle)
  const ignore = (signal: Interrupt): void => offProcess(signal, handle)

  function handle(signal: NodeJS.Signals): void {
    if (interrupted) {
      process.kill(process.pid, 'SIGKILL')
      return
    }
    interrupted = true
    programLogger('millrace').info(`${signal}: ${sentence()}; once more ends at once.`)
    const leave = (): void => {
      signals.forEach(ignore)
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
    }
    void close().then(leave, leave)
  }

  signals.forEach(listen)
  return () => {
    if (!interrupted) signals.forEach(ignore)
  }
}
