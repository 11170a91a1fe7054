import type { MessagePort, TransferListItem } from 'node:worker_threads'
import { type ErrorCode, MillraceError, type Whereabouts } from '../errors.js'
import type { Address } from '../transport/transport.js'

/** What the host asks of the gateway's thread; each is answered once, by a `Reply` with its `id`. */
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
      readonly graceMs: number
    }
  | { readonly kind: 'accept'; readonly id: number; readonly port: MessagePort }
  | { readonly kind: 'close'; readonly id: number; readonly graceMs: number }

/** What the thread says. `lost` comes unasked. */
export type Report =
  | { readonly kind: 'done'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly error: PackedError }
  | { readonly kind: 'lost'; readonly stage: string; readonly pod: string; readonly reason: string }

/** A MillraceError as plain data: structured clone keeps neither its class nor its fields. */
export interface PackedError {
  readonly code: ErrorCode
  readonly message: string
  readonly stack: string | undefined
  readonly retryable: boolean
  readonly where: Whereabouts
  readonly output: readonly string[]
}

export function packError(value: unknown): PackedError {
  const { code, message, stack, retryable, where, output } = MillraceError.from(value)
  return { code, message, stack, retryable, where, output }
}

export function unpackError({ code, message, stack, ...options }: PackedError): MillraceError {
  const error = new MillraceError(code, message, options)
  if (stack !== undefined) error.stack = stack
  return error
}

/** What of a command must move to the other thread instead of being copied. Throws UNSUPPORTED for what cannot cross. */
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
