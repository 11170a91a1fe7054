import type { MessagePort } from 'node:worker_threads'
import type { Description } from '../call/call.js'
import type { Address } from '../transport/transport.js'
import type { Departure, Expectation, GatewayEvent, Removal, ReplicaCounts, StageLoad } from './events.js'

/** Receives the events of a gateway. */
export type OnEvent = (event: GatewayEvent) => void

/** The ports that a gateway has bound. */
export interface BoundPorts {
  /** In the order of the listeners. */
  readonly ports: readonly number[]
  /** Null when metrics are off. */
  readonly metricsPort: number | null
}

/** The entry point of a Flow; runs in any thread. */
export interface Gateway {
  /**
   * Binds every listener, and has tried once to reach each external server. Resolves with the ports, in the order of the
   * listeners, and that of the metrics. Rejects with PORT_IN_USE or START_FAILED, and then listens on no port.
   */
  listen(): Promise<BoundPorts>
  /**
   * Dials a pod of a stage, or of one of its shards (`exec/shard-1`), and balances requests to it once it has described
   * itself and answered a dry run. Rejects with UNAVAILABLE or with the pod's error.
   */
  add(stage: string, pod: string, address: Address): Promise<Description>
  /**
   * Sends the pod no more requests, waits for those in flight, at most `graceMs`, and closes the connection. Resolves with
   * what the pod had done, null when there is no such pod.
   */
  remove(stage: string, pod: string, options: Removal): Promise<Departure | null>
  /** Reports SERVING to health checks; until then they get NOT_SERVING. */
  ready(): Promise<void>
  /** Serves a client on another thread of this process, at the other end of `port`. */
  accept(port: MessagePort): Promise<void>
  /** Finishes the requests in flight, for at most `graceMs`, and closes. Idempotent. */
  close(options: { readonly graceMs: number }): Promise<void>
  /** Sets whether a stage without replicas will get one; for a stage with external servers it stays false. */
  expect(stage: string, expectation: Expectation): Promise<void>
  /** Tells the metrics what the Flow knows of the replicas of a stage, or of one of its shards. */
  supervise(stage: string, counts: ReplicaCounts): Promise<void>
  /** The current load of every shard of every stage. */
  status(): Promise<readonly StageLoad[]>
  /** Requests refused because of `rateLimit`; null without such a limit. */
  refusedByRate(): Promise<number | null>
  onEvent(listener: OnEvent): void
}
