import { createRequire } from 'node:module'
import { isDeepStrictEqual } from 'node:util'
import type { Alias, LineCounter, ParsedNode, Scalar, YAMLError, YAMLMap, YAMLSeq } from 'yaml'
import { badYaml, type Place, Places, type Tree } from './place.js'

type Library = typeof import('yaml')

/** Bytes of one text, containers inside each other, and values once aliases are written out. */
const limits = { bytes: 1024 * 1024, depth: 64, values: 100_000 }

/**
 * A text of one YAML document as plain data. Tags make nothing but `{ jtype }`: `!Name` of a mapping is its `jtype`, and an
 * empty `!Name` is that text. `yes` and `no` are booleans as in YAML 1.1; `on` and `off` stay texts, as in Jina (jina.md 1.6).
 *
 * @throws BAD_YAML with file, line and column
 */
export function parseYaml(text: string, file: string): Tree {
  const places = new Places(file)
  checkSize(Buffer.byteLength(text), file)
  const library = loadLibrary()
  const lines = new library.LineCounter()
  const document = parse(library, text, { lines, places })
  const { contents } = document
  if (contents === null || (library.isScalar(contents) && contents.value === null)) {
    throw badYaml(
      places.start,
      'there is nothing in it. A Flow begins with `jtype: Flow`, an Executor with the name of its class.',
    )
  }
  return { value: new Reader(library, { lines, places }).read(contents, 0), places }
}

/** @throws BAD_YAML when a text of so many bytes is not read */
export function checkSize(bytes: number, file: string): void {
  if (bytes <= limits.bytes) return
  throw badYaml(new Places(file).start, `the text has ${bytes} bytes, and may have ${limits.bytes}.`)
}

function parse(library: Library, text: string, { lines, places }: { lines: LineCounter; places: Places }) {
  const { stackTraceLimit } = Error
  try {
    // a text of commas makes a million errors, each with a stack that nobody reads
    Error.stackTraceLimit = 0
    const document = library.parseDocument(text, {
      schema: 'core',
      lineCounter: lines,
      prettyErrors: false,
      // the reader checks keys: the library compares each with each
      uniqueKeys: false,
    })
    const [error] = document.errors
    if (error === undefined) return document
    const { line, col } = lines.linePos(error.pos[0])
    throw badYaml({ ...places.start, line, column: col }, explain(error), error)
  } catch (error) {
    if (error instanceof RangeError) throw badYaml(places.start, tooDeep, error)
    throw error
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

const tooDeep = `it is nested deeper than ${limits.depth} levels.`

function explain({ code, message }: YAMLError): string {
  if (code === 'MULTIPLE_DOCS') return 'it has several documents, and should have one.'
  // the library parses by recursion
  if (message.includes('call stack')) return tooDeep
  return /[.!?]$/.test(message) ? message : `${message}.`
}

/** YAML that `parseYaml` reads as the same data. @throws BAD_YAML when it is too large or too deep */
export function writeYaml(value: object): string {
  const { stringify } = loadLibrary()
  const text = stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })
  // `yes` as a text needs quotes that YAML 1.2 does without
  if (isDeepStrictEqual(parseYaml(text, 'YAML text').value, value)) return text
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false, defaultStringType: 'QUOTE_DOUBLE' })
}

/** Only a program that reads YAML loads the parser; it is a CommonJS module, so that `flow.add()` need not wait for it. */
function loadLibrary(): Library {
  return createRequire(import.meta.url)('yaml') as Library
}

type Found = ParsedNode | Alias | null

/** Library nodes to plain data, within the limits. */
class Reader {
  readonly #library: Library
  readonly #places: Places
  readonly #lines: LineCounter
  readonly #anchors = new Map<string, Found>()
  #values = 0

  constructor(library: Library, { lines, places }: { lines: LineCounter; places: Places }) {
    this.#library = library
    this.#places = places
    this.#lines = lines
  }

