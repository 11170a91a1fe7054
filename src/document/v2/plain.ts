import { MillraceError } from '../../errors.js'
import { setOwn } from '../struct.js'
import type { Node, Nodes } from './node.js'

/**
 * The value of a node as JSON has it: null, boolean, number, text, list (also for sets and tuples), object. Throws UNSUPPORTED for what
 * a Document's `tags` cannot hold; `place` names the field.
 */
export function plainOf(node: Node, place: string): unknown {
  switch (node.kind) {
    case 'none':
      return null
    case 'list':
    case 'set':
    case 'tuple':
      return node.value.map((item, index) => plainOf(item, `${place}[${index}]`))
    case 'dict':
      return plainObject(node.value, place)
    case 'ndarray':
    case 'blob':
    case 'doc':
    case 'doc_array':
      throw new MillraceError(
        'UNSUPPORTED',
        `${place}: ${kindNames[node.kind]} of DocArray v2 inside of a list or dict has no counterpart in a Document, ` +
          'whose tags hold null, booleans, numbers, texts, lists and objects. ' +
          'Give it a field of its own, or type the endpoint with doc().',
      )
    default:
      return node.value
  }
}

export function plainObject(nodes: Nodes, place: string): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  for (const [key, node] of nodes) setOwn(object, key, plainOf(node, `${place}.${key}`))
  return object
}

const kindNames = {
  ndarray: 'an n-d array',
  blob: 'a value of bytes',
  doc: 'a document',
  doc_array: 'a DocList',
} as const
