import type { Handler } from '../../src/call/call.js'
import { Scope } from '../../src/call/scope.js'
import { MillraceError } from '../../src/errors.js'
import type { Clock } from '../../src/lib/clock.js'
import { DataRequest } from '../../src/wire/data-request.js'
import type { Ledger } from './ledger.js'
import { exponential } from './random.js'

export interface TrafficOptions {
  readonly clock: Clock
  readonly random: () => number
  readonly handle: Handler
  readonly ledger: Ledger
  /** Requests per second at a given time. */
  readonly rate: (ms: number) => number
  /** Deadline of each request in milliseconds; default none. */
  readonly deadlineMs?: number
  /** Whether to continue after the first `count`. */
  hasMore(count: number): boolean
}

/** An open loop: requests arrive at random times (Poisson), however many are in flight. */
export function sendAll(options: TrafficOptions): { isOver(): boolean } {
  const { clock, random, rate, ledger } = options
  let sent = 0
  let isLast = false
  const next = (): void => {
    const gapMs = (exponential(random()) * 1000) / rate(clock.monotonic())
    clock.after(gapMs, () => {
      isLast = !options.hasMore(sent + 1)
      void send(options) // never rejects
      sent++
      if (!isLast) next()
    })
  }
  next()
  return { isOver: () => isLast && ledger.settled === sent }
}

async function send({ clock, handle, ledger, deadlineMs = Infinity }: TrafficOptions): Promise<void> {
  const number = ledger.arrived(clock.monotonic())
  const call = new Scope(clock.now() + deadlineMs, {})
  const late = (): void =>
    call.abort(new MillraceError('DEADLINE_EXCEEDED', 'The client does not wait longer.'))
  const cancel = deadlineMs === Infinity ? () => {} : clock.after(deadlineMs, late)
  try {
    await handle(DataRequest.create({ endpoint: '/search', requestId: String(number) }), call)
    ledger.ended(number, 'answered', clock.monotonic())
  } catch (error) {
    const isRefused = MillraceError.from(error).code === 'RESOURCE_EXHAUSTED'
    ledger.ended(number, isRefused ? 'refused' : 'failed', clock.monotonic())
  } finally {
    cancel()
  }
}
