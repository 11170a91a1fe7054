import { Document } from '../document.js'
import { DocumentArray } from '../document-array.js'
import { within } from '../json-place.js'
import { record } from '../record.js'
import { NdArray } from '../nd-array.js'
import { setOwn } from '../struct.js'
import type { CompiledField, Schema } from '../typed/compiled.js'
import { mismatch } from '../typed/validate.js'
import type { Node, Nodes } from './node.js'

/**
 * Reads documents of DocArray v2 for a class of typed documents, field by field; fields that the class lacks are left out, as in
 * DocArray. Values of fields are not checked: each is where `Schema.check` looks for what a peer sent. Throws INVALID_INPUT for an id that is
 * no text; the message begins with `place`.
 */
export function readTypedDocuments(
  documents: readonly Nodes[],
  schema: Schema,
  place: string,
): DocumentArray {
  return placed(place, () => readList(documents, schema))
}

function readList(documents: readonly Nodes[], schema: Schema): DocumentArray {
  return new DocumentArray(documents.map((nodes, index) => placed(index, () => readTyped(nodes, schema))))
}

function readTyped(nodes: Nodes, schema: Schema): Document {
  const id = idOf(nodes)
  const document = id === undefined ? new Document() : new Document({ id })
  document[record].nodes = nodes
  for (const field of schema.fields) {
    const node = nodes.get(field.name)
    const value = node && (field.of ? placed(field.name, () => valueOf(node, field)) : valueOf(node, field))
    if (value !== undefined) setOwn(document.tags, field.name, value)
  }
  return document
}

/** Undefined for none, and for None. */
function idOf(nodes: Nodes): string | undefined {
  const id = nodes.get('id')
  if (id === undefined || id.kind === 'none') return undefined
  if (id.kind !== 'text') throw within(mismatch('expected a text', dataOf(id)), 'id')
  return id.value
}

/** What `read` returns; an error of it has this step of the place. */
function placed<Result>(step: string | number, read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    throw within(error, step)
  }
}

/** Undefined for None, where that is not a value of the field. */
function valueOf(node: Node, { kind, of, takesNull }: CompiledField): unknown {
  if (node.kind === 'none') return takesNull ? null : undefined
  if (kind === 'value' || of === undefined) return kind === 'value' ? dataOf(node) : contentOf(node)
  if (isDocument(node)) return readTyped(node.value, of)
  if (node.kind === 'doc_array') return readList(node.value, of)
  if (node.kind !== 'list') return dataOf(node)
  return node.value.map((item, index) =>
    isDocument(item) ? placed(index, () => readTyped(item.value, of)) : dataOf(item),
  )
}

/** JSON has documents as objects, which become dicts. */
function isDocument(node: Node): node is Extract<Node, { kind: 'doc' | 'dict' }> {
  return node.kind === 'doc' || node.kind === 'dict'
}

/** A tensor or bytes as they are. */
function contentOf(node: Node): unknown {
  return node.kind === 'ndarray' || node.kind === 'blob' ? node.value : dataOf(node)
}

/** A value as plain data, for a Standard Schema: documents and dicts are objects, dense tensors nested lists. */
function dataOf(node: Node): unknown {
  switch (node.kind) {
    case 'none':
      return null
    case 'list':
    case 'set':
    case 'tuple':
      return node.value.map(dataOf)
    case 'doc_array':
      return node.value.map(objectOf)
    case 'doc':
    case 'dict':
      return objectOf(node.value)
    case 'ndarray':
      return node.value instanceof NdArray ? node.value.toJSON() : node.value
    default:
      return node.value
  }
}

function objectOf(nodes: Nodes): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  for (const [key, node] of nodes) setOwn(object, key, dataOf(node))
  return object
}
