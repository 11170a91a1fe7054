type JsonSchema = Readonly<Record<string, unknown>>

/** The JSON pointer to what is further inside. */
export function pointer(at: string, ...keys: readonly string[]): string {
  const steps = keys.map((key) => `/${encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'))}`)
  return at + steps.join('')
}

/**
 * A schema that is at `at` in another one, with its references still leading to its own parts: types that contain themselves have
 * `#` and `#/$defs/Name`.
 */
export function rebased(schema: JsonSchema, at: string): JsonSchema {
  return at === '#' ? schema : (moved(schema, at) as JsonSchema)
}

function moved(value: unknown, at: string): unknown {
  if (Array.isArray(value)) return value.map((item) => moved(item, at))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, inner]) => {
    const isOwn = key === '$ref' && typeof inner === 'string' && inner.startsWith('#')
    return [key, isOwn ? at + inner.slice(1) : moved(inner, at)]
  })
  return Object.fromEntries(entries) as unknown
}
