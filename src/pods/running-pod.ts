import type { Clock } from '../lib/clock.js'
import type { ProfileOrder } from '../observe/profile/profile-order.js'
import type { Address } from '../transport/transport.js'
import type { Fault } from './fault.js'
import type { Host } from './host.js'
import type { OutputTail } from './output.js'
import type { Exit, Pod } from './pod.js'

/** Default grace for requests in flight when a pod stops. */
const defaultGraceMs = 10_000

/** How long a pod may take to exit after SIGTERM. */
const terminateMs = 1000

/** Exit codes of SIGHUP, SIGINT, SIGKILL and SIGTERM. */
const outsideCodes: ReadonlySet<number> = new Set([129, 130, 137, 143])

/** Why a host exited, and its exit code where there is one. */
export interface Gone {
  readonly reason: string
  readonly code: number | null
}

export interface RunningPodParts {
  readonly name: string
  readonly host: Host
  readonly address: Address
  /** Resolves when the host has exited. */
  readonly gone: Promise<Gone>
  readonly output: OutputTail
  readonly clock: Clock
}

/** A pod that is ready. Stopping is bounded: a request to stop, SIGTERM after `graceMs`, SIGKILL after another `terminateMs`. */
export class RunningPod implements Pod {
  readonly name: string
  readonly pid: number
  readonly address: Address
  readonly exited: Promise<Exit>
  readonly #parts: RunningPodParts
  /** Whether `kill()` or a fatal `fault()` was called. */
  #isEndedHere = false
  /** The reason passed to `kill()`. */
  #why: string | undefined
  #state: 'running' | 'stopping' | 'gone' = 'running'

  constructor(parts: RunningPodParts) {
    this.name = parts.name
    this.pid = parts.host.pid
    this.address = parts.address
    this.#parts = parts
    this.exited = parts.gone.then(({ reason, code }) => {
      const expected = this.#state === 'stopping'
      this.#state = 'gone'
      const isFromOutside =
        !expected && this.#why === undefined && (this.#isEndedHere || outsideCodes.has(code ?? 0))
      return { expected, reason: this.#why ?? reason, code, output: parts.output.lines, isFromOutside }
    })
  }

  stop({ graceMs = defaultGraceMs }: { readonly graceMs?: number } = {}): Promise<Exit> {
    if (this.#state === 'running') {
      this.#state = 'stopping'
      void this.#end(graceMs)
    }
    return this.exited
  }

  kill(why?: string): void {
    if (this.#state === 'gone') return
    this.#isEndedHere = true
    this.#why ??= why
    this.#parts.host.kill()
  }

  profile(order: ProfileOrder): Promise<void> {
    return this.#parts.host.profile(order)
  }

  fault(fault: Fault): void {
    if (fault.type !== 'block') this.#isEndedHere = true
    this.#parts.host.fault(fault)
  }

  async #end(graceMs: number): Promise<void> {
    const { host, gone, clock } = this.#parts
    host.stop(graceMs)
    if (await within(gone, graceMs, clock)) return
    host.terminate()
    if (await within(gone, terminateMs, clock)) return
    host.kill()
  }
}

/** True when the event happens within `ms`. */
export function within(event: Promise<unknown>, ms: number, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, () => resolve(false))
    void event.then(() => {
      cancel()
      resolve(true)
    })
  })
}
