import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { MillraceError } from '../errors.js'

/** Folders in containers. */
export const containerPaths = {
  /** The project, where `export dockerfile` copies it. */
  project: '/app',
  /** Workspaces of Executors. */
  workspace: '/workspace',
  temporary: '/tmp',
  /** Configuration mounted from outside the image. */
  config: '/etc/millrace',
} as const

/** The port every container listens on. */
export const containerPort = 8080

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
  const file = fileURLToPath(url)
  const inProject = segmentsBelow(path.resolve(project), file)
  if (inProject !== null) return path.posix.join(containerPaths.project, ...inProject)
  const inOwn = segmentsBelow(own, file)
  if (inOwn !== null) return path.posix.join(containerPaths.project, 'node_modules/millrace/dist', ...inOwn)
  throw new MillraceError(
    'UNSUPPORTED',
    `stage '${stage}': ${file} is not in the project ${path.resolve(project)}, so its image does not have it. ` +
      'Run the export in the folder of the project (or set the option project), or give the stage its own image.',
  )
}

/** Path segments from a folder to a file below it; null when the file is elsewhere. */
function segmentsBelow(folder: string, file: string): readonly string[] | null {
  const relative = path.relative(folder, file)
  const isElsewhere = relative === '' || relative.startsWith('..') || path.isAbsolute(relative)
  return isElsewhere ? null : relative.split(path.sep)
}
