import type { Observation, Outcome } from '../call/observation.js'
import { Scope } from '../call/scope.js'
import type { DocumentArray } from '../document/index.js'
import { MillraceError } from '../errors.js'
import type { Batching } from '../executor/batching.js'
import { invokeBatch } from '../executor/invoke-batch.js'
import type { Part } from './batch-queue.js'
import type { BatchedRequest, BatcherParts, JoinedCall } from './batched-request.js'

/** Documents of one request in one batch. */
export type BatchPart = Part<BatchedRequest>

/** A batch while it runs. */
interface Batch extends JoinedCall {
  /** The handler threw, or all requests have left: its time says nothing about its size. */
  hasFailed: boolean
  /** What the handler threw first. */
  error: unknown
}

/**
 * Runs batches: calls the handler, and gives each request the results of its own documents.
 *
 * 1. The deadline of a batch is the latest of its requests.
 * 2. When the handler throws, all requests of the batch fail with that. With `onError: 'isolate'` the batch is halved and each
 *    half runs again, until a request that fails is alone.
 */
export class BatchRunner {
  readonly #parts: BatcherParts
  readonly #onError: Batching['onError']

  constructor(parts: BatcherParts, { onError }: Pick<Batching, 'onError'>) {
    this.#parts = parts
    this.#onError = onError
  }

  /** Resolves when every document was run, with whether the handler threw or all requests have left. Never rejects. */
  async run(parts: readonly BatchPart[]): Promise<{ readonly hasFailed: boolean }> {
    const { clock, meter, times } = this.#parts
    const deadline = parts.reduce((latest, { entry }) => Math.max(latest, entry.call.deadline), 0)
    const documents = parts.reduce((sum, { docs }) => sum + docs.length, 0)
    const span = spanOf(parts, documents)
    const batch: Batch = {
      call: new Scope(deadline, {}),
      live: parts.length,
      hasFailed: false,
      error: undefined,
    }
    batch.call.observation = span
    meter.began(documents)
    for (const { entry } of parts) {
      entry.join(batch)
      entry.call.observation?.event({ name: 'batch.started', documents, requests: parts.length })
    }
    const began = clock.monotonic()
    await this.#attempt(parts, batch)
    span?.end(outcomeOf(batch, parts))
    times?.ran({ documents, requests: parts.length, ms: clock.monotonic() - began })
    for (const { entry } of parts) entry.leave(batch)
    if (batch.call.aborted !== undefined) batch.hasFailed = true
    return batch
  }

  /** Runs what is left of a batch, or of a half of it. */
  async #attempt(all: readonly BatchPart[], batch: Batch): Promise<void> {
    const { call } = batch
    const parts = all.filter(({ entry }) => !entry.isSettled)
    const [first] = parts
    if (first === undefined) return
    const docs = parts.flatMap((part) => part.docs)
    const { request } = first.entry
    const head = {
      requestId: request.requestId,
      endpoint: request.endpoint,
      readParameters: () => request.readParameters(),
      routes: [],
      parts: [],
    }
    let result: DocumentArray
    try {
      result = await invokeBatch(this.#parts.target, { docs, head, call })
    } catch (error) {
      batch.hasFailed = true
      batch.error ??= error
      if (parts.length > 1 && this.#isolates(error) && call.aborted === undefined) {
        const half = Math.ceil(parts.length / 2)
        await this.#attempt(parts.slice(0, half), batch)
        return this.#attempt(parts.slice(half), batch)
      }
      for (const { entry } of parts) entry.fail(error)
      return
    }
    let position = 0
    for (const { entry, start, docs: own } of parts) {
      for (let index = 0; index < own.length; index++) entry.results[start + index] = result.at(position++)!
      entry.progressed(own.length)
    }
  }

  /** A result that cannot be divided is the fault of the handler and not of a document. */
  #isolates(error: unknown): boolean {
    if (this.#onError !== 'isolate') return false
    return !MillraceError.is(error) || error.code !== 'INVALID_RESULT'
  }
}

/** The span of a batch, below that of its first request that is traced. */
function spanOf(parts: readonly BatchPart[], documents: number): Observation | undefined {
  const [first, ...others] = parts.flatMap(({ entry }) => entry.call.observation ?? [])
  return first?.batch?.(documents, others)
}

function outcomeOf({ error }: Batch, parts: readonly BatchPart[]): Outcome {
  if (error !== undefined) return { kind: 'failed', error: MillraceError.from(error, 'EXECUTOR_FAILED') }
  return { kind: 'answered', answer: parts[0]!.entry.request }
}