  read(node: Found, depth: number): unknown {
    const { isAlias, isMap, isScalar, isSeq } = this.#library
    if (node === null) return null
    const place = this.#placeOf(node)
    if (depth > limits.depth) throw badYaml(place, tooDeep)
    if (++this.#values > limits.values) {
      throw badYaml(place, `it has more than ${limits.values} values once its aliases are written out.`)
    }
    if (isAlias(node)) return this.#alias(node, { place, depth })
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node)
    if (isScalar(node)) return this.#scalar(node, place)
    if (isSeq(node)) return this.#sequence(node, { place, depth })
    if (isMap(node)) return this.#mapping(node, { place, depth })
    throw badYaml(place, 'this is no value.')
  }

  #placeOf(node: Exclude<Found, null>): Place {
    const { line, col } = this.#lines.linePos(node.range?.[0] ?? 0)
    return { ...this.#places.start, line: Math.max(1, line), column: Math.max(1, col) }
  }

  #alias(node: Alias, { place, depth }: Spot): unknown {
    const anchored = this.#anchors.get(node.source)
    if (anchored === undefined)
      throw badYaml(place, `*${node.source} refers to no &${node.source} before it.`)
    return this.read(anchored, depth + 1)
  }

  #scalar(node: Scalar, place: Place): unknown {
    const { value, tag, type, source = '' } = node
    const custom = customTag(tag, place)
    if (custom !== null) {
      if (source === '') return `!${custom}`
      throw badYaml(
        place,
        `!${custom} is followed by a text; write !${custom} alone, or a mapping behind it.`,
      )
    }
    if (type === 'PLAIN' && tag === undefined && typeof value === 'string') {
      if (/^(yes|Yes|YES)$/.test(value)) return true
      if (/^(no|No|NO)$/.test(value)) return false
    }
    return typeof value === 'bigint' ? Number(value) : value
  }

  #sequence(node: YAMLSeq, { place, depth }: Spot): unknown[] {
    if (customTag(node.tag, place) !== null) throw badYaml(place, 'a list has no type; take the tag away.')
    const list: unknown[] = []
    for (const [index, item] of node.items.entries()) {
      const found = item as Found
      if (found !== null) this.#places.note(list, index, this.#placeOf(found))
      list.push(this.read(found, depth + 1))
    }
    return list
  }

  #mapping(node: YAMLMap, { place, depth }: Spot): Record<string, unknown> {
    const mapping: Record<string, unknown> = {}
    const merged: unknown[] = []
    const jtype = customTag(node.tag, place)
    if (jtype !== null) mapping.jtype = jtype
    for (const pair of node.items) {
      const [at, key] = this.#key(pair.key as Found, place)
      const value = pair.value as Found
      if (key === '<<') merged.push(this.read(value, depth + 1))
      else if (Object.hasOwn(mapping, key))
        throw badYaml(at, `the key ${JSON.stringify(key)} is there twice.`)
      else {
        this.#places.note(mapping, key, value === null ? at : this.#placeOf(value))
        mapping[key] = this.read(value, depth + 1)
      }
    }
    for (const one of merged.flat()) this.#merge(mapping, one, place)
    return mapping
  }

  /** `<<: *anchor`: what the mapping does not say itself. */
  #merge(mapping: Record<string, unknown>, from: unknown, place: Place): void {
    if (typeof from !== 'object' || from === null)
      throw badYaml(place, '<< takes a mapping, or a list of them.')
    for (const [key, value] of Object.entries(from)) if (!Object.hasOwn(mapping, key)) mapping[key] = value
  }

  #key(node: Found, around: Place): readonly [Place, string] {
    if (node === null) throw badYaml(around, 'a key is empty.')
    const place = this.#placeOf(node)
    if (!this.#library.isScalar(node)) throw badYaml(place, 'a key must be a text.')
    const key = node.type === 'PLAIN' ? (node.source ?? '') : String(node.value)
    // an own property here, but whoever copies it by assignment would set a prototype
    if (key === '__proto__') throw badYaml(place, 'the key "__proto__" is not allowed.')
    return [place, key]
  }
}

interface Spot {
  readonly place: Place
  readonly depth: number
}

/** The name of a tag `!Name`; null for none, and for the tags of YAML's own plain types. */
function customTag(tag: string | undefined, place: Place): string | null {
  if (tag === undefined || /^(!|tag:yaml\.org,2002:(str|int|float|bool|null|map|seq))$/.test(tag)) return null
  const [, name] = /^!([A-Za-z_]\w*)$/.exec(tag) ?? []
  if (name !== undefined) return name
  throw badYaml(place, `the tag ${JSON.stringify(tag)} is none that Millrace knows; write plain values.`)
}
