import { mkdirSync, writeFileSync } from 'node:fs'

import { repositoryPath } from './peers.js'

/**
 * Writes a serialised DataRequestProto with one document whose text has `textBytes` bytes, to endpoint `/`; gives the
 * file's path. Encoded here, so that the load does not depend on the code under measurement.
 */
export function requestFile(textBytes: number): string {
  return write(`request-${textBytes}`, '/', [documents('x'.repeat(textBytes))])
}

/** The same for a document without content to `/search`, with a `limit` among the parameters. */
export function searchFile(limit: number): string {
  const value = Buffer.alloc(9)
  value[0] = (2 << 3) | 1
  value.writeDoubleLE(limit, 1)
  const parameters = field(1, Buffer.concat([field(1, 'limit'), field(2, value)]))
  return write(`search-${limit}`, '/search', [field(2, parameters), documents('')])
}

/** The same for `count` documents, each with an id and an embedding of float32. */
export function embeddingsFile(count: number, dimensions: number): string {
  const numbers = Float32Array.from({ length: dimensions }, (_, at) => Math.sin(at))
  const dense = [field(1, Buffer.from(numbers.buffer)), field(2, varint(dimensions)), field(3, '<f4')]
  const embedding = field(16, Buffer.concat([field(1, Buffer.concat(dense)), field(3, 'numpy')]))
  const list = Array.from({ length: count }, (_, at) =>
    field(1, Buffer.concat([field(1, at.toString(16).padStart(32, '0')), embedding])),
  )
  return write(`embeddings-${count}-${dimensions}`, '/', [field(4, field(1, Buffer.concat(list)))])
}

/** Serialised DataRequestProtos with different ids to endpoint `/`, each with `count` documents of `textBytes`. */
export function requests(many: number, count: number, textBytes: number): readonly Buffer[] {
  return Array.from({ length: many }, (_, at) => {
    const header = Buffer.concat([field(1, at.toString(16).padStart(32, '0')), field(3, '/')])
    return Buffer.concat([field(1, header), documents('x'.repeat(textBytes), count)])
  })
}

function documents(text: string, count = 1): Buffer {
  const document = field(1, Buffer.concat([field(1, '0'.repeat(32)), field(4, text)]))
  return field(4, field(1, Buffer.concat(Array.from({ length: count }, () => document))))
}

function write(name: string, endpoint: string, parts: readonly Buffer[]): string {
  const header = Buffer.concat([field(1, 'f'.repeat(32)), field(3, endpoint)])
  mkdirSync(repositoryPath('.cache/bench'), { recursive: true })
  const path = repositoryPath(`.cache/bench/${name}.bin`)
  writeFileSync(path, Buffer.concat([field(1, header), ...parts]))
  return path
}

/** A length-delimited field. */
function field(number: number, value: string | Buffer): Buffer {
  const content = Buffer.from(value as string)
  return Buffer.concat([varint((number << 3) | 2), varint(content.length), content])
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest])
    bytes.push((rest & 0x7f) | 0x80)
  }
}
