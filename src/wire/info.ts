import type { DocArrayVersion } from '../document/list-version.js'
import { Reader } from '../lib/protobuf/reader.js'
import { Writer } from '../lib/protobuf/writer.js'

/** JinaInfoProto, the answer of `_status`. */
export interface Info {
  /** Versions by name: Jina has `jina`, `docarray`, `python`, `platform`, … */
  readonly jina: Readonly<Record<string, string>>
  /** Jina's environment variables, `JINA_LOG_LEVEL` say. */
  readonly envs: Readonly<Record<string, string>>
}

/** The format of documents that its release of DocArray has: v2 from 0.30 on. Undefined if it names no release. */
export function docArrayOf({ jina }: Info): DocArrayVersion | undefined {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(jina['docarray'] ?? '') ?? []
  if (major === undefined) return undefined
  return Number(major) === 0 && Number(minor) < 30 ? 'v1' : 'v2'
}

export function encodeInfo(info: Info): Uint8Array {
  const writer = new Writer(512)
  writeMap(writer, 1, info.jina)
  writeMap(writer, 2, info.envs)
  return writer.finish()
}

function writeMap(writer: Writer, field: number, map: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(map)) {
    const mark = writer.fork(field)
    writer.string(1, key)
    writer.string(2, value)
    writer.join(mark)
  }
}

/** Throws MALFORMED. */
export function decodeInfo(bytes: Uint8Array): Info {
  const reader = new Reader(bytes)
  const jina: [string, string][] = []
  const envs: [string, string][] = []
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === 10) jina.push(readEntry(reader.bytes()))
    else if (tag === 18) envs.push(readEntry(reader.bytes()))
    else reader.skip(tag)
  }
  // fromEntries makes a key `__proto__` an own property
  return { jina: Object.fromEntries(jina), envs: Object.fromEntries(envs) }
}

function readEntry(bytes: Uint8Array): [string, string] {
  const reader = new Reader(bytes)
  let key = ''
  let value = ''
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === 10) key = reader.string()
    else if (tag === 18) value = reader.string()
    else reader.skip(tag)
  }
  return [key, value]
}
