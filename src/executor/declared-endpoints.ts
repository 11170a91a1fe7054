import { type EndpointMap, schemaOf } from '../document/typed/index.js'
import { MillraceError } from '../errors.js'
import { nearest } from '../lib/nearest.js'
import { isMapping } from '../lib/mapping.js'
import { describeValue } from './describe-value.js'
import { type EndpointTypes, resolveTypes } from './endpoint-types.js'
import { checkEndpoint } from './options.js'

/** What classes keep the endpoints of `Executor.declaring` under; the same in two copies of the package. */
export const declaredEndpoints: unique symbol = Symbol.for('millrace.declared')

/** Throws INVALID_EXECUTOR unless it is a map of endpoints to their types. */
export function checkDeclaration(endpoints: unknown): asserts endpoints is EndpointMap {
  const where = 'Executor.declaring()'
  if (!isMapping(endpoints)) {
    throw new MillraceError(
      'INVALID_EXECUTOR',
      `${where} takes endpoints with their types, as in { '/encode': { input: Text, output: Article } }, not ${describeValue(endpoints)}`,
    )
  }
  for (const [path, types] of Object.entries(endpoints)) {
    checkEndpoint(path, where)
    if (!isMapping(types)) {
      throw new MillraceError(
        'INVALID_EXECUTOR',
        `${where}: '${path}' must have an object { input, output, parameters }, not ${describeValue(types)}`,
      )
    }
    resolveTypes(types, `${where}, '${path}'`)
  }
}

/** What serves an endpoint. */
interface Served {
  readonly method: string
  readonly types: EndpointTypes | undefined
}

/**
 * Requires that each declared endpoint is served, with the classes and the schema that are declared.
 *
 * @throws INVALID_EXECUTOR, which names the endpoint and both types
 */
export function checkDeclared(
  className: string,
  declared: EndpointMap,
  served: { readonly byPath: ReadonlyMap<string, Served>; readonly byDefault: Served | undefined },
): void {
  for (const [path, types] of Object.entries(declared)) {
    const found = served.byPath.get(path) ?? served.byDefault
    if (found === undefined) throw unserved(className, path, [...served.byPath.keys()])
    for (const kind of ['input', 'output', 'parameters'] as const) {
      const [wanted, given] = [types[kind], found.types?.[kind]]
      if (wanted === given) continue
      throw new MillraceError(
        'INVALID_EXECUTOR',
        `${className} declares '${path}' with ${textOf(kind, wanted)}, and ${found.method} serves it with ${textOf(kind, given)}. Use the same ${kind === 'parameters' ? 'schema' : 'class'} for both.`,
      )
    }
  }
}

function unserved(className: string, path: string, paths: readonly string[]): MillraceError {
  const near = nearest(path, paths)
  const hint =
    near === undefined
      ? `it serves: ${paths.join(', ') || 'none'}.`
      : `did you mean '${near}', which it serves?`
  return new MillraceError(
    'INVALID_EXECUTOR',
    `${className} declares '${path}', and none of its methods serves it; ${hint} Bind a method with @requests({ on: '${path}', … }), or take '${path}' out of Executor.declaring().`,
  )
}

function textOf(kind: 'input' | 'output' | 'parameters', given: unknown): string {
  if (given === undefined) return `no ${kind}`
  if (kind === 'parameters') return 'other parameters'
  const { name, fields } = schemaOf(given)
  return `the ${kind} ${name} (${fields.map((field) => field.name).join(', ')})`
}
