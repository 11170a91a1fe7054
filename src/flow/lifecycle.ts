import type { ControlServer } from '../control/server.js'
import type { Dashboard } from '../dashboard/server.js'
import { MillraceError } from '../errors.js'
import type { CloseOptions } from './close-options.js'
import type { Running } from './launch.js'

/** The parts of a running Flow. */
export interface Opened {
  readonly running: Running
  /** The control socket for other programs of this user; null without one. */
  readonly control: ControlServer | null
  /** The page for people; null without one. */
  readonly page: Dashboard | null
  /** Called after the Flow has closed. */
  readonly forget: () => void
}

// built → starting → running → closing → built: a closed Flow can be started again
// starting → built: the start failed, or was cancelled
type State =
  | { readonly state: 'built' }
  /** `settled` resolves when the start has succeeded, or has failed and left nothing. */
  | { readonly state: 'starting'; readonly cancel: AbortController; readonly settled: Promise<void> }
  | ({ readonly state: 'running' } & Opened)
  | { readonly state: 'closing'; readonly closed: Promise<void> }

/** State of a Flow, and its parts while it runs. */
export class Lifecycle {
  #state: State = { state: 'built' }

  /** Null unless the Flow runs. */
  get running(): Running | null {
    return this.#state.state === 'running' ? this.#state.running : null
  }

  /** Null without a page, and unless the Flow runs. */
  get page(): Dashboard | null {
    return this.#state.state === 'running' ? this.#state.page : null
  }

  get isStarting(): boolean {
    return this.#state.state === 'starting'
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

  /**
   * Runs `open` with a signal that aborts when the Flow is closed during the start, or when `signal` aborts. After a
   * failure the state is `built` again. @throws ALREADY_STARTED, CANCELLED, and what `open` throws
   */
  async start(open: (signal: AbortSignal) => Promise<Opened>, signal?: AbortSignal): Promise<void> {
    this.requireBuilt()
    const cancel = new AbortController()
    const onAbort = (): void => cancel.abort(cancelled('its signal was aborted', signal?.reason))
    if (signal?.aborted === true) onAbort()
    signal?.addEventListener('abort', onAbort)
    const started = this.#open(open, cancel.signal)
    this.#state = { state: 'starting', cancel, settled: started.then(ignore, ignore) }
    try {
      await started
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  async close(options: CloseOptions): Promise<void> {
    const current = this.#state
    switch (current.state) {
      case 'built':
        return
      case 'closing':
        return current.closed
      case 'starting':
        current.cancel.abort(cancelled('it was closed'))
        return current.settled
      case 'running': {
        const closed = this.#end(current, options)
        this.#state = { state: 'closing', closed }
        return closed
      }
    }
  }

  async #open(open: (signal: AbortSignal) => Promise<Opened>, signal: AbortSignal): Promise<void> {
    let opened: Opened
    try {
      signal.throwIfAborted()
      opened = await open(signal)
    } catch (error) {
      this.#state = { state: 'built' }
      // a platform's own CANCELLED says what the cancelled start has left there
      const isCancellation = MillraceError.is(error) && error.code === 'CANCELLED'
      throw signal.aborted && !isCancellation ? signal.reason : error
    }
    if (signal.aborted) {
      await this.#end(opened, {})
      throw signal.reason
    }
    this.#state = { state: 'running', ...opened }
  }

  async #end({ running, control, page, forget }: Opened, options: CloseOptions): Promise<void> {
    try {
      const closed = running.close(options)
      await Promise.all([closed, page?.close(), control?.close({ until: closed })])
    } finally {
      forget()
      this.#state = { state: 'built' }
    }
  }
}

function cancelled(why: string, cause?: unknown): MillraceError {
  return new MillraceError('CANCELLED', `The start of this Flow was cancelled: ${why}.`, { cause })
}

function ignore(): void {}
