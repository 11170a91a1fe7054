import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { MillraceError } from '../errors.js'
import { namedFunction } from '../gateway/import-function.js'

/**
 * A function of a module, `./auth.js` for its default export or `./auth.js#check`, with an absolute path. `option` is the option
 * that names it, for the message.
 *
 * @throws MODULE_NOT_FOUND
 */
export function functionPath(written: string, option: string): string {
  const [named = '', name] = written.split('#', 2)
  const resolved = named.startsWith('file:') ? fileURLToPath(named) : path.resolve(named)
  const module = name === undefined ? resolved : `${resolved}#${name}`
  const file = fileURLToPath(namedFunction(module).url)
  if (existsSync(file)) return module
  throw new MillraceError(
    'MODULE_NOT_FOUND',
    `Flow: ${option}: there is no file ${file}. A relative path starts at the working directory.`,
  )
}
