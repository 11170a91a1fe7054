import type { ControlServer } from '../control/server.js'
import { MillraceError } from '../errors.js'
import type { CloseOptions, Running } from './life.js'

/** What there is of a Flow that runs. */
export interface Opened {
  readonly running: Running
  /** Null when there is none; what other programs of this user ask. */
  readonly control: Promise<ControlServer | null>
  /** Called when it has ended. */
  readonly forget: () => void
}

// built → starting → running → closing → built: a closed Flow can be started again
type Life =
  | { readonly state: 'built' }
  | { readonly state: 'starting' }
  | ({ readonly state: 'running' } & Opened)
  | { readonly state: 'closing'; readonly closed: Promise<void> }

/** Whether a Flow runs, and what of. */
export class Lifecycle {
  #life: Life = { state: 'built' }

  /** Null while it does not run. */
  get running(): Running | null {
    return this.#life.state === 'running' ? this.#life.running : null
  }

  /** @param wanted what it is needed for: `post` @throws NOT_STARTED */
  need(wanted: string): Running {
    if (this.#life.state === 'running') return this.#life.running
    throw new MillraceError(
      'NOT_STARTED',
      `flow.${wanted} needs a running Flow, and this one is ${this.#life.state}. Await flow.start() first.`,
    )
  }

  /** @throws ALREADY_STARTED */
  requireBuilt(): void {
    if (this.#life.state === 'built') return
    throw new MillraceError(
      'ALREADY_STARTED',
      `This Flow is ${this.#life.state} already. Close it before it is started again.`,
    )
  }

  /** @throws ALREADY_STARTED, and what `open` throws: then it is as before */
  async start(open: () => Promise<Opened>): Promise<void> {
    this.requireBuilt()
    this.#life = { state: 'starting' }
    try {
      this.#life = { state: 'running', ...(await open()) }
    } catch (error) {
      this.#life = { state: 'built' }
      throw error
    }
  }

  async close(options: CloseOptions): Promise<void> {
    const life = this.#life
    if (life.state === 'closing') return life.closed
    if (life.state !== 'running') return
    const closed = this.#end(life, options)
    this.#life = { state: 'closing', closed }
    await closed
  }

  async #end({ running, control, forget }: Opened, options: CloseOptions): Promise<void> {
    try {
      const closed = running.close(options)
      await Promise.all([closed, control.then((server) => server?.close({ until: closed }))])
    } finally {
      forget()
      this.#life = { state: 'built' }
    }
  }
}
