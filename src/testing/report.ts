import { AssertionError } from 'node:assert'
import type { ErrorCode } from '../errors.js'
import type { Ledger } from './ledger.js'

/** The figures of a zero-loss test. */
export interface LossReport {
  readonly sent: number
  /** Requests answered with success. */
  readonly answered: number
  /** Requests that got neither an answer nor an error. */
  readonly lost: number
  /** Requests that got more than one. */
  readonly twice: number
  /** How many requests failed, by code. */
  readonly errors: Readonly<Partial<Record<ErrorCode, number>>>
  /** Ids that ran more often than allowed; null without counts. */
  readonly executedTwice: number | null
  readonly seconds: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  /** Milliseconds from the end of the script until every stage had all its replicas. */
  readonly recoveredMs: number
  /** What the script did, with seconds since its start. */
  readonly events: readonly string[]
}

/** A failed zero-loss test. `report` has the figures and, in `events`, what the script did. */
export class LossError extends AssertionError {
  readonly report: LossReport

  constructor(message: string, report: LossReport) {
    super({ message, operator: 'expectZeroLoss' })
    this.report = report
  }
}

/** Describes failures seen in the requests. */
export function complaintsOf(ledger: Ledger): string[] {
  const { open, twice, foreign, unexpected, complaints } = ledger
  return [
    ...about(open, 'got no answer'),
    ...about(twice, 'got more than one answer'),
    ...about(foreign, 'got an answer that is not theirs'),
    ...(unexpected === 0 ? [] : [`${unexpected} of ${ledger.sent} requests failed`]),
    ...complaints,
  ]
}

/** Describes failures seen in the counted executions. */
export function complaintsAbout(ran: Executions): string[] {
  return [
    ...about(ran.tooOften, 'ran more often than allowed'),
    ...about(ran.never, 'were answered but never ran'),
  ]
}

/** Ids of requests that were executed too often, or answered without having been executed. */
export interface Executions {
  readonly tooOften: readonly string[]
  readonly never: readonly string[]
}

/** Compares the counted executions with the answers. */
export function judge(counts: ReadonlyMap<string, number>, ledger: Ledger, most: number): Executions {
  return {
    // ignores requests that the script sent itself
    tooOften: [...counts].filter(([id, count]) => count > most && ledger.owns(id)).map(([id]) => id),
    never: [...ledger.answeredIds()].filter((id) => !counts.has(id)),
  }
}

function about(ids: readonly string[], what: string): string[] {
  if (ids.length === 0) return []
  const shown = ids.slice(0, 5).join(', ')
  return [`${ids.length} ${what}: ${shown}${ids.length > 5 ? ', …' : ''}`]
}
