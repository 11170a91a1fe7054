/**
 * Decides whether a request is the cause of lost replicas.
 *
 * 1. A request is refused as the cause only when it has lost as many replicas as it may, and was the only request at the last
 *    one. A replica that was ended from outside, or whose exit was not reported, counts half: the request may be the reason
 *    (its memory), or not.
 */
import type { Call } from '../call/call.js'
import type { Clock } from '../lib/clock.js'
import type { Endpoint } from './endpoints.js'

/** A replica that was lost while a request was in flight there. */
export interface Loss {
  readonly endpoint: Endpoint
  /** Number of requests in flight there, this one included. */
  readonly requests: number
  /** What this gateway knows about the loss, as a predicate after the replica's name. */
  readonly reason: string
}

/** The requests of a lost replica are retried in this many groups, so that a harmful one is lost again with few others. */
const rounds = 16

/** How many requests that lost a replica together may run on another replica at the same time. */
export function groupSize(losses: readonly Loss[]): number {
  return Math.ceil(losses.at(-1)!.requests / rounds)
}

/** The context in which the losses of a request are judged. */
export interface Judge {
  readonly call: Call
  readonly clock: Clock
  /** Replicas that one request may lose. */
  readonly maxLostReplicas: number
}

/** Whether a request has lost as many replicas as it may. Waits until the exits of these replicas are reported, or time out. */
export async function hasLostEnough(losses: readonly Loss[], judge: Judge): Promise<boolean> {
  const { call, clock, maxLostReplicas } = judge
  if (losses.length < maxLostReplicas) return false
  const exits = await Promise.all(losses.map(({ endpoint }) => endpoint.exitTracker.exit(call, clock)))
  const lost = exits.reduce((sum, exit) => sum + (exit?.isFromOutside === false ? 1 : 0.5), 0)
  return lost >= maxLostReplicas
}

/** Whether a request is the cause of its lost replicas. */
export async function isCause(losses: readonly Loss[], judge: Judge): Promise<boolean> {
  return losses.at(-1)!.requests === 1 && (await hasLostEnough(losses, judge))
}

/** Describes what happened to the replicas, in one sentence each, with the last output lines of the last one. */
export async function lossesTold(
  losses: readonly Loss[],
  { call, clock }: Judge,
): Promise<{ readonly sentences: string; readonly output: readonly string[] }> {
  const exits = await Promise.all(losses.map(({ endpoint }) => endpoint.exitTracker.exit(call, clock)))
  const sentences = losses.map(
    ({ endpoint, reason }, index) => `${endpoint.name} ${exits[index]?.reason ?? reason}.`,
  )
  return { sentences: sentences.join(' '), output: exits.at(-1)?.output ?? [] }
}
