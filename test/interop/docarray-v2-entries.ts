import { Reader } from '../../src/lib/protobuf/reader.js'

type Kind = 'documents' | 'entries' | 'entry' | 'node' | 'nodes'

/** By kind of message, its fields that are messages too, by tag. */
const messages: Readonly<Record<Kind, Readonly<Record<number, Kind>>>> = {
  documents: { 10: 'entries' },
  entries: { 10: 'entry' },
  entry: { 18: 'node' },
  node: { 58: 'entries', 66: 'documents', 74: 'nodes', 82: 'nodes', 90: 'nodes', 98: 'entries' },
  nodes: { 10: 'node' },
}

/** The bytes of a DocListProto in hex, where the entries of each map are sorted: protobuf writes them in any order. */
export function withSortedEntries(bytes: Uint8Array, kind: Kind = 'documents'): string {
  const reader = new Reader(bytes)
  const fields: string[] = []
  while (!reader.done) {
    const from = reader.position
    const tag = reader.tag()
    const inner = messages[kind][tag]
    if (inner !== undefined) {
      fields.push(`${tag}(${withSortedEntries(reader.bytes(), inner)})`)
      continue
    }
    reader.skip(tag)
    fields.push(Buffer.from(bytes.subarray(from, reader.position)).toString('hex'))
  }
  return (kind === 'entries' ? fields.sort() : fields).join(' ')
}
