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
import { type DocumentRecord, record, requireShallow } from './record.js'
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

/** The keys of `DocumentJson` in their order, with the numbers of their fields. */
export const jsonKeys: readonly (readonly [key: keyof DocumentJson, number: number])[] = [
  ['id', field.id],
  ['parent_id', field.parentId],
  ['granularity', field.granularity],
  ['adjacency', field.adjacency],
  ['blob', field.blob],
  ['tensor', field.tensor],
  ['mime_type', field.mimeType],
  ['text', field.text],
  ['weight', field.weight],
  ['uri', field.uri],
  ['tags', field.tags],
  ['offset', field.offset],
  ['location', field.location],
  ['embedding', field.embedding],
  ['modality', field.modality],
  ['evaluations', field.evaluations],
  ['scores', field.scores],
  ['chunks', field.chunks],
  ['matches', field.matches],
]

/** Throws INVALID_INPUT for raw tensors, for sparse ones too large to be made dense, and for nesting deeper than 64. */
export function toJson(document: Document, depth = 0): DocumentJson {
  requireShallow(depth)
  const own = document[record]
  const json: Record<string, unknown> = {}
  for (const [key, number] of jsonKeys)
    json[key] = own.isEmpty(number) ? null : fieldJson(document, number, depth)
  json.id = document.id
  json.mime_type ??= mimeTypeOf(own)
  return json as unknown as DocumentJson
}

/** The value of a field that is not empty. */
function fieldJson(document: Document, number: number, depth: number): unknown {
  // not their values: a Document decodes its children itself
  if (number === field.chunks) return nested(document.chunks, depth + 1)
  if (number === field.matches) return nested(document.matches, depth + 1)
  const value = document[record].get(number)
  switch (number) {
    case field.blob:
      return toBase64(value as Uint8Array)
    case field.tensor:
    case field.embedding:
      return denseOf(value as Tensor).toList()
    case field.scores:
    case field.evaluations:
      return scoresJson(value as Scores)
    default:
      return value
  }
}

/** The MIME type that the URI of a Document without one suggests; null for none. */
export function mimeTypeOf(own: DocumentRecord): string | null {
  return own.isEmpty(field.uri) ? null : guessMimeType(own.get(field.uri) as string) || null
}

function nested(documents: Iterable<Document>, depth: number): DocumentJson[] {
  return Array.from(documents, (document) => toJson(document, depth))
}

export function denseOf(tensor: Tensor): NdArray {
  if (tensor.kind === 'raw') {
    throw new MillraceError(
      'INVALID_INPUT',
      `A tensor of ${tensor.clsName} ${tensor.dtype} cannot be written as JSON.`,
    )
  }
  return tensor.kind === 'dense' ? tensor : toDense(tensor)
}

export function scoresJson(scores: Scores): Record<string, ScoreJson> {
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

/** JSON has no NaN and no infinities, and `JSON.stringify` writes null for them. */
function scoresFrom(key: string, value: unknown): Scores {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refused(key, 'an object', value)
  const scores: Scores = {}
  for (const [name, given] of Object.entries(value)) setOwn(scores, name, scoreFrom(given, `${key}.${name}`))
  return scores
}

function scoreFrom(given: unknown, what: string): NamedScore {
  if (given === null) return { value: 0 }
  if (typeof given !== 'object' || Array.isArray(given)) throw refused(what, '{ value: number }', given)
  const { value = 0, op_name, description, ref_id } = given as Readonly<Record<string, unknown>>
  if (value !== null && typeof value !== 'number') throw refused(what, '{ value: number }', value)
  const score: NamedScore = { value: value ?? Number.NaN }
  for (const [name, text] of [
    ['opName', op_name],
    ['description', description],
    ['refId', ref_id],
  ] as const) {
    if (text === undefined || text === null || text === '') continue
    if (typeof text !== 'string') throw refused(`${what}, ${name}`, 'a text', text)
    score[name] = text
  }
  return score
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
