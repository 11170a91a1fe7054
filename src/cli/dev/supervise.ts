import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter, on, once } from 'node:events'
import type { Terminal } from '../terminal.js'
import { type FromSession, sessionVariable, type StartMessage } from './messages.js'

/** A process that runs the Flow. */
interface Session {
  readonly child: ChildProcess
  readonly exited: Promise<number>
  /** True from `start` until its Flow has failed. */
  serves: boolean
}

type Happening =
  | { readonly kind: 'told'; readonly by: Session; readonly message: FromSession }
  | { readonly kind: 'exited'; readonly by: Session; readonly code: number }

/**
 * Runs a Flow in a process of its own (`runSession`), and replaces that process when the Flow itself has changed: a new one loads the
 * Flow, while the old one still serves it; then the old one closes, and the new one starts on the same ports.
 *
 * 1. At most two sessions exist, and at most one of them was told to start.
 * 2. A session that cannot load the Flow replaces no session that serves.
 *
 * SIGINT and SIGTERM are passed on. Resolves with the exit code of the session, 0 after a signal.
 */
export async function supervise(args: readonly string[], terminal: Terminal): Promise<number> {
  const events = new EventEmitter()
  // from now on it keeps what happens until the loop takes it
  const happenings = on(events, 'happening') as AsyncIterableIterator<[Happening]>
  let current = startSession(args, events)
  let next: Session | null = null
  let ports: readonly number[] | null = null
  let isEnding = false
  /** Files that have changed while `next` was loading the Flow. */
  let later: readonly string[] = []
  const pass = (signal: NodeJS.Signals): void => {
    isEnding = true
    for (const session of [current, next]) session?.child.kill(signal)
  }
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, pass)

  const renew = (files: readonly string[]): void => {
    if (isEnding || files.length === 0) return
    if (next !== null) {
      later = [...new Set([...later, ...files])]
      return
    }
    terminal.out(`dev: ${files.join(', ')} changed: the Flow starts anew\n`)
    next = startSession(args, events)
  }
  const replaceCurrent = async (by: Session): Promise<void> => {
    await end(current)
    current = by
    next = null
  }

  for await (const [happening] of happenings) {
    const { by } = happening
    if (happening.kind === 'exited') {
      if (by === current) return isEnding ? 0 : happening.code
      if (by === next) next = null
      continue
    }
    const { message } = happening
    switch (message.kind) {
      case 'loaded':
        if (by === next) await replaceCurrent(next)
        if (by === current) start(current, ports)
        break
      case 'unloadable':
        by.serves = false
        if (by !== next) break
        if (!current.serves) await replaceCurrent(next)
        else {
          terminal.out('dev: the Flow goes on as it was, until the next change\n')
          next = null
          await end(by)
        }
        break
      case 'ready':
        ports = message.ports
        break
      case 'outdated':
        if (by === current || by === next) renew(message.files)
    }
    if (next === null) {
      renew(later)
      later = []
    }
  }
  return 0
}

function startSession(args: readonly string[], events: EventEmitter): Session {
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, 'dev', ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [sessionVariable]: '1' },
    // Ctrl-C reaches this process only, which passes it on
    detached: true,
  })
  const exited = once(child, 'exit').then(([code]) => (code as number | null) ?? 1)
  const session: Session = { child, exited, serves: false }
  const add = (happening: Happening): void => void events.emit('happening', happening)
  child.on('message', (message) => add({ kind: 'told', by: session, message: message as FromSession }))
  void exited.then((code) => add({ kind: 'exited', by: session, code }))
  return session
}

function start(session: Session, ports: readonly number[] | null): void {
  session.serves = true
  const message: StartMessage = { kind: 'start', ports }
  // a session that has exited is reported by its exit
  if (session.child.connected) session.child.send(message, () => {})
}

/** Resolves when its Flow has closed and it has exited. */
async function end({ child, exited }: Session): Promise<void> {
  if (child.connected) child.disconnect()
  await exited
}
