type Name = 'exit' | 'SIGINT' | 'SIGTERM'
type Listener = (signal: NodeJS.Signals) => void

interface Shared {
  readonly listeners: Set<Listener>
  readonly dispatch: Listener
}

const shared = new Map<Name, Shared>()

/**
 * `process.on` for listeners that a program may have many of, one per Flow for example: all share one listener of the
 * process, because Node warns of a leak from the eleventh on.
 */
export function onProcess(name: Name, listener: Listener): void {
  let entry = shared.get(name)
  if (entry === undefined) {
    const listeners = new Set<Listener>()
    entry = { listeners, dispatch: (signal) => [...listeners].forEach((each) => each(signal)) }
    shared.set(name, entry)
    process.on(name, entry.dispatch)
  }
  entry.listeners.add(listener)
}

/** Removes a listener of `onProcess`. Without listeners a signal has its default action again. */
export function offProcess(name: Name, listener: Listener): void {
  const entry = shared.get(name)
  entry?.listeners.delete(listener)
  if (entry?.listeners.size !== 0) return
  process.off(name, entry.dispatch)
  shared.delete(name)
}
