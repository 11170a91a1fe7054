import { doubleQuoted, propertyName } from './names.js'
import { isMapping } from '../../lib/mapping.js'

export type JsonSchema = Readonly<Record<string, unknown>>

/** What the types of a schema need beside themselves. */
export interface Declarations {
  /** The name of the type that a local reference points at, such as `#/x-millrace-types/a/input/$defs/Tree`. */
  nameOf(reference: string): string
  /** Notes that the file needs a type of the package. */
  use(name: PackageType): string
}

export type PackageType = 'NdArray' | 'NestedNumbers' | 'Scores'

/** Whether the types are for what a client sends, or for what it gets. */
export type Direction = 'sent' | 'received'

/** Deeper schemas than this become `unknown`; the description comes from a server, which may be anything. */
const maxDepth = 64

/** The elements of a tensor by its dtype; `float16` has its bits in a Uint16Array. */
const arrays: Readonly<Record<string, string>> = {
  bool: 'Uint8Array',
  int8: 'Int8Array',
  uint8: 'Uint8Array',
  int16: 'Int16Array',
  uint16: 'Uint16Array',
  int32: 'Int32Array',
  uint32: 'Uint32Array',
  int64: 'BigInt64Array',
  uint64: 'BigUint64Array',
  float16: 'Uint16Array',
  float32: 'Float32Array',
  float64: 'Float64Array',
}

/** Whose arrays stand for several dtypes: elements alone do not say which. */
const ambiguous = new Set(['Uint8Array', 'Uint16Array'])

/** TypeScript for JSON Schemas (2020-12) of typed documents and parameters. Keywords that no type can express are left out. */
export class SchemaTypes {
  readonly #declarations: Declarations
  readonly #direction: Direction

  constructor(declarations: Declarations, direction: Direction) {
    this.#declarations = declarations
    this.#direction = direction
  }

  /** The type of values that pass the schema. */
  of(schema: unknown, depth = 0): string {
    if (schema === false) return 'never'
    if (!isMapping(schema) || depth > maxDepth) return 'unknown'
    const tensor = schema['x-tensor']
    if (isMapping(tensor)) return this.#tensor(tensor)
    if (isBytes(schema)) return 'Uint8Array'
    const parts = [
      ...this.#references(schema),
      ...this.#combinations(schema, depth),
      ...this.#values(schema, depth),
    ].filter((part) => part !== 'unknown')
    if (parts.length === 0) return 'unknown'
    return parts.length === 1 ? parts[0]! : parts.map(grouped).join(' & ')
  }

  #tensor({ dtype, shape }: JsonSchema): string {
    const elements = arrays[String(dtype)]
    const array = `${this.#declarations.use('NdArray')}${elements === undefined ? '' : `<${elements}>`}`
    if (this.#direction === 'received') return array
    const choices = [array, `readonly ${this.#declarations.use('NestedNumbers')}[]`]
    const isVector = Array.isArray(shape) && shape.length === 1
    if (isVector && elements !== undefined && !ambiguous.has(elements)) choices.push(elements)
    return choices.join(' | ')
  }

  #references({ $ref }: JsonSchema): string[] {
    return typeof $ref === 'string' ? [this.#declarations.nameOf($ref)] : []
  }

  #combinations(schema: JsonSchema, depth: number): string[] {
    const alternatives = (list: unknown): string[] =>
      Array.isArray(list) && list.length > 0 ? [union(list.map((item) => this.of(item, depth + 1)))] : []
    const { anyOf, oneOf, allOf } = schema
    return [
      ...alternatives(anyOf),
      ...alternatives(oneOf),
      ...(Array.isArray(allOf) ? allOf.map((item) => this.of(item, depth + 1)) : []),
    ]
  }

  #values(schema: JsonSchema, depth: number): string[] {
    if ('const' in schema) return [literal(schema['const'])]
    const { enum: choices, type } = schema
    if (Array.isArray(choices)) return [union(choices.map(literal))]
    if (type === undefined) return isMapping(schema['properties']) ? [this.#object(schema, depth)] : []
    return [union([type].flat().map((each) => this.#typed(each, schema, depth)))]
  }

  #typed(type: unknown, schema: JsonSchema, depth: number): string {
    switch (type) {
      case 'string':
      case 'boolean':
      case 'null':
        return type
      case 'number':
      case 'integer':
        return 'number'
      case 'array':
        return this.#array(schema, depth)
      case 'object':
        return this.#object(schema, depth)
      default:
        return 'unknown'
    }
  }

  #array({ items, prefixItems }: JsonSchema, depth: number): string {
    const item = this.of(items ?? true, depth + 1)
    const readonly = this.#direction === 'sent' ? 'readonly ' : ''
    if (!Array.isArray(prefixItems)) return `${readonly}${grouped(item)}[]`
    const first = prefixItems.map((each) => this.of(each, depth + 1))
    const rest = items === undefined || items === false ? [] : [`...${grouped(item)}[]`]
    return `${readonly}[${[...first, ...rest].join(', ')}]`
  }

  #object(schema: JsonSchema, depth: number): string {
    const properties = isMapping(schema['properties']) ? schema['properties'] : {}
    const { additionalProperties, title } = schema
    const required = new Set([schema['required'] ?? []].flat())
    const members = Object.entries(properties).map(([name, value]) => {
      const optional = required.has(name) ? '' : '?'
      return `${comment(value)}${this.#readonly}${propertyName(name)}${optional}: ${this.of(value, depth + 1)}`
    })
    const { id } = properties
    const isDocument = typeof title === 'string' && isMapping(id) && id['type'] === 'string'
    if (isDocument && this.#direction === 'received' && properties['scores'] === undefined)
      members.push(`scores?: ${this.#declarations.use('Scores')}`)
    if (members.length > 0) return `{\n${members.map(indented).join('\n')}\n}`
    if (additionalProperties === false) return 'Readonly<Record<string, never>>'
    const record = `Record<string, ${this.of(additionalProperties ?? true, depth + 1)}>`
    return this.#direction === 'sent' ? `Readonly<${record}>` : record
  }

  get #readonly(): string {
    return this.#direction === 'sent' ? 'readonly ' : ''
  }
}

/** `bytes()` says nothing else; the texts of other schemas that are in base64 have a pattern or format. */
function isBytes(schema: JsonSchema): boolean {
  const keys = Object.keys(schema).filter((key) => key !== 'description')
  return keys.length === 2 && schema['type'] === 'string' && schema['contentEncoding'] === 'base64'
}

function comment(schema: unknown): string {
  if (!isMapping(schema) || typeof schema['description'] !== 'string') return ''
  return `/** ${schema['description'].replaceAll('*/', '*\\/').replaceAll(/\s+/g, ' ')} */\n`
}

function literal(value: unknown): string {
  if (typeof value === 'string') return doubleQuoted(value)
  return value === null || typeof value === 'number' || typeof value === 'boolean' ? String(value) : 'unknown'
}

function union(types: readonly string[]): string {
  if (types.includes('unknown')) return 'unknown'
  const distinct = [...new Set(types)].filter((type) => type !== 'never')
  return distinct.length === 0 ? 'never' : distinct.join(' | ')
}

/** In parentheses where an operator would bind to a part only. */
function grouped(type: string): string {
  return /[|&]|^readonly /.test(type) && !/^\{[^{}]*\}$/.test(type) ? `(${type})` : type
}

function indented(lines: string): string {
  return lines.replaceAll(/^/gm, '  ')
}
