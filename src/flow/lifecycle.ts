import type { ControlServer } from '../control/server.js'
import { MillraceError } from '../errors.js'
import type { CloseOptions } from './close-options.js'
import type { Running } from './launch.js'

/** The parts of a running Flow. */
export interface Opened {
  readonly running: Running
  /** The control socket for other programs of this user; null without one. */
  readonly control: Promise<ControlServer | null>
  /** Called after the Flow has closed. */
  readonly forget: () => void
}

// built → starting → running → closing → built: a closed Flow can be started again
type State =
  | { readonly state: 'built' }
  | { readonly state: 'starting' }
  | ({ readonly state: 'running' } & Opened)
  | { readonly state: 'closing'; readonly closed: Promise<void> }

/** State of a Flow, and its parts while it runs. */
export class Lifecycle {
  #state: State = { state: 'built' }

  /** Null unless the Flow runs. */
  get running(): Running | null {
    return this.#state.state === 'running' ? this.#state.running : null
  }

  /** The running Flow. @param wanted the operation, for the message: `post` @throws NOT_STARTED */
  need(wanted: string): Running {
    if (this.#state.state === 'running') return this.#state.running
    throw new MillraceError(
      'NOT_STARTED',
      `flow.${wanted} needs a running Flow, and this one is ${this.#state.state}. Await flow.start() first.`,
    )
  }

  /** @throws ALREADY_STARTED */
  requireBuilt(): void {
    if (this.#state.state === 'built') return
    throw new MillraceError(
      'ALREADY_STARTED',
      `This Flow is ${this.#state.state} already. Close it before it is started again.`,
    )
  }

  /** Runs `open`; when it fails the state is `built` again. @throws ALREADY_STARTED, and what `open` throws */
  async start(open: () => Promise<Opened>): Promise<void> {
    this.requireBuilt()
    this.#state = { state: 'starting' }
    try {
      this.#state = { state: 'running', ...(await open()) }
    } catch (error) {
      this.#state = { state: 'built' }
      throw error
    }
  }

  async close(options: CloseOptions): Promise<void> {
    const current = this.#state
    if (current.state === 'closing') return current.closed
    if (current.state !== 'running') return
    const closed = this.#end(current, options)
    this.#state = { state: 'closing', closed }
    await closed
  }

  async #end({ running, control, forget }: Opened, options: CloseOptions): Promise<void> {
    try {
      const closed = running.close(options)
      await Promise.all([closed, control.then((server) => server?.close({ until: closed }))])
    } finally {
      forget()
      this.#state = { state: 'built' }
    }
  }
}
