import { createRequire } from 'node:module'
import { isDeepStrictEqual } from 'node:util'
import type { Alias, LineCounter, ParsedNode, Scalar, YAMLError, YAMLMap, YAMLSeq } from 'yaml'
import { badYaml, type Position, Positions, type Tree } from './position.js'

type Library = typeof import('yaml')

/** Bytes of one text, nesting depth, and number of values after aliases are expanded. */
const limits = { bytes: 1024 * 1024, depth: 64, values: 100_000 }

/**
 * Parses one YAML document into plain data. A tag only sets `jtype`: `!Name` before a mapping is its `jtype`, and `!Name`
 * alone is the string `!Name`. `yes` and `no` are booleans as in YAML 1.1; `on` and `off` are strings, as in Jina (jina.md 1.6).
 *
 * @throws BAD_YAML with file, line and column
 */
export function parseYaml(text: string, file: string): Tree {
  const positions = new Positions(file)
  checkSize(Buffer.byteLength(text), file)
  const library = loadLibrary()
  const lines = new library.LineCounter()
  const document = parse(library, text, { lines, positions })
  const { contents } = document
  if (contents === null || (library.isScalar(contents) && contents.value === null)) {
    throw badYaml(
      positions.start,
      'it is empty. A Flow begins with `jtype: Flow`, an Executor with the name of its class.',
    )
  }
  return { value: new Reader(library, { lines, positions }).read(contents, 0), positions }
}

/** @throws BAD_YAML when `bytes` exceeds the limit */
export function checkSize(bytes: number, file: string): void {
  if (bytes <= limits.bytes) return
  throw badYaml(
    new Positions(file).start,
    `the text has ${bytes} bytes; at most ${limits.bytes} are allowed.`,
  )
}

function parse(
  library: Library,
  text: string,
  { lines, positions }: { lines: LineCounter; positions: Positions },
) {
  const { stackTraceLimit } = Error
  try {
    // a text of commas produces a million errors, and each would capture a stack
    Error.stackTraceLimit = 0
    const document = library.parseDocument(text, {
      schema: 'core',
      lineCounter: lines,
      prettyErrors: false,
      // `Reader` checks for duplicate keys: the library's check is quadratic
      uniqueKeys: false,
    })
    const [error] = document.errors
    if (error === undefined) return document
    const { line, col } = lines.linePos(error.pos[0])
    throw badYaml({ ...positions.start, line, column: col }, explain(error), error)
  } catch (error) {
    if (error instanceof RangeError) throw badYaml(positions.start, tooDeep, error)
    throw error
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

const tooDeep = `it is nested deeper than ${limits.depth} levels.`

function explain({ code, message }: YAMLError): string {
  if (code === 'MULTIPLE_DOCS') return 'it has several YAML documents; only one is allowed.'
  // the library parses recursively
  if (message.includes('call stack')) return tooDeep
  return /[.!?]$/.test(message) ? message : `${message}.`
}

/** Writes YAML that `parseYaml` reads back as the same data. @throws BAD_YAML when it is too large or too deep */
export function writeYaml(value: object): string {
  const { stringify } = loadLibrary()
  const text = stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })
  // YAML 1.2 writes the string `yes` without quotes, which `parseYaml` would read as true
  if (isDeepStrictEqual(parseYaml(text, 'YAML text').value, value)) return text
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false, defaultStringType: 'QUOTE_DOUBLE' })
}

/** Loads the parser on first use, and synchronously (it is a CommonJS module), because `flow.add()` is synchronous. */
function loadLibrary(): Library {
  return createRequire(import.meta.url)('yaml') as Library
}

type Found = ParsedNode | Alias | null

/** Converts the library's nodes to plain data and enforces the limits. */
class Reader {
  readonly #library: Library
  readonly #positions: Positions
  readonly #lines: LineCounter
  readonly #anchors = new Map<string, Found>()
  #values = 0

  constructor(library: Library, { lines, positions }: { lines: LineCounter; positions: Positions }) {
    this.#library = library
    this.#positions = positions
    this.#lines = lines
  }

