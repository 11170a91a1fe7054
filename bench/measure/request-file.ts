import { mkdirSync, writeFileSync } from 'node:fs'

import { repositoryPath } from './peers.js'

/**
 * Writes a serialised DataRequestProto with one document whose text has `textBytes` bytes, to endpoint `/`; gives the
 * file's path. Encoded here, so that the load does not depend on the code under measurement.
 */
export function requestFile(textBytes: number): string {
  const document = Buffer.concat([field(1, '0'.repeat(32)), field(4, 'x'.repeat(textBytes))])
  const header = Buffer.concat([field(1, 'f'.repeat(32)), field(3, '/')])
  const request = Buffer.concat([field(1, header), field(4, field(1, field(1, document)))])
  mkdirSync(repositoryPath('.cache/bench'), { recursive: true })
  const path = repositoryPath(`.cache/bench/request-${textBytes}.bin`)
  writeFileSync(path, request)
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
