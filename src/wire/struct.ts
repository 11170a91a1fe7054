import { MillraceError } from '../errors.js'
import { Reader } from '../lib/protobuf/reader.js'
import type { Writer } from '../lib/protobuf/writer.js'
import { merge } from './merge.js'

/**
 * google.protobuf.Struct to and from plain JSON values. Numbers are doubles, NaN and the infinities included; an
 * `undefined` member is left out, an `undefined` item is null; what has a `toJSON` is written as what that gives.
 */

/** Objects and lists within each other, at most; deeper input would overflow somebody's stack. */
const maxDepth = 64

const fieldsTag = (1 << 3) | 2
const keyTag = (1 << 3) | 2
const valueTag = (2 << 3) | 2
const nullTag = 1 << 3
const numberTag = (2 << 3) | 1
const stringTag = (3 << 3) | 2
const boolTag = 4 << 3
const structTag = (5 << 3) | 2
const listTag = (6 << 3) | 2
const itemTag = (1 << 3) | 2

/** Writes the fields of a Struct; the caller has opened the message. Throws INVALID_INPUT for what is no JSON value. */
export function encodeStruct(
  writer: Writer,
  object: Readonly<Record<string, unknown>>,
  name = 'parameters',
): void {
  writeFields(writer, object, name, 1)
}

function writeFields(
  writer: Writer,
  object: Readonly<Record<string, unknown>>,
  path: string,
  depth: number,
): void {
  if (depth > maxDepth) throw tooDeep(path)
  for (const key of Object.keys(object)) {
    const value = object[key]
    if (value === undefined) continue
    const entry = writer.fork(1)
    writer.string(1, key)
    const mark = writer.fork(2)
    writeValue(writer, value, `${path}.${key}`, depth)
    writer.join(mark)
    writer.join(entry)
  }
}

function writeValue(writer: Writer, value: unknown, path: string, depth: number): void {
  switch (typeof value) {
    case 'string':
      writer.string(3, value)
      return
    case 'number':
      writer.double(2, value)
      return
    case 'boolean':
      writer.bool(4, value)
      return
    case 'undefined':
      writer.uint32(1, 0)
      return
    case 'object':
      writeObject(writer, value, path, depth)
      return
    default:
      throw noJson(path, `a ${typeof value}`)
  }
}

function writeObject(writer: Writer, value: object | null, path: string, depth: number): void {
  if (value === null) {
    writer.uint32(1, 0)
  } else if (Array.isArray(value)) {
    const mark = writer.fork(6)
    writeItems(writer, value, path, depth + 1)
    writer.join(mark)
  } else if (hasToJson(value)) {
    if (depth >= maxDepth) throw tooDeep(path)
    writeValue(writer, value.toJSON(), path, depth + 1)
  } else if (isPlain(value)) {
    const mark = writer.fork(5)
    writeFields(writer, value as Record<string, unknown>, path, depth + 1)
    writer.join(mark)
  } else {
    throw noJson(path, `an instance of ${value.constructor?.name ?? 'a class'}`)
  }
}

function writeItems(writer: Writer, items: readonly unknown[], path: string, depth: number): void {
  if (depth > maxDepth) throw tooDeep(path)
  for (let index = 0; index < items.length; index++) {
    const mark = writer.fork(1)
    writeValue(writer, items[index], `${path}[${index}]`, depth)
    writer.join(mark)
  }
}

function hasToJson(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function'
}

/** Object literals and objects without a prototype, of any realm. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** A Struct as a plain object. A key `__proto__` becomes an own property. Throws MALFORMED. */
export function decodeStruct(bytes: Uint8Array): Record<string, unknown> {
  return readFields(new Reader(bytes), 1)
}

function readFields(reader: Reader, depth: number): Record<string, unknown> {
  if (depth > maxDepth) throw nestedTooDeep()
  const object: Record<string, unknown> = {}
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === fieldsTag) readEntry(nested(reader), object, depth)
    else reader.skip(tag)
  }
  return object
}

function readEntry(reader: Reader, object: Record<string, unknown>, depth: number): void {
  let key = ''
  let value: Uint8Array | undefined
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === keyTag) key = reader.string()
    else if (tag === valueTag) value = merge(value, reader.bytes())
    else reader.skip(tag)
  }
  setOwn(object, key, value === undefined ? null : readValue(new Reader(value), depth))
}

function setOwn(object: Record<string, unknown>, key: string, value: unknown): void {
  // a plain assignment to this key would replace the prototype
  if (key !== '__proto__') object[key] = value
  else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
}

/** The members of Value are a oneof: the last one wins, and merges with those of its own kind just before it. */
function readValue(reader: Reader, depth: number): unknown {
  let value: unknown = null
  let kind = 0
  let message: Uint8Array | undefined
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === structTag || tag === listTag) {
      message = merge(kind === tag ? message : undefined, reader.bytes())
    } else if (tag === stringTag) value = reader.string()
    else if (tag === numberTag) value = reader.double()
    else if (tag === boolTag) value = reader.bool()
    else if (tag === nullTag) {
      reader.skip(tag)
      value = null
    } else {
      reader.skip(tag)
      continue
    }
    kind = tag
  }
  if (kind === structTag) return readFields(new Reader(message!), depth + 1)
  if (kind === listTag) return readItems(new Reader(message!), depth + 1)
  return value
}

function readItems(reader: Reader, depth: number): unknown[] {
  if (depth > maxDepth) throw nestedTooDeep()
  const items: unknown[] = []
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === itemTag) items.push(readValue(nested(reader), depth))
    else reader.skip(tag)
  }
  return items
}

function nested(reader: Reader): Reader {
  return new Reader(reader.bytes())
}

function noJson(path: string, what: string): MillraceError {
  return new MillraceError(
    'INVALID_INPUT',
    `${path} is ${what}; expected a JSON value: null, boolean, number, string, array or plain object. Convert it first.`,
  )
}

function tooDeep(path: string): MillraceError {
  return new MillraceError(
    'INVALID_INPUT',
    `${path.slice(0, 60)}… is nested deeper than ${maxDepth} levels, or contains itself. Make it flatter.`,
  )
}

function nestedTooDeep(): MillraceError {
  return new MillraceError(
    'MALFORMED',
    `A Struct is nested deeper than ${maxDepth} levels. Send flatter values.`,
  )
}