  read(node: Found, depth: number): unknown {
    const { isAlias, isMap, isScalar, isSeq } = this.#library
    if (node === null) return null
    const position = this.#positionOf(node)
    if (depth > limits.depth) throw badYaml(position, tooDeep)
    if (++this.#values > limits.values) {
      throw badYaml(position, `it has more than ${limits.values} values after its aliases are expanded.`)
    }
    if (isAlias(node)) return this.#alias(node, { position, depth })
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node)
    if (isScalar(node)) return this.#scalar(node, position)
    if (isSeq(node)) return this.#sequence(node, { position, depth })
    if (isMap(node)) return this.#mapping(node, { position, depth })
    throw badYaml(position, 'this is not a value.')
  }

  #positionOf(node: Exclude<Found, null>): Position {
    const { line, col } = this.#lines.linePos(node.range?.[0] ?? 0)
    const position = { ...this.#positions.start, line: Math.max(1, line), column: Math.max(1, col) }
    const isNumber = this.#library.isScalar(node) && typeof node.value === 'number'
    return isNumber && node.source !== undefined ? { ...position, written: node.source } : position
  }

  #alias(node: Alias, { position, depth }: NodePosition): unknown {
    const anchored = this.#anchors.get(node.source)
    if (anchored === undefined)
      throw badYaml(position, `*${node.source} refers to no &${node.source} before it.`)
    return this.read(anchored, depth + 1)
  }

  #scalar(node: Scalar, position: Position): unknown {
    const { value, tag, type, source = '' } = node
    const custom = customTag(tag, position)
    if (custom !== null) {
      if (source === '') return `!${custom}`
      throw badYaml(
        position,
        `!${custom} is followed by a string; write !${custom} alone, or followed by a mapping.`,
      )
    }
    if (type === 'PLAIN' && tag === undefined && typeof value === 'string') {
      if (/^(yes|Yes|YES)$/.test(value)) return true
      if (/^(no|No|NO)$/.test(value)) return false
    }
    return typeof value === 'bigint' ? Number(value) : value
  }

  #sequence(node: YAMLSeq, { position, depth }: NodePosition): unknown[] {
    if (customTag(node.tag, position) !== null) throw badYaml(position, 'a list has no type; remove the tag.')
    const list: unknown[] = []
    for (const [index, item] of node.items.entries()) {
      const found = item as Found
      if (found !== null) this.#positions.note(list, index, this.#positionOf(found))
      list.push(this.read(found, depth + 1))
    }
    return list
  }

  #mapping(node: YAMLMap, { position, depth }: NodePosition): Record<string, unknown> {
    const mapping: Record<string, unknown> = {}
    const merged: unknown[] = []
    const jtype = customTag(node.tag, position)
    if (jtype !== null) mapping.jtype = jtype
    for (const pair of node.items) {
      const [at, key] = this.#key(pair.key as Found, position)
      const value = pair.value as Found
      if (key === '<<') merged.push(this.read(value, depth + 1))
      else if (Object.hasOwn(mapping, key)) throw badYaml(at, `the key ${JSON.stringify(key)} is duplicated.`)
      else {
        this.#positions.note(mapping, key, value === null ? at : this.#positionOf(value))
        mapping[key] = this.read(value, depth + 1)
      }
    }
    for (const one of merged.flat()) this.#merge(mapping, one, position)
    return mapping
  }

  /** `<<: *anchor`: adds the keys that the mapping does not have. */
  #merge(mapping: Record<string, unknown>, from: unknown, position: Position): void {
    if (typeof from !== 'object' || from === null)
      throw badYaml(position, '<< takes a mapping, or a list of them.')
    for (const [key, value] of Object.entries(from)) if (!Object.hasOwn(mapping, key)) mapping[key] = value
  }

  #key(node: Found, around: Position): readonly [Position, string] {
    if (node === null) throw badYaml(around, 'a key is empty.')
    const position = this.#positionOf(node)
    if (!this.#library.isScalar(node)) throw badYaml(position, 'a key must be a string.')
    const key = node.type === 'PLAIN' ? (node.source ?? '') : String(node.value)
    // an own property here, but a copy by assignment would set the prototype
    if (key === '__proto__') throw badYaml(position, 'the key "__proto__" is not allowed.')
    return [position, key]
  }
}

interface NodePosition {
  readonly position: Position
  readonly depth: number
}

/** The name in a tag `!Name`; null without a tag and for the tags of YAML's core types. */
function customTag(tag: string | undefined, position: Position): string | null {
  if (tag === undefined || /^(!|tag:yaml\.org,2002:(str|int|float|bool|null|map|seq))$/.test(tag)) return null
  const [, name] = /^!([A-Za-z_]\w*)$/.exec(tag) ?? []
  if (name !== undefined) return name
  throw badYaml(position, `the tag ${JSON.stringify(tag)} is unknown; write plain values.`)
}
