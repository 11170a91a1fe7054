// Invariants
// 1. What is kept is bounded: lines and size of a pod, and size of all pods together.
// 2. A reader that does not read holds up nobody: a listener is called, and nothing waits for it.
import { createLogger, type Logger } from './logger.js'
import { LineRing, type KeptLine, type RingLimits } from './line-ring.js'
import { type LogRules, logRules } from './log-rules.js'
import { podLog, type PodLog, type Printer, shownLine } from './pod-line.js'
import { printLine } from './standard-error.js'

/** What is kept of one pod. */
const ofPod: RingLimits = { lines: 1000, size: 256 * 1024 }

/** What is kept of all pods together, in UTF-16 units. */
const ofAll = 32 * 1024 * 1024

/** Under which name the lines of the gateway and of the Flow itself are kept. */
export const gatewayLines = 'gateway'

/** Which lines are read. */
export interface LogSelection {
  /** A stage, a shard or a pod: `exec`, `exec/shard-1`, `exec/rep-0`; null is all of them and the gateway. */
  readonly of: string | null
  /** Most lines of those that were printed before. */
  readonly lines: number
}

interface Listener {
  readonly of: string | null
  call(line: string): void
}

interface Tools {
  readonly print?: (line: string) => void
  readonly now?: () => number
  readonly limits?: { readonly pod: RingLimits; readonly all: number }
}

/** The log of a Flow: what its pods, its gateway and it itself print and log, on standard error and for `millrace logs`. */
export class FlowLog {
  /** How it is written. */
  readonly format: PodLog
  readonly #rules: LogRules
  readonly #print: (line: string) => void
  readonly #now: () => number
  readonly #limits: { readonly pod: RingLimits; readonly all: number }
  readonly #rings = new Map<string, LineRing>()
  readonly #listeners = new Map<Listener, PodLog>()
  #number = 0
  #size = 0

  constructor(
    rules: LogRules = logRules(),
    { print = printLine, now = Date.now, limits = { pod: ofPod, all: ofAll } }: Tools = {},
  ) {
    this.#rules = rules
    this.format = podLog(rules)
    this.#print = print
    this.#now = now
    this.#limits = limits
  }

  /** A logger of the Flow itself. */
  logger(name: string, { isQuiet }: { readonly isQuiet: boolean }): Logger {
    const rules =
      isQuiet && process.env.MILLRACE_LOG_LEVEL === undefined
        ? { ...this.#rules, level: this.#rules.level ?? ('warn' as const) }
        : this.#rules
    const printer = { name, pid: process.pid }
    return createLogger(name, { rules, relays: true, write: (line) => this.take(line, printer) })
  }

  /** Writes and keeps a line of the gateway's thread or of the Flow. */
  take(line: string, printer: Printer): void {
    this.keep(line, { ...printer, name: gatewayLines })
    this.#print(shownLine(line, printer, this.format, this.#now()))
  }

  /** Keeps a line of a pod, as it was printed. */
  keep(raw: string, { name, pid }: Printer): void {
    const ring = this.#ringOf(name)
    const before = ring.size
    const line: KeptLine = { number: ++this.#number, time: this.#now(), pid, raw }
    ring.push(line)
    this.#size += ring.size - before
    while (this.#size > this.#limits.all) this.#dropOne()
    for (const [listener, format] of this.#listeners)
      if (isOf(name, listener.of)) listener.call(shown(name, line, format))
  }

  /** The last lines, oldest first. */
  read({ of, lines }: LogSelection, format: PodLog): readonly string[] {
    const found = [...this.#rings].flatMap(([name, ring]) =>
      isOf(name, of) ? ring.lines.map((line) => ({ name, line })) : [],
    )
    const inOrder = found.toSorted((one, other) => one.line.number - other.line.number)
    return inOrder
      .slice(Math.max(0, inOrder.length - lines))
      .map(({ name, line }) => shown(name, line, format))
  }

  /** Calls `call` for each later line, until the returned function is called. */
  follow(of: string | null, format: PodLog, call: (line: string) => void): () => void {
    const listener = { of, call }
    this.#listeners.set(listener, format)
    return () => void this.#listeners.delete(listener)
  }

  #ringOf(name: string): LineRing {
    let ring = this.#rings.get(name)
    if (ring === undefined) this.#rings.set(name, (ring = new LineRing(this.#limits.pod)))
    return ring
  }

  /** Drops the oldest line of the pod that has printed most. */
  #dropOne(): void {
    let largest: LineRing | undefined
    for (const ring of this.#rings.values())
      if (largest === undefined || ring.size > largest.size) largest = ring
    const before = largest!.size
    largest!.drop()
    this.#size -= before - largest!.size
  }
}

function shown(name: string, { pid, raw, time }: KeptLine, format: PodLog): string {
  return shownLine(raw, { name, pid }, format, time)
}

function isOf(name: string, of: string | null): boolean {
  return of === null || name === of || name.startsWith(`${of}/`)
}
