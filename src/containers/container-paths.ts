import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { MillraceError } from '../errors.js'
import { namedFunction } from '../gateway/import-function.js'

/** Folders in containers. */
export const containerPaths = {
  /** The project, where `export dockerfile` copies it. */
  project: '/app',
  /** Workspaces of Executors. */
  workspace: '/workspace',
  temporary: '/tmp',
  /** Configuration mounted from outside the image. */
  config: '/etc/millrace',
  /** Certificate and key of the gateway, mounted from outside. */
  tls: '/etc/millrace-tls',
} as const

/** The port every container listens on. */
export const containerPort = 8080

/** The port for metrics in a container, unless the Flow sets one. */
const presetMetricsPort = 9090

/** The port for metrics in the containers of a Flow. */
export function containerMetricsPortOf({ port }: { readonly port: number }): number {
  return port || presetMetricsPort
}

/** The interface every container listens on: all of IPv6 and IPv4, because in some clusters pods have only one of them. */
export const containerHost = '::'

/** Root of Millrace's own modules, wherever it was loaded from. */
const own = fileURLToPath(new URL('..', import.meta.url))

/**
 * Path in a project's image of a module: of the project, of a package in its `node_modules`, or of Millrace (whichever copy
 * runs here).
 *
 * @throws UNSUPPORTED for any other module
 */
export function inImage(url: string, project: string, stage: string): string {
  const found = pathInImage(url, project)
  if (found !== null) return found
  throw notInImage(url, project, { owner: `stage '${stage}'`, other: ', or give the stage its own image' })
}

/**
 * A function that the gateway loads, `/shop/auth.js#check`, as its image has it. `option` is the option that names it.
 *
 * @throws UNSUPPORTED for a module that the image does not have
 */
export function functionInImage(module: string, project: string, option: string): string {
  const { url, name } = namedFunction(module)
  const found = pathInImage(url, project)
  if (found !== null) return name === null ? found : `${found}#${name}`
  throw notInImage(url, project, { owner: `Flow: ${option}` })
}

/** Null for a module that the image does not have. */
function pathInImage(url: string, project: string): string | null {
  const file = fileURLToPath(url)
  const inProject = segmentsBelow(path.resolve(project), file)
  if (inProject !== null) return path.posix.join(containerPaths.project, ...inProject)
  const inOwn = segmentsBelow(own, file)
  if (inOwn !== null) return path.posix.join(containerPaths.project, 'node_modules/millrace/dist', ...inOwn)
  return null
}

function notInImage(
  url: string,
  project: string,
  { owner, other = '' }: { readonly owner: string; readonly other?: string },
): MillraceError {
  return new MillraceError(
    'UNSUPPORTED',
    `${owner}: ${fileURLToPath(url)} is not in the project ${path.resolve(project)}, so its image does not have it. ` +
      `Run the export in the folder of the project (or set the option project)${other}.`,
  )
}

/** Path segments from a folder to a file below it; null when the file is elsewhere. */
function segmentsBelow(folder: string, file: string): readonly string[] | null {
  const relative = path.relative(folder, file)
  const isElsewhere = relative === '' || relative.startsWith('..') || path.isAbsolute(relative)
  return isElsewhere ? null : relative.split(path.sep)
}
