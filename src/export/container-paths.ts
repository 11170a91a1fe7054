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

/** Where the image of a project has a module of it. @throws UNSUPPORTED when the module is not in the project */
export function inImage(url: string, project: string, stage: string): string {
  const file = fileURLToPath(url)
  const relative = path.relative(path.resolve(project), file)
  const isInside = relative !== '' && !relative.startsWith('..') && !path.isAbsolute(relative)
  const isCopied = !relative.split(path.sep).includes('node_modules')
  if (isInside && isCopied) return path.posix.join(containerPaths.project, ...relative.split(path.sep))
  throw new MillraceError(
    'UNSUPPORTED',
    `stage '${stage}': ${file} is not in the project ${path.resolve(project)}, so its image does not have it. ` +
      'Export from the folder of the project (or name it: project), or give the stage an image of its own.',
  )
}
