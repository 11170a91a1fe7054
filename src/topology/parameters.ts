/**
 * Executor-specific parameters (jina.md 1.8). `exec1__top_k: 5` reaches only `exec1`, as `top_k`; a Struct under the name
 * of a stage is merged over the parameters of that stage. With several `__` the parts of the name are joined without
 * them (`a__b__k` is `k` of `ab`), as Jina does.
 */
export type Parameters = Record<string, unknown>

const separator = '__'

/** Whether any stage gets something other than the parameters as they are. */
export function areSpecific(parameters: Parameters, stages: Iterable<string>): boolean {
  for (const key in parameters) if (isPrefixed(key)) return true
  for (const name of stages) if (isStruct(parameters[name])) return true
  return false
}

/** What one stage gets; a new object. */
export function parametersFor(stage: string, parameters: Parameters): Parameters {
  const own: [string, unknown][] = []
  const prefixed: [string, unknown][] = []
  for (const entry of Object.entries(parameters)) {
    const [key, value] = entry
    if (!isPrefixed(key)) {
      own.push(entry)
      continue
    }
    const parts = key.split(separator)
    const rest = parts.pop() ?? ''
    if (parts.join('') === stage) prefixed.push([rest, value])
  }
  const nested = parameters[stage]
  // fromEntries defines properties, so a key `__proto__` stays a key
  return Object.fromEntries([...own, ...prefixed, ...(isStruct(nested) ? Object.entries(nested) : [])])
}

function isPrefixed(key: string): boolean {
  return key.includes(separator) && !key.startsWith(separator) && !key.endsWith(separator)
}

function isStruct(value: unknown): value is Parameters {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
