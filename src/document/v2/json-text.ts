import { toBase64 } from '../base64.js'
import { denseOf } from '../json.js'
import { doubleText, tensorText, valueText } from '../json-text.js'
import type { Node, Nodes } from './node.js'

/**
 * The JSON text of a document of v2, with the fields by their names, as the models of Jina's HTTP gateway have it (jina.md 4.7): n-d arrays as
 * nested lists, sets and tuples as lists, bytes as base64, None as null. Floats are written with a fraction, and numbers otherwise as in
 * `documentText`. Throws INVALID_INPUT for tensors that JSON cannot hold.
 */
export function nodesText(nodes: Nodes): string {
  const members = Array.from(nodes, ([name, node]) => `${JSON.stringify(name)}:${nodeText(node)}`)
  return `{${members.join(',')}}`
}

function nodeText(node: Node): string {
  switch (node.kind) {
    case 'none':
      return 'null'
    case 'float':
      return doubleText(node.value)
    case 'blob':
      return `"${toBase64(node.value)}"`
    case 'ndarray':
      return tensorText(denseOf(node.value))
    case 'doc':
    case 'dict':
      return nodesText(node.value)
    case 'doc_array':
      return `[${node.value.map(nodesText).join(',')}]`
    case 'list':
    case 'set':
    case 'tuple':
      return `[${node.value.map(nodeText).join(',')}]`
    default:
      return valueText(node.value)
  }
}
