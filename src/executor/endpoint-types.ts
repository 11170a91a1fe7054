import { type DocClass, isDocClass, isStandardSchema, type StandardSchema } from '../document/typed/index.js'
import { MillraceError } from '../errors.js'
import { describeValue } from './describe-value.js'

/** What an endpoint takes and returns, as far as it is typed. */
export interface EndpointTypes {
  readonly input: DocClass | undefined
  readonly output: DocClass | undefined
  readonly parameters: StandardSchema | undefined
}

/** Undefined where nothing is typed. Throws INVALID_OPTION; `where` begins the message. */
export function resolveTypes(
  { input, output, parameters }: { readonly [K in keyof EndpointTypes]?: unknown },
  where: string,
): EndpointTypes | undefined {
  for (const [name, given] of Object.entries({ input, output })) {
    if (given !== undefined && !isDocClass(given)) throw refused(where, name, describeValue(given))
  }
  if (parameters !== undefined && !isStandardSchema(parameters)) {
    throw new MillraceError(
      'INVALID_OPTION',
      `${where}: 'parameters' must be a Standard Schema, such as z.object({ limit: z.number() }), not ${describeValue(parameters)}`,
    )
  }
  if (input === undefined && output === undefined && parameters === undefined) return undefined
  return { input: input as DocClass | undefined, output: output as DocClass | undefined, parameters }
}

function refused(where: string, name: string, came: string): MillraceError {
  return new MillraceError(
    'INVALID_OPTION',
    `${where}: '${name}' must be a class of typed documents, as doc({ text: z.string() }) makes it, not ${came}`,
  )
}
