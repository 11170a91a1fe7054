import { MillraceError } from '../../errors.js'
import { typesKey } from '../../wire/endpoint-schema.js'
import { propertyName, doubleQuoted, TypeNames } from './names.js'
import {
  type Declarations,
  type Direction,
  type JsonSchema,
  type PackageType,
  SchemaTypes,
} from './schema-type.js'
import { isMapping } from '../../lib/mapping.js'

/** The three parts of an endpoint, in the order of the file. */
const sides = [
  ['input', 'sent'],
  ['output', 'received'],
  ['parameters', 'sent'],
] as const

/**
 * A TypeScript module with the interface `Endpoints` for `Client<Endpoints>`, from the OpenAPI document of a Flow.
 *
 * @throws INVALID_INPUT when the document is not one of Millrace
 */
export function renderTypes(openApi: unknown, from: string): string {
  const types = isMapping(openApi) ? openApi[typesKey] : undefined
  if (!isMapping(openApi) || !isMapping(types)) throw notOfMillrace(from)
  const file = new TypesFile(openApi)
  const endpoints = Object.entries(types).map(([endpoint, models]) => {
    const members = sides
      .filter(([side]) => isMapping(models) && isMapping(models[side]))
      .map(([side, direction]) => {
        const name = file.declare((models as JsonSchema)[side], { wish: `${endpoint} ${side}`, direction })
        return `    readonly ${side}: ${name}`
      })
    const body = members.length === 0 ? 'Readonly<Record<never, never>>' : `{\n${members.join('\n')}\n  }`
    return `  readonly ${doubleQuoted(endpoint)}: ${body}`
  })
  return file.render(
    `/** The endpoints of a Flow: \`new Client<Endpoints>({ host, typed: true })\`. */
export interface Endpoints {
${endpoints.join('\n')}
}`,
    from,
  )
}

interface Wish {
  readonly wish: string
  readonly direction: Direction
}

/** Collects the types of a file: one declaration for each endpoint's side, and one for each schema that others refer to. */
class TypesFile {
  readonly #openApi: JsonSchema
  readonly #names = new TypeNames(['Endpoints', 'NdArray', 'NestedNumbers', 'Scores', 'Record', 'Readonly'])
  readonly #declared: string[] = []
  /** By direction and reference. */
  readonly #referred = new Map<string, string>()
  readonly #imports = new Set<PackageType>()

  constructor(openApi: JsonSchema) {
    this.#openApi = openApi
  }

  /** Declares the type of a schema; returns its name. */
  declare(schema: unknown, { wish, direction }: Wish): string {
    const name = this.#names.next(wish)
    this.#write(name, schema, direction)
    return name
  }

  #write(name: string, schema: unknown, direction: Direction): void {
    const declarations: Declarations = {
      nameOf: (reference) => this.#nameOf(reference, direction),
      use: (type) => {
        this.#imports.add(type)
        return type
      },
    }
    const index = this.#declared.push('') - 1 // before the types that it needs
    const type = new SchemaTypes(declarations, direction).of(schema)
    this.#declared[index] = `export type ${propertyName(name)} = ${type}`
  }

  #nameOf(reference: string, direction: Direction): string {
    const key = `${direction} ${reference}`
    const known = this.#referred.get(key)
    if (known !== undefined) return known
    const steps = stepsOf(reference)
    const schema = steps?.reduce<unknown>(
      (value, step) => (isMapping(value) && Object.hasOwn(value, step) ? value[step] : undefined),
      this.#openApi,
    )
    if (schema === undefined) return 'unknown'
    const name = this.#names.next(`${steps?.at(-1)} ${direction === 'sent' ? 'input' : 'output'}`)
    this.#referred.set(key, name) // before its own references, which may lead to itself
    this.#write(name, schema, direction)
    return name
  }

  render(endpoints: string, from: string): string {
    const imports = [...this.#imports].toSorted()
    return `// Written by: millrace types ${from.replaceAll(/\s+/g, ' ')}
// Write it again when the Flow has changed.
${imports.length > 0 ? `import type { ${imports.join(', ')} } from 'millrace/document'\n` : ''}
${[endpoints, ...this.#declared].join('\n\n')}
`
  }
}

/** The keys of a local JSON pointer in a URL's fragment (RFC 6901, section 6); undefined for others. */
function stepsOf(reference: string): string[] | undefined {
  if (!reference.startsWith('#/')) return undefined
  try {
    return reference
      .slice(2)
      .split('/')
      .map((step) => decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~'))
  } catch {
    return undefined
  }
}

function notOfMillrace(from: string): MillraceError {
  return new MillraceError(
    'INVALID_INPUT',
    `The OpenAPI document of ${from} does not say which endpoints it has (${typesKey}), as a Flow of this version of Millrace does.`,
  )
}
