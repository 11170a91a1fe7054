import { Writer } from '../lib/protobuf/writer.js'
import { copyEntries, writeEntry } from '../wire/struct-entry.js'
import { StructReader } from '../wire/struct-reader.js'

/**
 * Executor-specific parameters (jina.md 1.8). `exec1__top_k: 5` reaches only `exec1`, as `top_k`; a Struct under the name
 * of a stage is merged over the parameters of that stage. With several `__`, the parts of the name are joined without them
 * (`a__b__k` is `k` of `ab`), as in Jina.
 *
 * Parameters stay encoded as a google.protobuf.Struct: no value is decoded only to be forwarded.
 */
const separator = '__'

/** Whether any stage gets other parameters than the request's own. Throws MALFORMED. */
export function areSpecific(parameters: Uint8Array, stages: ReadonlySet<string>): boolean {
  const entries = new StructReader(parameters)
  /** Stages whose name is the key of an object; a later entry with the same key may replace it. */
  let objects: Set<string> | undefined
  while (entries.next()) {
    if (entries.keyIsPrefixed) return true
    const isObject = entries.object !== undefined
    if (!isObject && objects === undefined) continue
    const { key } = entries
    if (!stages.has(key)) continue
    if (isObject) (objects ??= new Set()).add(key)
    else objects?.delete(key)
  }
  return objects !== undefined && objects.size > 0
}

/** The parameters for one stage. General entries come first, so that entries for this stage override them. Throws MALFORMED. */
export function parametersFor(stage: string, parameters: Uint8Array): Uint8Array {
  const writer = new Writer(parameters.length + 16)
  const prefixed = new Writer()
  let nested: Uint8Array | undefined
  copyEntries(writer, parameters, (entry) => {
    if (entry.keyIsPrefixed) {
      const parts = entry.key.split(separator)
      const rest = parts.pop() ?? ''
      if (parts.join('') === stage) writeEntry(prefixed, rest, entry.valueBytes)
      return false
    }
    if (entry.keyIs(stage)) nested = entry.object
    return true
  })
  writer.raw(prefixed.finish())
  if (nested !== undefined) writer.raw(nested)
  return writer.finish()
}
