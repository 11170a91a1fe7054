import { encodeStruct as encode } from '../document/index.js'
import { MillraceError } from '../errors.js'
import { Writer } from '../lib/protobuf/writer.js'

export { decodeStruct } from '../document/index.js'

/**
 * Writes the fields of a google.protobuf.Struct; the caller has opened the message. Stricter than a Document's tags:
 * parameters control a handler, so values that JSON does not have are refused (INVALID_INPUT, with their path) and not
 * converted. Numbers are doubles, NaN and the infinities included; an `undefined` member is left out, an `undefined` item is
 * null; an object with a `toJSON`, such as a Date, is written as its result.
 */
export function encodeStruct(
  writer: Writer,
  object: Readonly<Record<string, unknown>>,
  name = 'parameters',
): void {
  requireJson(object, name, 0)
  encode(writer, object)
}

/** The Struct as a new byte array. */
export function structBytes(object: Readonly<Record<string, unknown>>, name?: string): Uint8Array {
  const writer = new Writer()
  encodeStruct(writer, object, name)
  return writer.finish()
}

/** Most levels of objects and lists; deeper input, or a cycle, would overflow the stack here or at a peer. */
const maxDepth = 64

/** `value` is an object or a list. */
function requireJson(value: unknown, path: string, depth: number): void {
  if (typeof value !== 'object' || value === null) throw noJson(path, `a ${typeof value}`)
  if (depth > maxDepth) throw tooDeep(path)
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    const json: unknown = value.toJSON()
    if (!isLeaf(json)) requireJson(json, path, depth + 1)
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      if (!isLeaf(item)) requireJson(item, `${path}[${index}]`, depth + 1)
    }
  } else if (isPlain(value)) {
    for (const [key, member] of Object.entries(value)) {
      if (!isLeaf(member)) requireJson(member, `${path}.${key}`, depth + 1)
    }
  } else throw noJson(path, `an instance of ${value.constructor?.name ?? 'a class'}`)
}

function isLeaf(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'undefined':
      return true
    default:
      return value === null
  }
}

/** Object literals and objects without a prototype, of any realm. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
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
