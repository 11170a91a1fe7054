import type { Clock } from '../lib/clock.js'
import { Allowance, type Rate } from './allowance.js'

/** How often a peer may send what costs it little. Each has a named test in `floods.test.ts`. */
export interface FloodLimits {
  /** Streams that are reset within `rapidMs`, before their answer is complete, by the peer or because of what it sent. */
  readonly resets: Rate
  readonly pings: Rate
  readonly settings: Rate
  readonly windowUpdates: Rate
  /** Frames without an effect: empty DATA, PRIORITY, frames of unknown types. */
  readonly idleFrames: Rate
}

/**
 * A call that is cancelled later than this is no attack: it may have had a deadline, and a peer can have no more than its
 * streams in this time.
 */
export const rapidMs = 50

export const floodLimits: FloodLimits = {
  resets: { burst: 4096, perSecond: 400 },
  pings: { burst: 2000, perSecond: 1000 },
  settings: { burst: 200, perSecond: 20 },
  windowUpdates: { burst: 20_000, perSecond: 2000 },
  idleFrames: { burst: 1000, perSecond: 100 },
}

/** What a finished call earns: grpc-go pings once for most answers, and updates two windows for each. */
const earnedByCall = { resets: 1, pings: 2, windowUpdates: 4 } as const

/** So much data earns a ping and two updates of windows. */
const earningBytes = 4096

/**
 * Counts what a peer does at little cost, against the useful work on its connection.
 *
 * Finished calls earn pings, resets and updates of windows. Data earns by its bytes, so that updates of tiny windows earn
 * nothing. Settings and frames without an effect are not earned.
 */
export class FloodGuard {
  readonly resets: Allowance
  readonly pings: Allowance
  readonly settings: Allowance
  readonly windowUpdates: Allowance
  readonly idleFrames: Allowance
  #bytes = 0

  constructor(limits: FloodLimits, clock: Clock) {
    this.resets = new Allowance(limits.resets, clock)
    this.pings = new Allowance(limits.pings, clock)
    this.settings = new Allowance(limits.settings, clock)
    this.windowUpdates = new Allowance(limits.windowUpdates, clock)
    this.idleFrames = new Allowance(limits.idleFrames, clock)
  }

  callFinished(): void {
    this.resets.earn(earnedByCall.resets)
    this.pings.earn(earnedByCall.pings)
    this.windowUpdates.earn(earnedByCall.windowUpdates)
  }

  /** So many bytes of messages were sent or received. */
  transferred(bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes < earningBytes) return
    const units = Math.floor(this.#bytes / earningBytes)
    this.#bytes -= units * earningBytes
    this.pings.earn(units)
    this.windowUpdates.earn(2 * units)
  }
}
