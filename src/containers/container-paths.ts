import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { MillraceError } from '../errors.js'

/** Where containers have what they need. */
export const containerPaths = {
  /** The project, as `export dockerfile` puts it. */
  project: '/app',
  /** What Executors keep. */
  workspace: '/workspace',
  temporary: '/tmp',
  /** Configuration from outside of the image. */
  config: '/etc/millrace',
} as const

/** The port on which each container listens. */
export const containerPort = 8080

/** Our own modules: this one is in a folder of theirs, wherever Millrace was loaded from. */
const own = fileURLToPath(new URL('..', import.meta.url))

/**
 * Where the image of a project has a module: of the project, of a package in its `node_modules`, or of Millrace, whichever
 * copy of it runs here.
 *
 * @throws UNSUPPORTED for any other
 */
export function inImage(url: string, project: string, stage: string): string {
  const file = fileURLToPath(url)
  const inProject = within(path.resolve(project), file)
  if (inProject !== null) return path.posix.join(containerPaths.project, ...inProject)
  const inOwn = within(own, file)
  if (inOwn !== null) return path.posix.join(containerPaths.project, 'node_modules/millrace/dist', ...inOwn)
  throw new MillraceError(
    'UNSUPPORTED',
    `stage '${stage}': ${file} is not in the project ${path.resolve(project)}, so its image does not have it. ` +
      'Export from the folder of the project (or name it: project), or give the stage an image of its own.',
  )
}

/** The names on the way from a folder to a file in it; null when it is elsewhere. */
function within(folder: string, file: string): readonly string[] | null {
  const relative = path.relative(folder, file)
  const isElsewhere = relative === '' || relative.startsWith('..') || path.isAbsolute(relative)
  return isElsewhere ? null : relative.split(path.sep)
}
