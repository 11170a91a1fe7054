import { maxStructDepth } from '../../../document/struct.js'
import type { NodeKind } from '../../../document/v2/node.js'
import { MillraceError } from '../../../errors.js'
import { prefix } from '../../../lib/protobuf/writer.js'
import type { Rope } from '../rope.js'
import { type Entry, fieldOfKind, memberTag, nodeTag, type Range } from './entries.js'

/** Writes an entry as it is. */
export function copyEntry(target: Rope, { bytes, from, end }: Entry): void {
  target.add(bytes, from, end)
}

export interface NewValue {
  readonly kind: NodeKind
  readonly content: Rope
  /** The field `type` of the NodeProto, with its tag. */
  readonly type: Range | undefined
}

/** Writes an entry with another value, which is a message. */
export function writeEntry(target: Rope, { key }: Entry, { kind, content, type }: NewValue): void {
  const head = prefix((fieldOfKind(kind) << 3) | 2, content.length)
  const nodeLength = head.length + content.length + lengthOf(type)
  const node = prefix(nodeTag, nodeLength)
  target.add(prefix(memberTag, lengthOf(key) + node.length + nodeLength))
  addRange(target, key)
  target.add(node)
  target.add(head)
  target.append(content)
  if (type !== undefined) addRange(target, type)
}

export function addRange(target: Rope, { bytes, start, end }: Range): void {
  target.add(bytes, start, end)
}

/** Writes a message as a member of a list. */
export function writeMember(target: Rope, content: Rope): void {
  target.add(prefix(memberTag, content.length))
  target.append(content)
}

export function checkDepth(depth: number): void {
  if (depth > maxStructDepth)
    throw new MillraceError('MALFORMED', `Documents are nested deeper than ${maxStructDepth} levels.`)
}

function lengthOf(range: Range | undefined): number {
  return range === undefined ? 0 : range.end - range.start
}
