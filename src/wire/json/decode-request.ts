import { Document, DocumentArray } from '../../document/index.js'
import { nestedFromJson } from '../../document/document.js'
import { within } from '../../document/json-place.js'
import { docListFromJson, type PlacedJson } from '../../document/v2/index.js'
import { MillraceError } from '../../errors.js'
import { DataRequest } from '../data-request.js'
import { isMapping } from '../../lib/mapping.js'

type Json = Readonly<Record<string, unknown>>

/** What the request has besides its body. */
export interface JsonRequestOptions {
  /** The endpoint, whatever the body says; null takes that of the body. */
  readonly endpoint: string | null
  /** Used when the body has no id. */
  readonly requestId: string | undefined
  /** Whether its documents are of DocArray v2: their fields are by name. Default false. */
  readonly isV2?: boolean
}

/** Endpoint of a body that names none (jina.md 4.6). */
const defaultEndpoint = '/'

/**
 * A DataRequest from the body of Jina's HTTP gateways (jina.md 4.6 and 4.7), parsed JSON. Keys may be in camelCase or
 * snake_case, also those of `header`; unknown keys are ignored. `data` is a list of Documents, `{ docs: [...] }`, a single
 * Document or null.
 *
 * Throws INVALID_INPUT, with the place in the body.
 */
export function requestFromJson(
  body: unknown,
  { endpoint, requestId, isV2 = false }: JsonRequestOptions,
): DataRequest {
  if (!isMapping(body)) throw wrong('The body', 'an object', body)
  const header = objectAt(body, 'header') ?? {}
  const text = (...names: readonly [string, string]): string | undefined =>
    textAt(body, names) ?? at('header', () => textAt(header, names))
  const targetExecutor = text('targetExecutor', 'target_executor')
  const id = text('requestId', 'request_id') ?? requestId
  const parameters = objectAt(body, 'parameters')
  const documents = documentsOf(own(body, 'data'))
  const request = DataRequest.create({
    endpoint: endpoint ?? text('execEndpoint', 'exec_endpoint') ?? defaultEndpoint,
    ...(!isV2 && { docs: fromJson(documents) }),
    ...(parameters !== undefined && { parameters }),
    ...(targetExecutor !== undefined && { targetExecutor }),
    ...(id !== undefined && { requestId: id }),
  })
  if (!isV2) return request
  const given = request.withList([docListFromJson(documents)])
  given.saysV2 = true
  return given
}

function documentsOf(data: unknown): readonly PlacedJson[] {
  if (data === undefined || data === null) return []
  if (Array.isArray(data)) return placed(data, ['data'])
  if (!isMapping(data)) throw wrong('data', 'a list of documents, { docs: [...] }, a document or null', data)
  const docs = own(data, 'docs')
  if (docs === undefined || docs === null) return [{ json: data, place: ['data'] }]
  if (!Array.isArray(docs)) throw wrong('data.docs', 'a list of documents', docs)
  return placed(docs, ['data', 'docs'])
}

function placed(list: readonly unknown[], place: readonly string[]): readonly PlacedJson[] {
  return list.map((json, index) => ({ json, place: [...place, index] }))
}

function fromJson(documents: readonly PlacedJson[]): DocumentArray {
  return new DocumentArray(
    documents.map(({ json, place }): Document => nestedFromJson(withoutText(json), 0, place)),
  )
}

/** A string would be parsed as the JSON of a Document. */
function withoutText(entry: unknown): unknown {
  return typeof entry === 'string' ? [] : entry
}

function textAt(object: Json, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = own(object, name)
    if (value === undefined || value === null) continue
    if (typeof value !== 'string') throw wrong(name, 'a text', value)
    return value
  }
  return undefined
}

function objectAt(object: Json, name: string): Record<string, unknown> | undefined {
  const value = own(object, name)
  if (value === undefined || value === null) return undefined
  if (!isMapping(value)) throw wrong(name, 'an object', value)
  return value
}

function own(object: Json, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

function at<T>(name: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw within(error, name)
  }
}

function wrong(name: string, wanted: string, came: unknown): unknown {
  const shown = came === null ? 'null' : Array.isArray(came) ? 'a list' : typeof came
  const error = new MillraceError('INVALID_INPUT', `expected ${wanted}, got ${shown}`)
  return within(error, ...name.split('.'))
}
