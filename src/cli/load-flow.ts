import { existsSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { LoadOptions } from '../config/load-flow.js'
import { MillraceError } from '../errors.js'
import { importModule } from '../executor/import-module.js'
import { captureStarts } from '../flow/capture.js'
import type { Flow } from '../flow/flow.js'

/**
 * Loads a Flow from a YAML file, or from a module (JavaScript or TypeScript) that exports one as `default` or under any
 * name, or starts one. The Flow is not started here, and the module does not run beyond its start. The module may use
 * another copy of Millrace, so only the Flow's methods are used. Rejects with MODULE_NOT_FOUND, EXPORT_NOT_FOUND, and as
 * `Flow.loadConfig` does.
 *
 * @param options override those of the file
 */
export async function loadFlow(file: string, options: LoadOptions = {}): Promise<Flow<string>> {
  const { Flow } = await import('../flow/flow.js')
  if (/\.ya?ml$/i.test(file) || !/\.[cm]?[jt]sx?$/i.test(file)) return Flow.loadConfig(file, options)
  const flow = await fromModule(file)
  const { usesWith = {} } = options
  // a Flow has no method to change its options, so they are applied to a copy
  return Object.keys(usesWith).length === 0 ? flow : Flow.loadConfig(await flow.toYaml(), options)
}

async function fromModule(file: string): Promise<Flow<string>> {
  const absolute = path.resolve(file)
  if (!existsSync(absolute)) throw new MillraceError('MODULE_NOT_FOUND', `There is no file ${absolute}.`)
  let release = (): void => {}
  const started = new Promise<Flow<string>>((resolve) => {
    // let the module finish its turn first: it may export Flows and not await this start
    release = captureStarts((flow) => setImmediate(() => resolve(flow as Flow<string>)))
  })
  try {
    const exported = importModule(pathToFileURL(absolute).href).then((exports) => flowOf(exports, absolute))
    return await Promise.race([exported, started])
  } finally {
    release()
  }
}

function flowOf(exports: object, file: string): Flow<string> {
  const [flow, ...others] = [...new Set(Object.values(exports).filter(isFlow))]
  if (flow !== undefined && others.length === 0) return flow
  throw new MillraceError(
    'EXPORT_NOT_FOUND',
    flow === undefined
      ? `${file} neither exports nor starts a Flow. Write \`export const flow = new Flow()…\`.`
      : `${file} exports ${others.length + 1} Flows, where one is wanted.`,
  )
}

function isFlow(value: unknown): value is Flow<string> {
  return typeof value === 'object' && value !== null && 'toKubernetes' in value
}
