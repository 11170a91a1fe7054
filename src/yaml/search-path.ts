import { existsSync, statSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where a relative path in a YAML file is searched. */
export interface SearchPath {
  /** The folder of the YAML file; null for a text without a file. */
  readonly folder: string | null
  /** Searched last. */
  readonly extraSearchPaths: readonly string[]
}

/** Absolute folders in Jina's order: working directory, folder of the YAML file, extra search paths. */
export function searchFolders({ folder, extraSearchPaths }: SearchPath): readonly string[] {
  const folders = [process.cwd(), ...(folder === null ? [] : [folder]), ...extraSearchPaths]
  return [...new Set(folders.map((one) => path.resolve(one)))]
}

/** Absolute path of the first match, trying each of `endings` after the name. Null when there is none. */
export function findFile(name: string, where: SearchPath, endings: readonly string[] = ['']): string | null {
  const relative = pathOf(name)
  if (relative === null) return null
  for (const folder of searchFolders(where)) {
    for (const ending of endings) {
      const file = path.resolve(folder, relative + ending)
      if (existsSync(file) && statSync(file).isFile()) return file
    }
  }
  return null
}

/** Null for a file URL with another host. */
function pathOf(name: string): string | null {
  if (!name.startsWith('file:')) return name
  try {
    return fileURLToPath(name)
  } catch {
    return null
  }
}
