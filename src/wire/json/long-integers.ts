import { requestId } from '../request-id.js'

/** Most digits of an unsigned 64-bit integer, and its sign. Longer ones stay doubles: reading them would take long. */
const longest = 20

/** Whether a text may have an integer that a double cannot hold; also true for one within a string. */
const mayBeLong = /[[:,\s]-?\d{16,20}(?=[\s,\]}])/

const number = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y

/** Keys of tensors in a Document. */
const tensors: ReadonlySet<string> = new Set(['tensor', 'embedding'])

/**
 * Parses a JSON text with `JSON.parse`, but keeps the digits of integers in tensors: where a double cannot hold them, they become
 * BigInts. Integers elsewhere are doubles, as in `google.protobuf.Struct`. Takes linear time.
 */
export function parseKeepingIntegers(text: string): unknown {
  if (!mayBeLong.test(text)) return JSON.parse(text)
  // integers are hidden in strings that no client can know
  const mark = requestId()
  const marked = withMarks(text, mark)
  return marked === text ? JSON.parse(text) : withoutMarks(JSON.parse(marked), mark)
}

/** The text with long integers as strings that begin with `mark`. */
function withMarks(text: string, mark: string): string {
  let marked = ''
  let copied = 0
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '"') {
      at = endOfString(text, at)
      continue
    }
    number.lastIndex = at
    const [written] = isStart(text.charCodeAt(at)) ? (number.exec(text) ?? []) : []
    if (written === undefined) continue
    if (isLong(written)) {
      marked += `${text.slice(copied, at)}"${mark}${written}"`
      copied = at + written.length
    }
    at += written.length - 1
  }
  return marked + text.slice(copied)
}

/** Whether a number may begin with this character: a digit or a minus. */
function isStart(code: number): boolean {
  return code === 0x2d || (code >= 0x30 && code <= 0x39)
}

/** Whether these are the digits of an integer that reading it as a double would change. */
function isLong(written: string): boolean {
  return (
    written.length >= 16 &&
    written.length <= longest &&
    /^-?[1-9]\d+$/.test(written) &&
    String(Number(written)) !== written
  )
}

/** Position of the closing quote of the string that begins at `start`. */
export function endOfString(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at
}

interface Container {
  readonly members: Record<string, unknown>
  readonly isTensor: boolean
}

/** Replaces marked strings in a parsed JSON value, in place. A list without an object around it is a tensor. */
function withoutMarks(root: unknown, mark: string): unknown {
  const open: Container[] = []
  const enter = (value: unknown, isTensor: boolean): void => {
    if (typeof value === 'object' && value !== null)
      open.push({ members: value as Container['members'], isTensor })
  }
  enter(root, Array.isArray(root))
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { members, isTensor } = next
    const isList = Array.isArray(members)
    for (const [key, value] of Object.entries(members)) {
      if (typeof value === 'string' && value.startsWith(mark)) {
        const digits = value.slice(mark.length)
        members[key] = isTensor ? BigInt(digits) : Number(digits)
      } else enter(value, isList ? isTensor : tensors.has(key))
    }
  }
  return root
}
