import type { Call } from '../call/call.js'
import { type Document, DocumentArray } from '../document/index.js'
import { MillraceError } from '../errors.js'
import { Writer } from '../lib/protobuf/writer.js'
import type { DataRequest } from '../wire/data-request.js'
import { resultsIn, withResults } from '../wire/results.js'
import { structBytes } from '../wire/struct.js'
import { writeObject } from '../wire/struct-entry.js'
import { versionOf } from '../wire/version.js'
import { failed, unchanged } from './answers.js'
import { receivedDocs, withDocs } from './documents.js'
import { EndpointContext, type RequestHead } from './endpoint-context.js'
import type { Endpoint } from './endpoint.js'
import type { Executor } from './executor.js'
import { type Outcome, sortResult, yieldedDocument } from './result.js'
import { checkInput, checkOutput, handlerDocs, misfit } from './typed-request.js'
import { reasonOf } from '../lib/reason.js'

/** The method of an executor that answers a request, and the names in its answer. */
export interface Target {
  readonly executor: Executor
  readonly endpoint: Endpoint
  /** Key of a plain object under `parameters.__results__`. */
  readonly podName: string
  /** Name of the stage, added to the routes. */
  readonly deployment: string
  /** Called with the value that the handler threw, before the answer is sent. */
  readonly onError?: (error: unknown) => void
}

/**
 * Runs one request through one handler. The handler is called synchronously, so a sync handler has run when this returns. Never
 * rejects: whatever the handler throws becomes an answer with status ERROR (jina.md 2.10).
 *
 * A generator is run once for each document, as `stream_doc` would, and its items are collected.
 */
export async function invoke(target: Target, request: DataRequest, call: Call): Promise<DataRequest> {
  try {
    const { types } = target.endpoint
    const docs = receivedDocs(request, types?.input)
    checkInput(types, docs)
    if (target.endpoint.isGenerator) {
      const collected = await collectEach(target, { docs, head: request, call })
      return settle(target, request, { docs, outcome: { kind: 'documents', docs: collected } })
    }
    const returned = callHandler(target, { docs, head: request, call })
    const result = isThenable(returned) ? await returned : returned
    const outcome = sortResult(result, handlerName(target), types?.output)
    if (outcome.kind !== 'stream') return settle(target, request, { docs, outcome })
    const collected = new DocumentArray()
    await collect(target, outcome.items, { call, into: collected })
    return settle(target, request, { docs, outcome: { kind: 'documents', docs: collected } })
  } catch (error) {
    return failed(request, error, { ...target, call })
  }
}

/** Calls the method, with documents that were checked. Its errors and results go to the caller. */
export function callHandler(
  { executor, endpoint }: Target,
  { docs, head, call }: { docs: DocumentArray; head: RequestHead; call: Call },
): unknown {
  const { metas, logger } = executor
  const { types } = endpoint
  const context = new EndpointContext({ head, docs, call, name: metas.name, logger, types })
  if (types === null) return endpoint.handler.call(executor, docs, context)
  if (types.parameters !== undefined) context.parse()
  return endpoint.handler.call(executor, handlerDocs(types, docs), context)
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
    // checked here, because the name of the handler is not known when the answer is encoded
    return structBytes(results, handlerName(target))
  } catch (error) {
    const reason = reasonOf(error)
    throw new MillraceError(
      'INVALID_RESULT',
      `${handlerName(target)} returned results that cannot be sent: ${reason}`,
      { cause: error },
    )
  }
}

/** Throws INVALID_RESULT for documents that do not fit the output of the endpoint. */
export function checkResult(target: Target, docs: DocumentArray): void {
  const { types } = target.endpoint
  if (types?.output !== undefined) checkOutput(types, docs, handlerName(target))
}

/** What a handler made of the documents that it got. */
interface Handled {
  readonly docs: DocumentArray
  readonly outcome: Exclude<Outcome, { kind: 'stream' }>
}

function settle(target: Target, request: DataRequest, { docs, outcome }: Handled): DataRequest {
  if (outcome.kind !== 'results') checkResult(target, outcome.kind === 'documents' ? outcome.docs : docs)
  const answer = unchanged(request, target.deployment)
  if (outcome.kind === 'results') {
    answer.parameterBytes = addResults(target, answer.parameterBytes, outcome.results)
  }
  return outcome.kind === 'documents'
    ? answerWith(target, answer, outcome.docs)
    : versionOf(answer) === 'v2'
      ? answerInPlace(target, answer, docs)
      : answer // it has them already
}

/** The answer with documents that a handler returned. Throws INVALID_RESULT for what cannot be sent. */
export function answerWith(target: Target, answer: DataRequest, docs: DocumentArray): DataRequest {
  return misfit(handlerName(target), () => withDocs(answer, docs, target.endpoint.types?.output))
}

/** The answer with the documents of the request, which a handler may have changed. */
export function answerInPlace(target: Target, answer: DataRequest, docs: DocumentArray): DataRequest {
  const { types } = target.endpoint
  return misfit(handlerName(target), () => withDocs(answer, docs, types?.output ?? types?.input))
}

/** Async for asynchronous generators; a sync one has run for every document before this returns. */
async function collectEach(
  target: Target,
  { docs, head, call }: { docs: DocumentArray; head: RequestHead; call: Call },
): Promise<DocumentArray> {
  const collected = new DocumentArray()
  for (const doc of docs) {
    const items = callHandler(target, { docs: new DocumentArray([doc]), head, call }) as Items
    const pending = collect(target, items, { call, into: collected })
    if (pending !== undefined) await pending
  }
  return collected
}

type Items = Iterable<unknown> | AsyncIterable<unknown>
type Collecting = { readonly call: Call; readonly into: DocumentArray }

/** Not `for await`: a sync generator must run alone like any sync handler, and would yield between its documents. */
function collect(target: Target, items: Items, { call, into }: Collecting): Promise<void> | undefined {
  if (Symbol.asyncIterator in items) return collectAsync(target, items, { call, into })
  for (const item of items) into.push(yielded(target, item))
  return undefined
}

/** A document that the generator of an endpoint yielded. Throws INVALID_RESULT. */
export function yielded(target: Target, item: unknown): Document {
  return yieldedDocument(item, handlerName(target), target.endpoint.types?.output)
}

async function collectAsync(
  target: Target,
  items: AsyncIterable<unknown>,
  { call, into }: Collecting,
): Promise<void> {
  for await (const item of items) {
    if (call.aborted !== undefined) throw call.aborted
    into.push(yielded(target, item))
  }
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
