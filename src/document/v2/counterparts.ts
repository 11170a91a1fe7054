import { field } from '../fields.js'

// The table of docs/types.md, "Two formats of documents": fields of a v2 document, by name, and their counterparts in a Document.

/** Texts. Of `url` and `uri`, which are one field of a Document, a new document is sent with `url`, as DocArray's LegacyDocument has it. */
export const textFields: ReadonlyMap<string, number> = new Map([
  ['text', field.text],
  ['url', field.uri],
  ['uri', field.uri],
  ['mime_type', field.mimeType],
  ['modality', field.modality],
])

export const numberFields: ReadonlyMap<string, number> = new Map([
  ['weight', field.weight],
  ['offset', field.offset],
])

export const tensorFields: ReadonlyMap<string, number> = new Map([
  ['tensor', field.tensor],
  ['embedding', field.embedding],
])

export const familyFields: ReadonlyMap<string, 'chunks' | 'matches'> = new Map([
  ['chunks', 'chunks'],
  ['matches', 'matches'],
])

export const scoreFields: ReadonlyMap<string, number> = new Map([
  ['scores', field.scores],
  ['evaluations', field.evaluations],
])
