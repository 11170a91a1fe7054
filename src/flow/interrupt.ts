const signals = ['SIGINT', 'SIGTERM'] as const

/**
 * Ctrl-C (and SIGTERM) closes what runs, then ends the program as the signal would have; a second one ends it at once.
 * A program with a handler of its own keeps the last word: then the Flow is closed and nothing else happens.
 * The returned function takes the handlers away, unless an interrupt is under way.
 */
export function onInterrupt(close: () => Promise<void>): () => void {
  let interrupted = false
  const listen = (signal: NodeJS.Signals): void => void process.on(signal, handle)
  const ignore = (signal: NodeJS.Signals): void => void process.off(signal, handle)

  function handle(signal: NodeJS.Signals): void {
    if (interrupted) {
      process.kill(process.pid, 'SIGKILL')
      return
    }
    interrupted = true
    process.stderr.write(`${signal}: finishing what is under way; once more ends at once.\n`)
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
