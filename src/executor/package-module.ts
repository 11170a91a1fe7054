import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

/** `name`, `name/door`, `@scope/name/door`. */
const specifier = /^(?:@[a-z0-9-~][\w.~-]*\/)?[a-z0-9-~][\w.~-]*(?:\/[\w.~-]+)*$/i

/**
 * Absolute path of a module of an installed package, such as `millrace/indexer`, as seen from folders, then from this package.
 * Null for another kind of name, and when there is none.
 */
export function packageModule(name: string, folders: readonly string[]): string | null {
  if (!specifier.test(name)) return null
  const parents = folders.map((folder) => pathToFileURL(path.join(folder, 'x')))
  for (const parent of [...parents, import.meta.url]) {
    try {
      const file = createRequire(parent).resolve(name)
      if (path.isAbsolute(file)) return file
    } catch {
      // not from there
    }
  }
  return null
}
