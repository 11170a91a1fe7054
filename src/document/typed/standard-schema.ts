/**
 * A validator of any library that implements Standard Schema (https://standardschema.dev, version 1), such as zod, valibot or
 * arktype; `In` is what it accepts, `Out` what it gives.
 */
export interface StandardSchema<In = unknown, Out = In> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    /** Checks a value; gives it back, maybe changed, or what is wrong with it. */
    readonly validate: (value: unknown) => StandardResult<Out> | Promise<StandardResult<Out>>
    readonly types?: { readonly input: In; readonly output: Out } | undefined
    /** The extension Standard JSON Schema; libraries without it are described as `{}`. */
    readonly jsonSchema?: StandardJsonSchema
  }
}

interface StandardJsonSchema {
  readonly input: (options: JsonSchemaOptions) => Record<string, unknown>
  readonly output: (options: JsonSchemaOptions) => Record<string, unknown>
}

interface JsonSchemaOptions {
  readonly target: 'draft-2020-12'
}

type StandardResult<Out> = { readonly value: Out; readonly issues?: undefined } | StandardFailure

interface StandardFailure {
  readonly issues: readonly StandardIssue[]
}

interface StandardIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

export type SchemaInput<S extends StandardSchema> = NonNullable<S['~standard']['types']>['input']
export type SchemaOutput<S extends StandardSchema> = NonNullable<S['~standard']['types']>['output']

/** Whether a value is a Standard Schema; some libraries make theirs functions. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  const standard = (value as { readonly '~standard'?: unknown })['~standard']
  return (
    typeof standard === 'object' &&
    standard !== null &&
    'validate' in standard &&
    typeof standard.validate === 'function'
  )
}
