import { MillraceError } from '../errors.js'
import { fromBase64, toBase64 } from './base64.js'
import { checked } from './check.js'
import type { Document } from './document.js'
import { field } from './fields.js'
import { within } from './json-place.js'
import { guessMimeType } from './mime.js'
import { NdArray } from './nd-array.js'
import { flatten } from './nested.js'
import type { NestedNumbers } from './nd-array.js'
import { record, requireShallow } from './record.js'
import type { NamedScore, Scores } from './score.js'
import { toDense } from './sparse/dense.js'
import { setOwn } from './struct.js'
import type { Tensor } from './tensor.js'

interface ScoreJson {
  value: number
  op_name: string | null
  description: string | null
  ref_id: string | null
}

/** A Document in JSON with DocArray v1's keys; empty values are null. */
export interface DocumentJson {
  id: string
  parent_id: string | null
  granularity: number | null
  adjacency: number | null
  /** base64 */
  blob: string | null
  /** Nested lists; sparse tensors become dense. */
  tensor: NestedNumbers
  mime_type: string | null
  text: string | null
  weight: number | null
  uri: string | null
  tags: Record<string, unknown> | null
  offset: number | null
  location: readonly number[] | null
  embedding: NestedNumbers
  modality: string | null
  evaluations: Record<string, ScoreJson> | null
  scores: Record<string, ScoreJson> | null
  chunks: DocumentJson[] | null
  matches: DocumentJson[] | null
}

/** The fields of `DocumentJson` with tensors and nested Documents as they are; empty values are null. */
export type JsonFields = Omit<DocumentJson, 'tensor' | 'embedding' | 'chunks' | 'matches'> & {
  readonly tensor: NdArray | null
  readonly embedding: NdArray | null
  readonly chunks: Iterable<Document> | null
  readonly matches: Iterable<Document> | null
}

/** Throws INVALID_INPUT for raw tensors, for sparse ones too large to be made dense, and for nesting deeper than 64. */
export function toJson(document: Document, depth = 0): DocumentJson {
  const fields = jsonFields(document, depth)
  const { tensor, embedding, chunks, matches } = fields
  return {
    ...fields, // gives the keys their order
    tensor: tensor?.toList() ?? null,
    embedding: embedding?.toList() ?? null,
    chunks: chunks === null ? null : nested(chunks, depth + 1),
    matches: matches === null ? null : nested(matches, depth + 1),
  }
}

/** Throws as `toJson`. */
export function jsonFields(document: Document, depth: number): JsonFields {
  requireShallow(depth)
  const own = document[record]
  // each caller knows the type of its field
  const get = <T>(number: number): T | null =>
    own.isEmpty(number) ? null : ((own.get(number) ?? null) as T | null)
  const uri = get<string>(field.uri)
  return {
    id: document.id,
    parent_id: get(field.parentId),
    granularity: get(field.granularity),
    adjacency: get(field.adjacency),
    blob: blobJson(get(field.blob)),
    tensor: denseOf(get(field.tensor)),
    mime_type: get<string>(field.mimeType) ?? (guessMimeType(uri ?? '') || null),
    text: get(field.text),
    weight: get(field.weight),
    uri,
    tags: get(field.tags),
    offset: get(field.offset),
    location: get(field.location),
    embedding: denseOf(get(field.embedding)),
    modality: get(field.modality),
    evaluations: scoresJson(get(field.evaluations)),
    scores: scoresJson(get(field.scores)),
    chunks: own.isEmpty(field.chunks) ? null : document.chunks,
    matches: own.isEmpty(field.matches) ? null : document.matches,
  }
}

function nested(documents: Iterable<Document>, depth: number): DocumentJson[] {
  return Array.from(documents, (document) => toJson(document, depth))
}

function blobJson(blob: Uint8Array | null): string | null {
  return blob === null ? null : toBase64(blob)
}

