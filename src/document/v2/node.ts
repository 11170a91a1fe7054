import { MillraceError } from '../../errors.js'
import { Reader } from '../../lib/protobuf/reader.js'
import { maxStructDepth } from '../struct.js'
import type { Tensor } from '../tensor.js'
import { decodeTensor } from '../tensor-decode.js'

/** The fields of a DocProto, or the entries of a dict, by name, in the order of the bytes. */
export type Nodes = ReadonlyMap<string, Node>

/** A NodeProto: the value of one field. `type` is DocArray's name for the class of the value (`id`, `ndarray`, `image_url`, …). */
export type Node = { readonly type?: string | undefined } & (
  | { readonly kind: 'none' }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'integer' | 'float'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'blob'; readonly value: Uint8Array }
  | { readonly kind: 'ndarray'; readonly value: Tensor }
  | { readonly kind: 'doc'; readonly value: Nodes }
  | { readonly kind: 'doc_array'; readonly value: readonly Nodes[] }
  | { readonly kind: 'list' | 'set' | 'tuple'; readonly value: readonly Node[] }
  | { readonly kind: 'dict'; readonly value: Nodes }
)

export type NodeKind = Node['kind']

type Valued = Exclude<Node, { kind: 'none' }>

const none: Node = { kind: 'none' }
const nothing = new Uint8Array()

/** Decodes a DocListProto, whose unknown fields are left out. Throws MALFORMED. */
export function decodeDocList(bytes: Uint8Array, depth = 0): Nodes[] {
  const reader = new Reader(bytes)
  const documents: Nodes[] = []
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === 10) documents.push(decodeNodes(reader.bytes(), depth))
    else reader.skip(tag)
  }
  return documents
}

/** Decodes a DocProto. Throws MALFORMED. */
export function decodeDoc(bytes: Uint8Array): Nodes {
  return decodeNodes(bytes, 0)
}

/** Decodes a DocProto or a DictOfAnyProto: map<string, NodeProto> data = 1. Throws MALFORMED, also below 64 levels. */
function decodeNodes(bytes: Uint8Array, depth: number): Nodes {
  if (depth > maxStructDepth)
    throw new MillraceError('MALFORMED', `Documents are nested deeper than ${maxStructDepth} levels.`)
  const reader = new Reader(bytes)
  const nodes = new Map<string, Node>()
  while (!reader.done) {
    const tag = reader.tag()
    if (tag !== 10) {
      reader.skip(tag)
      continue
    }
    const entry = reader.nested()
    let name = ''
    let node = none
    while (!entry.done) {
      const part = entry.tag()
      if (part === 10) name = entry.string()
      else if (part === 18) node = decodeNode(entry.nested(), depth)
      else entry.skip(part)
    }
    nodes.set(name, node)
  }
  return nodes
}

function decodeNode(reader: Reader, depth: number): Node {
  let node: Valued | undefined
  let type: string | undefined
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === 106) type = reader.string()
    else node = decodeValue(reader, tag, depth) ?? node
  }
  return { ...(node ?? none), type }
}

/** A value of the oneof `content`; undefined for any other field, which is skipped. */
function decodeValue(reader: Reader, tag: number, depth: number): Valued | undefined {
  switch (tag) {
    case 10:
      return { kind: 'text', value: reader.string() }
    case 16:
      return { kind: 'integer', value: reader.int32() }
    case 25:
      return { kind: 'float', value: reader.double() }
    case 32:
      return { kind: 'boolean', value: reader.bool() }
    case 42: {
      // no Buffer, even where the source is one
      const { buffer, byteOffset, length } = reader.bytes()
      return { kind: 'blob', value: new Uint8Array(buffer, byteOffset, length) }
    }
    case 50:
      return { kind: 'ndarray', value: decodeNdArray(reader.bytes()) }
    case 58:
      return { kind: 'doc', value: decodeNodes(reader.bytes(), depth + 1) }
    case 66:
      return { kind: 'doc_array', value: decodeDocList(reader.bytes(), depth + 1) }
    case 74:
      return { kind: 'list', value: decodeList(reader.nested(), depth + 1) }
    case 82:
      return { kind: 'set', value: decodeList(reader.nested(), depth + 1) }
    case 90:
      return { kind: 'tuple', value: decodeList(reader.nested(), depth + 1) }
    case 98:
      return { kind: 'dict', value: decodeNodes(reader.bytes(), depth + 1) }
    default:
      reader.skip(tag)
      return undefined
  }
}

/** ListOfAnyProto: repeated NodeProto data = 1. */
function decodeList(reader: Reader, depth: number): Node[] {
  if (depth > maxStructDepth)
    throw new MillraceError('MALFORMED', `A list is nested deeper than ${maxStructDepth} levels.`)
  const nodes: Node[] = []
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === 10) nodes.push(decodeNode(reader.nested(), depth))
    else reader.skip(tag)
  }
  return nodes
}

/** NdArrayProto of v2: dense = 1 as in v1, and parameters = 2, where v1 has sparse matrices. */
function decodeNdArray(bytes: Uint8Array): Tensor {
  const reader = new Reader(bytes)
  let dense: Uint8Array = nothing
  while (!reader.done) {
    const from = reader.position
    const tag = reader.tag()
    reader.skip(tag)
    if (tag === 10) dense = bytes.subarray(from, reader.position)
  }
  return decodeTensor(dense)
}
