import type { Call } from '../call/call.js'
import { DocumentArray } from '../document/index.js'
import { MillraceError } from '../errors.js'
import { Writer } from '../lib/protobuf/writer.js'
import type { DataRequest } from '../wire/data-request.js'
import { resultsIn, withResults } from '../wire/results.js'
import { structBytes } from '../wire/struct.js'
import { writeObject } from '../wire/struct-entry.js'
import { failed, unchanged } from './answers.js'
import { EndpointContext, type RequestHead } from './endpoint-context.js'
import type { Endpoint } from './endpoint.js'
import type { Executor } from './executor.js'
import { type Outcome, sortResult, yieldedDocument } from './result.js'

/** Which method of which executor answers, and in whose name. */
export interface Target {
  readonly executor: Executor
  readonly endpoint: Endpoint
  /** Key of a plain object under `parameters.__results__`. */
  readonly podName: string
  /** Name of the stage, added to the routes. */
  readonly deployment: string
  /** Told what the handler threw, before the answer goes out. */
  readonly onError?: (error: unknown) => void
}

/**
 * One request through one handler. The handler is called before this function first waits, so a sync handler has run
 * when it returns. Never rejects: what the handler throws becomes an answer with status ERROR (jina.md 2.10).
 *
 * A generator is run once for each document, as `stream_doc` would, and what it yields is gathered.
 */
export async function invoke(target: Target, request: DataRequest, call: Call): Promise<DataRequest> {
  try {
    const { docs } = request
    if (target.endpoint.isGenerator) {
      return settle(target, request, { kind: 'documents', docs: await gatherEach(target, request, call) })
    }
    const returned = callHandler(target, { docs, head: request, call })
    const outcome = sortResult(isThenable(returned) ? await returned : returned, handlerName(target))
    if (outcome.kind !== 'stream') return settle(target, request, outcome)
    const gathered = new DocumentArray()
    await gather(target, outcome.items, { call, into: gathered })
    return settle(target, request, { kind: 'documents', docs: gathered })
  } catch (error) {
    return failed(request, error, { ...target, call })
  }
}

/** Calls the method. Whatever it throws or returns is the caller's. */
export function callHandler(
  { executor, endpoint }: Target,
  { docs, head, call }: { docs: DocumentArray; head: RequestHead; call: Call },
): unknown {
  const { metas, logger } = executor
  const context = new EndpointContext({ head, docs, call, name: metas.name, logger })
  return endpoint.handler.call(executor, docs, context)
}

/** `MyIndexer.index`, for messages. */
export function handlerName({ executor, endpoint }: Target): string {
  return `${executor.constructor.name}.${endpoint.method}`
}

/** Parameters with one pod's results added. Throws INVALID_RESULT for what cannot be sent. */
export function addResults(
  target: Target,
  parameters: Uint8Array | undefined,
  results: Readonly<Record<string, unknown>>,
): Uint8Array {
  const entry = new Writer()
  writeObject(entry, target.podName, [resultBytes(target, results)])
  const known = parameters && resultsIn(parameters)
  return withResults(parameters, known === undefined ? [entry.finish()] : [known, entry.finish()])
}

function resultBytes(target: Target, results: Readonly<Record<string, unknown>>): Uint8Array {
  try {
    // here and not when the answer is encoded: there nobody knows any more who returned it
    return structBytes(results, handlerName(target))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new MillraceError(
      'INVALID_RESULT',
      `${handlerName(target)} returned results that cannot be sent: ${reason}`,
      { cause: error },
    )
  }
}

function settle(
  target: Target,
  request: DataRequest,
  outcome: Exclude<Outcome, { kind: 'stream' }>,
): DataRequest {
  const answer = unchanged(request, target.deployment)
  if (outcome.kind === 'documents') answer.docs = outcome.docs
  if (outcome.kind === 'results') {
    answer.parameterBytes = addResults(target, answer.parameterBytes, outcome.results)
  }
  return answer
}

/** Async for the generators that wait; a sync one has run for every document before this returns. */
async function gatherEach(target: Target, request: DataRequest, call: Call): Promise<DocumentArray> {
  const gathered = new DocumentArray()
  for (const doc of request.docs) {
    const docs = new DocumentArray([doc])
    const items = callHandler(target, { docs, head: request, call }) as Items
    const pending = gather(target, items, { call, into: gathered })
    if (pending !== undefined) await pending
  }
  return gathered
}

type Items = Iterable<unknown> | AsyncIterable<unknown>
type Gathering = { readonly call: Call; readonly into: DocumentArray }

/** `for await` over a sync generator would give way between its documents: it is to be alone, like any sync handler. */
function gather(target: Target, items: Items, { call, into }: Gathering): Promise<void> | undefined {
  if (Symbol.asyncIterator in items) return gatherLater(target, items, { call, into })
  for (const item of items) into.push(yieldedDocument(item, handlerName(target)))
  return undefined
}

async function gatherLater(
  target: Target,
  items: AsyncIterable<unknown>,
  { call, into }: Gathering,
): Promise<void> {
  for await (const item of items) {
    if (call.aborted !== undefined) throw call.aborted
    into.push(yieldedDocument(item, handlerName(target)))
  }
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
