import type { PeerName } from './measure/peers.js'

/** The measured values, one per round. */
export interface Figure {
  readonly name: string
  readonly values: readonly number[]
}

/**
 * One line of the table. `ours` over `peer`, medians, must keep `relation` to `must`; without a peer, `ours` itself must.
 */
export interface Result {
  /** Number of the row in the list of targets, with a letter when a row has several figures. */
  readonly row: string
  readonly what: string
  readonly unit: string
  readonly ours: Figure
  readonly peer?: Figure
  readonly relation: '≤' | '≥'
  readonly must: number
  readonly aim?: number
  readonly note?: string
}

/** A group of rows that share their programs. */
export interface Row {
  /** The row numbers that select it on the command line. */
  readonly rows: readonly string[]
  readonly needs: readonly PeerName[]
  measure(): Promise<readonly Result[]>
}
