import { MillraceError } from '../errors.js'
import { Reader, wireType } from '../lib/protobuf/reader.js'
import type { Writer } from '../lib/protobuf/writer.js'

/** Levels of objects and lists in one google.protobuf.Struct; deeper ones are refused. */
export const maxStructDepth = 64

/** Tags of the fields of a google.protobuf.Value. */
export const valueTags = {
  nullValue: 8,
  numberValue: 17,
  stringValue: 26,
  boolValue: 32,
  structValue: 42,
  listValue: 50,
} as const

/**
 * Writes the fields of a google.protobuf.Struct. What JSON leaves out (undefined, functions, symbols) is left out;
 * dates are their ISO text, BigInts numbers. Throws INVALID_INPUT for objects nested deeper than 64.
 */
export function encodeStruct(writer: Writer, object: object, depth = 0): void {
  if (depth > maxStructDepth)
    throw new MillraceError('INVALID_INPUT', `An object is nested deeper than ${maxStructDepth} levels.`)
  for (const [key, given] of Object.entries(object)) {
    const value = plain(given)
    if (value === undefined) continue
    const entry = writer.fork(1)
    writer.string(1, key)
    const mark = writer.fork(2)
    encodeValue(writer, value, depth)
    writer.join(mark)
    writer.join(entry)
  }
}

function encodeValue(writer: Writer, value: unknown, depth: number): void {
  if (value === null) writer.uint32(1, 0)
  else if (typeof value === 'number') writer.double(2, value)
  else if (typeof value === 'string') writer.string(3, value)
  else if (typeof value === 'boolean') writer.bool(4, value)
  else {
    const list = asList(value)
    const mark = writer.fork(list === undefined ? 5 : 6)
    if (list === undefined) encodeStruct(writer, value as object, depth + 1)
    else encodeList(writer, list, depth + 1)
    writer.join(mark)
  }
}

function encodeList(writer: Writer, list: ArrayLike<unknown>, depth: number): void {
  if (depth > maxStructDepth)
    throw new MillraceError('INVALID_INPUT', `A list is nested deeper than ${maxStructDepth} levels.`)
  for (let index = 0; index < list.length; index++) {
    const mark = writer.fork(1)
    encodeValue(writer, plain(list[index]) ?? null, depth)
    writer.join(mark)
  }
}

function asList(value: unknown): ArrayLike<unknown> | undefined {
  if (Array.isArray(value)) return value
  if (value instanceof Set) return [...value]
  return ArrayBuffer.isView(value) && !(value instanceof DataView)
    ? (value as unknown as ArrayLike<unknown>)
    : undefined
}

function plain(value: unknown): unknown {
  switch (typeof value) {
    case 'undefined':
    case 'function':
    case 'symbol':
      return undefined
    case 'bigint':
      return Number(value)
    case 'object':
      if (value !== null && 'toJSON' in value && typeof value.toJSON === 'function')
        return plain(value.toJSON())
      return value instanceof Map ? Object.fromEntries(value) : value
    default:
      return value
  }
}

/** A google.protobuf.Struct as a plain object. A key named `__proto__` becomes an own property and changes no prototype. */
export function decodeStruct(bytes: Uint8Array, depth = 0): Record<string, unknown> {
  if (depth > maxStructDepth) throw tooDeep()
  const object: Record<string, unknown> = {}
  const reader = new Reader(bytes)
  while (!reader.done) {
    const tag = reader.tag()
    if (tag !== 10) {
      reader.skip(tag)
      continue
    }
    const entry = new Reader(reader.bytes())
    let key = ''
    let value: unknown = null
    while (!entry.done) {
      const field = entry.tag()
      if (field === 10) key = entry.string()
      else if (field === 18) value = decodeValue(entry.bytes(), depth)
      else entry.skip(field)
    }
    setOwn(object, key, value)
  }
  return object
}

function decodeValue(bytes: Uint8Array, depth: number): unknown {
  const reader = new Reader(bytes)
  let value: unknown = null
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === valueTags.numberValue) value = reader.double()
    else if (tag === valueTags.stringValue) value = reader.string()
    else if (tag === valueTags.boolValue) value = reader.bool()
    else if (tag === valueTags.structValue) value = decodeStruct(reader.bytes(), depth + 1)
    else if (tag === valueTags.listValue) value = decodeList(reader.bytes(), depth + 1)
    else {
      if (tag === valueTags.nullValue) value = null
      reader.skip(tag)
    }
  }
  return value
}

function decodeList(bytes: Uint8Array, depth: number): unknown[] {
  if (depth > maxStructDepth) throw tooDeep()
  const reader = new Reader(bytes)
  const list: unknown[] = []
  while (!reader.done) {
    const tag = reader.tag()
    if (tag >>> 3 === 1 && (tag & 7) === wireType.bytes) list.push(decodeValue(reader.bytes(), depth))
    else reader.skip(tag)
  }
  return list
}

/** Sets an own property, also when it is called `__proto__`. */
export function setOwn(object: object, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
  } else (object as Record<string, unknown>)[key] = value
}

function tooDeep(): MillraceError {
  return new MillraceError('MALFORMED', `A Struct is nested deeper than ${maxStructDepth} levels.`)
}
