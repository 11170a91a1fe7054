import type { MessagePort, TransferListItem } from 'node:worker_threads'
import { type ErrorFacts, MillraceError } from '../errors.js'
import type { ProfileOrder } from '../observe/profile/profile-order.js'
import type { ReduceContext } from '../shards/reduce.js'
import type { Address } from '../transport/transport.js'
import type { GatewayEvent, Expectation, Removal, ReplicaCounts } from './events.js'

/** A command to the gateway's thread; each is answered once, by a `Report` with its `id`. */
export type Command =
  | { readonly kind: 'listen'; readonly id: number }
  | {
      readonly kind: 'add'
      readonly id: number
      readonly stage: string
      readonly pod: string
      readonly address: Address
    }
  | {
      readonly kind: 'remove'
      readonly id: number
      readonly stage: string
      readonly pod: string
      readonly removal: Removal
    }
  | {
      readonly kind: 'expect'
      readonly id: number
      readonly stage: string
      readonly expectation: Expectation
    }
  | {
      readonly kind: 'supervise'
      readonly id: number
      readonly stage: string
      readonly counts: ReplicaCounts
    }
  | { readonly kind: 'status'; readonly id: number }
  | { readonly kind: 'refused-by-rate'; readonly id: number }
  | { readonly kind: 'profile'; readonly id: number; readonly order: ProfileOrder }
  | { readonly kind: 'ready'; readonly id: number }
  | { readonly kind: 'accept'; readonly id: number; readonly port: MessagePort }
  | { readonly kind: 'close'; readonly id: number; readonly graceMs: number }

/** The answer to a `reduce` of the thread, with its `id`. */
export type Reduced =
  | { readonly kind: 'reduced'; readonly id: number; readonly list: Uint8Array }
  | { readonly kind: 'not-reduced'; readonly id: number; readonly error: PackedError }

/**
 * A message from the gateway's thread. `event` is not an answer to a command; `reduce` is a request to the host, which
 * answers it with a `Reduced`.
 */
export type Report =
  | { readonly kind: 'done'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly error: PackedError }
  | { readonly kind: 'event'; readonly event: GatewayEvent }
  | {
      readonly kind: 'reduce'
      readonly id: number
      readonly stage: string
      readonly lists: readonly Uint8Array[]
      readonly context: ReduceContext
    }

/** A MillraceError as plain data: structured clone keeps neither its class nor its fields. */
export interface PackedError extends ErrorFacts {
  readonly stack: string | undefined
}

/** Converts an error to plain data for the other thread. */
export function packError(value: unknown): PackedError {
  const error = MillraceError.from(value)
  return { ...error.facts, stack: error.stack }
}

/** Restores an error from the other thread, with its stack. */
export function unpackError({ code, message, stack, ...facts }: PackedError): MillraceError {
  const error = new MillraceError(code, message, facts)
  if (stack !== undefined) error.stack = stack
  return error
}

/**
 * The parts of a command that are moved to the other thread instead of copied. Throws UNSUPPORTED for an address that cannot
 * cross threads.
 */
export function transferOf(command: Command): TransferListItem[] {
  if (command.kind === 'accept') return [command.port]
  if (command.kind !== 'add') return []
  const { address } = command
  if (address.kind === 'memory') {
    throw new MillraceError(
      'UNSUPPORTED',
      `${command.pod} listens in memory, which another thread cannot reach.`,
    )
  }
  return address.kind === 'port' ? [address.port satisfies MessagePort] : []
}
