import type { Filter } from '../document/index.js'
import { MillraceError } from '../errors.js'
import { type ConditionFields, fieldCheck } from './condition-fields.js'
import { show } from '../lib/show.js'
import type { Option } from './option.js'
import { compileCondition, type ConditionSpec } from '../topology/condition.js'
import { isMapping } from '../lib/mapping.js'

/** The option `when`: a filter of documents, or filters of documents, parameters and headers. */
export type When = Filter | Partial<ConditionSpec>

const parts: readonly string[] = ['docs', 'parameters', 'headers'] satisfies (keyof ConditionSpec)[]

/** Checked by `resolveWhen`. An empty text, as in YAML, is no condition. */
export const whenOption: Option<When | null> = {
  expected: 'a filter such as { tags__price: { $gt: 5 } }, or { docs, parameters, headers } with filters',
  preset: null,
  parse: (value) => (value === '' ? null : (value as When | null)),
}

/** Null for no condition. `fields` are those that documents of the stage have. @throws INVALID_OPTION */
export function resolveWhen(given: unknown, stage: string, fields: ConditionFields): ConditionSpec | null {
  if (given === null || given === undefined) return null
  if (!isMapping(given)) throw invalid(stage, `when must be ${whenOption.expected}, not ${show(given)}.`)
  const keys = Object.keys(given)
  if (keys.length === 0) return null
  const spec = { docs: null, parameters: null, headers: null }
  const isLong = keys.every((key) => parts.includes(key))
  const condition: ConditionSpec = isLong ? { ...spec, ...given } : { ...spec, docs: given }
  for (const [key, filter] of Object.entries(condition)) {
    if (filter !== null && !isMapping(filter))
      throw invalid(stage, `when.${key} must be a filter, not ${show(filter)}.`)
  }
  try {
    compileCondition(condition, fieldCheck(fields))
    structuredClone(condition)
  } catch (error) {
    throw invalid(stage, `when cannot be used: ${MillraceError.from(error).message}`)
  }
  return condition
}

function invalid(stage: string, what: string): MillraceError {
  return new MillraceError('INVALID_OPTION', `stage '${stage}': ${what}`)
}
