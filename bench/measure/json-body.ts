import { mkdirSync, writeFileSync } from 'node:fs'

import { repositoryPath } from './peers.js'

/** Documents in the JSON of a request, as a client writes them. */
export type JsonDocument = Readonly<Record<string, unknown>>

/** Documents with ids and texts. */
export function textDocuments(count: number, textBytes: number): readonly JsonDocument[] {
  return Array.from({ length: count }, (_, at) => ({ id: idOf(at), text: 'x'.repeat(textBytes) }))
}

/** A document with an embedding of numbers as float32 has them. */
export function embeddedDocument(dimensions: number): JsonDocument {
  return { id: idOf(0), embedding: Array.from({ length: dimensions }, (_, at) => Math.fround(Math.sin(at))) }
}

/** Writes the body of a request to endpoint `/`, and returns the path of its file. */
export function jsonBody(name: string, data: readonly JsonDocument[]): string {
  mkdirSync(repositoryPath('.cache/bench'), { recursive: true })
  const path = repositoryPath(`.cache/bench/${name}.json`)
  writeFileSync(path, JSON.stringify({ data, execEndpoint: '/' }))
  return path
}

function idOf(at: number): string {
  return at.toString(16).padStart(32, '0')
}
