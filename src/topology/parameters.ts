import { Writer } from '../lib/protobuf/writer.js'
import { copyEntries, writeEntry } from '../wire/struct-entry.js'
import { StructReader } from '../wire/struct-reader.js'

/**
 * Executor-specific parameters (jina.md 1.8). `exec1__top_k: 5` reaches only `exec1`, as `top_k`; a Struct under the name
 * of a stage is merged over the parameters of that stage. With several `__` the parts of the name are joined without
 * them (`a__b__k` is `k` of `ab`), as Jina does.
 *
 * Parameters are the bytes of a google.protobuf.Struct: no value is decoded to be sent on.
 */
const separator = '__'

/** Whether any stage gets something other than the parameters as they are. Throws MALFORMED. */
export function areSpecific(parameters: Uint8Array, stages: ReadonlySet<string>): boolean {
  const entries = new StructReader(parameters)
  /** Stages under whose name there is an object; a later entry of the same key may take its place. */
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

/** What one stage gets. Entries that are for all come first, so what is for this stage replaces them. Throws MALFORMED. */
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