function denseOf(tensor: Tensor | null): NdArray | null {
  if (tensor === null) return null
  if (tensor.kind === 'raw') {
    throw new MillraceError(
      'INVALID_INPUT',
      `A tensor of ${tensor.clsName} ${tensor.dtype} cannot be written as JSON.`,
    )
  }
  return tensor.kind === 'dense' ? tensor : toDense(tensor)
}

function scoresJson(scores: Scores | null): Record<string, ScoreJson> | null {
  if (scores === null) return null
  const json: Record<string, ScoreJson> = {}
  for (const [name, { value, opName, description, refId }] of Object.entries(scores)) {
    setOwn(json, name, {
      value,
      op_name: opName ?? null,
      description: description ?? null,
      ref_id: refId ?? null,
    })
  }
  return json
}

/** Properties of `new Document`, except for its children, which are still JSON. */
export interface JsonInit {
  readonly [key: string]: unknown
  readonly chunks: readonly unknown[]
  readonly matches: readonly unknown[]
}

/**
 * Parses an object, or the JSON text of one. Unknown keys are ignored, as in DocArray. Throws INVALID_INPUT for wrong types.
 */
export function initFromJson(json: unknown, depth: number): JsonInit {
  requireShallow(depth)
  const given = typeof json === 'string' ? parse(json) : json
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw refused('A Document', 'an object', given)
  const init: Record<string, unknown> & JsonInit = { chunks: [], matches: [] }
  for (const [key, name] of keys) {
    const value = Object.hasOwn(given, key) ? (given as Record<string, unknown>)[key] : undefined
    if (value === undefined || value === null) continue
    try {
      ;(init as Record<string, unknown>)[name] = convert(key, name, value)
    } catch (error) {
      throw within(error, key)
    }
  }
  return init
}

const keys = (Object.keys(field) as (keyof typeof field)[]).map(
  (name) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), name] as const,
)

function convert(key: string, name: keyof typeof field, value: unknown): unknown {
  switch (key) {
    case 'blob':
      return (typeof value === 'string' ? fromBase64(value) : undefined) ?? fail(key, 'base64 text', value)
    case 'tensor':
    case 'embedding':
      return new NdArray(flatten(value as NestedNumbers))
    case 'location':
      return Array.isArray(value) ? value.map((number: unknown) => number ?? Number.NaN) : value
    case 'scores':
    case 'evaluations':
      return scoresFrom(key, value)
    case 'chunks':
    case 'matches':
      return Array.isArray(value) ? value : fail(key, 'a list', value)
    default:
      return checked(field[name], value)
  }
}

type Nullable<T> = { [K in keyof T]: T[K] | null }

/** JSON has no NaN and no infinities, and `JSON.stringify` writes null for them. */
function scoresFrom(key: string, value: unknown): Scores {
  if (typeof value !== 'object' || Array.isArray(value)) throw refused(key, 'an object', value)
  const scores: Scores = {}
  for (const [name, given] of Object.entries(value as Record<string, Partial<Nullable<ScoreJson>> | null>)) {
    const score: NamedScore = { value: given?.value === null ? Number.NaN : (given?.value ?? 0) }
    if (typeof score.value !== 'number') throw refused(`${key}.${name}`, '{ value: number }', given)
    if (given?.op_name) score.opName = given.op_name
    if (given?.description) score.description = given.description
    if (given?.ref_id) score.refId = given.ref_id
    setOwn(scores, name, score)
  }
  return scores
}

/** Throws INVALID_INPUT for malformed JSON. */
export function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (error) {
    throw new MillraceError('INVALID_INPUT', `This text is not JSON: ${String(error)}`, { cause: error })
  }
}

function fail(key: string, wanted: string, came: unknown): never {
  throw refused(key, wanted, came)
}

function refused(what: string, wanted: string, came: unknown): MillraceError {
  const shown = came === null ? 'null' : Array.isArray(came) ? 'a list' : typeof came
  return new MillraceError('INVALID_INPUT', `${what} must be ${wanted} in JSON, got ${shown}.`)
}
