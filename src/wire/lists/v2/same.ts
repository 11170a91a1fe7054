import { isSame } from '../field-ranges.js'
import { type Entry, entriesIn, membersIn, type Range, valueOf } from './entries.js'
import { checkDepth } from './write.js'

/**
 * Whether two documents of v2 have the same values, however their maps and sets are ordered: Python writes them in any order. Throws
 * MALFORMED.
 */
export function areSameFields(left: Range, right: Range, depth = 0): boolean {
  checkDepth(depth)
  if (isSame(left, right)) return true
  const [one, other] = [entriesIn(left), entriesIn(right)]
  return [...new Set([...one.keys(), ...other.keys()])].every((name) =>
    isSameEntry(one.get(name), other.get(name), depth),
  )
}

/** Whether two entries have the same value. A missing one is None. */
export function isSameEntry(left: Entry | undefined, right: Entry | undefined, depth = 0): boolean {
  if (left === undefined || right === undefined) {
    const entry = left ?? right
    return entry === undefined || valueOf(entry.node).kind === 'none'
  }
  return isSameNode(left.node, right.node, depth)
}

function isSameNode(left: Range, right: Range, depth: number): boolean {
  if (isSame(left, right)) return true
  const [one, other] = [valueOf(left), valueOf(right)]
  if (one.kind !== other.kind) return false
  if (one.content === undefined || other.content === undefined) return true
  switch (one.kind) {
    case 'doc':
    case 'dict':
      return areSameFields(one.content, other.content, depth + 1)
    case 'doc_array':
      return areSameMembers(one.content, other.content, (a, b) => areSameFields(a, b, depth + 1))
    case 'list':
    case 'tuple':
      return areSameMembers(one.content, other.content, (a, b) => isSameNode(a, b, depth + 1))
    case 'set':
      return isSameSet(one.content, other.content)
    default:
      return isSame(one.content, other.content)
  }
}

function areSameMembers(left: Range, right: Range, isSameMember: (a: Range, b: Range) => boolean): boolean {
  const [one, other] = [membersIn(left), membersIn(right)]
  return one.length === other.length && one.every((member, at) => isSameMember(member, other[at]!))
}

function isSameSet(left: Range, right: Range): boolean {
  const [one, other] = [textsOf(left), textsOf(right)]
  return one.length === other.length && one.every((item, at) => item === other[at])
}

/** The bytes of the items, in an order of their own. */
function textsOf(set: Range): string[] {
  return membersIn(set)
    .map(({ bytes, start, end }) => Buffer.from(bytes.subarray(start, end)).toString('latin1'))
    .sort()
}
