/**
 * Which replicas were lost, with which requests.
 *
 * 1. A request is refused as the cause of lost replicas only when it has lost as many as it may, and was alone at the last. A
 *    replica that was ended from outside, or of which nobody says how it ended, counts half: the request may be the reason
 *    for that (its memory), or not.
 */
import type { Call } from '../call/call.js'
import type { Clock } from '../lib/clock.js'
import type { Endpoint } from './endpoints.js'

/** A replica that was lost while it had a request. */
export interface Loss {
  readonly endpoint: Endpoint
  /** Requests that it had, this one included. */
  readonly requests: number
  /** What is known of the loss here. */
  readonly reason: string
}

/** In how many rounds the requests of a lost replica are tried again, so that one of them does not take the others along. */
const rounds = 16

/** How many requests that lost a replica together may share another one. */
export function groupSize(losses: readonly Loss[]): number {
  return Math.ceil(losses.at(-1)!.requests / rounds)
}

export interface Judge {
  readonly call: Call
  readonly clock: Clock
  /** Replicas that one request may lose. */
  readonly maxLostReplicas: number
}

/** Whether a request has lost as many replicas as it may. Waits until it is known how they ended. */
export async function hasLostEnough(losses: readonly Loss[], judge: Judge): Promise<boolean> {
  const { call, clock, maxLostReplicas } = judge
  if (losses.length < maxLostReplicas) return false
  const exits = await Promise.all(losses.map(({ endpoint }) => endpoint.fate.exit(call, clock)))
  const lost = exits.reduce((sum, exit) => sum + (exit?.isFromOutside === false ? 1 : 0.5), 0)
  return lost >= maxLostReplicas
}

/** Whether a request is the cause of its lost replicas. */
export async function isCause(losses: readonly Loss[], judge: Judge): Promise<boolean> {
  return losses.at(-1)!.requests === 1 && (await hasLostEnough(losses, judge))
}

/** What became of the replicas, in one sentence for each, and the last lines of the last one. */
export async function lossesTold(
  losses: readonly Loss[],
  { call, clock }: Judge,
): Promise<{ readonly sentences: string; readonly output: readonly string[] }> {
  const exits = await Promise.all(losses.map(({ endpoint }) => endpoint.fate.exit(call, clock)))
  const sentences = losses.map(
    ({ endpoint, reason }, index) => `${endpoint.name} ${exits[index]?.reason ?? reason}.`,
  )
  return { sentences: sentences.join(' '), output: exits.at(-1)?.output ?? [] }
}
