import { existsSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Flow } from '../flow/flow.js'
import { MillraceError } from '../errors.js'

/**
 * Loads a Flow from a YAML file, or from a module that exports one as `default` or under any name. The module may use another
 * copy of Millrace, so only the Flow's methods are used. Rejects with MODULE_NOT_FOUND, EXPORT_NOT_FOUND, and as
 * `Flow.loadConfig` does.
 */
export async function loadFlow(file: string): Promise<Flow<string>> {
  if (/\.ya?ml$/i.test(file)) {
    const { Flow } = await import('../flow/flow.js')
    return Flow.loadConfig(file)
  }
  const absolute = path.resolve(file)
  if (!existsSync(absolute)) throw new MillraceError('MODULE_NOT_FOUND', `There is no file ${absolute}.`)
  const exported = Object.values(await importIt(absolute))
  const flows = exported.filter(isFlow)
  const [flow, ...others] = [...new Set(flows)]
  if (flow !== undefined && others.length === 0) return flow
  throw new MillraceError(
    'EXPORT_NOT_FOUND',
    flow === undefined
      ? `${absolute} exports no Flow. Write \`export const flow = new Flow()…\`, and start it in another file.`
      : `${absolute} exports ${flows.length} Flows, where one is wanted.`,
  )
}

async function importIt(file: string): Promise<object> {
  try {
    return (await import(pathToFileURL(file).href)) as object
  } catch (error) {
    const message = `${file} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`
    throw new MillraceError('MODULE_NOT_FOUND', message, { cause: error })
  }
}

function isFlow(value: unknown): value is Flow<string> {
  return typeof value === 'object' && value !== null && 'toKubernetes' in value
}
