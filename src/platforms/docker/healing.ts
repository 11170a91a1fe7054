/**
 * Restarts containers that were killed, while a program is attached to the Flow. The engine itself restarts containers that
 * crash, but not after `docker kill` or `docker stop`.
 *
 * 1. A container whose restart policy is off is leaving, and is not restarted.
 * 2. After `close()` nothing is started.
 */
import type { Engine } from '../../docker-engine/engine.js'
import { Container } from '../../docker-engine/container.js'
import { MillraceError } from '../../errors.js'
import { type Clock, systemClock } from '../../lib/clock.js'
import { restarts } from '../../docker-engine/restart-policy.js'
import { flowLabels } from './names.js'

/** Pause before a restart, in which the engine may restart the container itself. */
const pauseMs = 200
/** Longest pause, for containers that die repeatedly and for an unreachable engine. */
const longestPauseMs = 10_000
/** A container that has run this long starts with the shortest pause again. */
const forgivenMs = 60_000

export class Healing {
  readonly #engine: Engine
  readonly #flow: string
  readonly #report: (sentence: string) => void
  readonly #clock: Clock
  readonly #deaths = new Map<string, { readonly count: number; readonly atMs: number }>()
  #events: (NodeJS.ReadableStream & { destroy(): void }) | null = null
  #failures = 0
  #closed = false

  constructor(
    engine: Engine,
    flow: string,
    { report }: { report(sentence: string): void },
    clock = systemClock,
  ) {
    this.#engine = engine
    this.#flow = flow
    this.#report = report
    this.#clock = clock
  }

  /** Starts watching. Never rejects: it retries while the engine cannot be reached. */
  async open(): Promise<void> {
    if (this.#closed) return
    try {
      const events = await this.#engine.docker.getEvents({
        filters: { type: ['container'], event: ['die'], label: [`${flowLabels.flow}=${this.#flow}`] },
      })
      this.#events = events as NodeJS.ReadableStream & { destroy(): void }
      if (this.#closed) return this.#events.destroy()
      this.#failures = 0
      this.#read(this.#events)
    } catch {
      this.#again()
    }
  }

  close(): void {
    this.#closed = true
    this.#events?.destroy()
  }

  #read(events: NodeJS.ReadableStream): void {
    let rest = ''
    events.setEncoding('utf8')
    events.on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line !== '') this.#died(JSON.parse(line) as { readonly id: string })
    })
    events.once('error', () => {}) // 'close' follows
    events.once('close', () => this.#again())
    // the event stream must not keep the program alive
    ;(events as NodeJS.ReadableStream & { socket?: { unref(): void } }).socket?.unref()
  }

  #again(): void {
    if (this.#closed) return
    const waitMs = Math.min(longestPauseMs, pauseMs * 2 ** this.#failures++)
    this.#clock.after(waitMs, () => void this.open()) // never rejects
  }

  #died({ id }: { readonly id: string }): void {
    if (this.#closed) return
    const nowMs = this.#clock.monotonic()
    const last = this.#deaths.get(id)
    const count = last === undefined || nowMs - last.atMs > forgivenMs ? 0 : last.count
    this.#deaths.set(id, { count: count + 1, atMs: nowMs })
    this.#clock.after(Math.min(longestPauseMs, pauseMs * 2 ** count), () => void this.#revive(id)) // never rejects
  }

  async #revive(id: string): Promise<void> {
    if (this.#closed) return
    try {
      const container = Container.at(this.#engine, id)
      const facts = await container.inspect()
      if (facts === null || facts.state !== 'exited' || !(await restarts(this.#engine, id))) return
      this.#report(`${facts.name} exited with code ${facts.exitCode}; restarting it.`)
      await container.start()
    } catch (error) {
      this.#report(`A container that exited cannot be restarted: ${MillraceError.from(error).message}`)
    }
  }
}
