import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import {
  DocListProtoSchema,
  type NodeProto,
  type NodeProtoSchema,
} from '../../../../test/gen/docarray_v2/docarray_pb.js'

type NodeInit = MessageInitShape<typeof NodeProtoSchema>

/** A plain document: texts, numbers (as floats), null, lists, objects (as dicts), and lists of documents by `docs`. */
export type Plain = Record<string, unknown>

/** Documents as the value of a field. */
export class Docs {
  readonly docs: readonly Plain[]
  constructor(...docs: Plain[]) {
    this.docs = docs
  }
}

/** The bytes of a DocListProto. */
export function listOfV2(...docs: readonly Plain[]): Uint8Array {
  return toBinary(DocListProtoSchema, create(DocListProtoSchema, { docs: docs.map(docInit) }))
}

function docInit(doc: Plain): { data: Record<string, NodeInit> } {
  return { data: Object.fromEntries(Object.entries(doc).map(([name, value]) => [name, nodeInit(value)])) }
}

function nodeInit(value: unknown): NodeInit {
  if (value === null) return {}
  if (typeof value === 'string') return { content: { case: 'text', value } }
  if (typeof value === 'number') return { content: { case: 'float', value } }
  if (typeof value === 'boolean') return { content: { case: 'boolean', value } }
  if (value instanceof Docs)
    return { content: { case: 'docArray', value: { docs: value.docs.map(docInit) } } }
  if (value instanceof Set)
    return { content: { case: 'set', value: { data: [...(value as Set<unknown>)].map(nodeInit) } } }
  if (Array.isArray(value)) return { content: { case: 'list', value: { data: value.map(nodeInit) } } }
  return { content: { case: 'dict', value: docInit(value as Plain) } }
}

/** The opposite of `listOfV2`. */
export function plainDocs(bytes: Uint8Array | readonly Uint8Array[]): Plain[] {
  const list = bytes instanceof Uint8Array ? bytes : Buffer.concat(bytes)
  const { docs } = fromBinary(DocListProtoSchema, Uint8Array.from(list))
  return docs.map(({ data }) => plainDoc(data))
}

function plainDoc(data: Record<string, NodeProto>): Plain {
  return Object.fromEntries(Object.entries(data).map(([name, node]) => [name, plainNode(node)]))
}

function plainNode({ content }: NodeProto): unknown {
  switch (content.case) {
    case undefined:
      return null
    case 'docArray':
      return new Docs(...content.value.docs.map(({ data }) => plainDoc(data)))
    case 'list':
      return content.value.data.map(plainNode)
    case 'set':
      return new Set(content.value.data.map(plainNode))
    case 'dict':
      return plainDoc(content.value.data)
    default:
      return content.value
  }
}
