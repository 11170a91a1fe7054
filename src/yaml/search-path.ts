import { existsSync, statSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where a relative path of a YAML file is looked for. */
export interface SearchPath {
  /** Of the file that names it; null for a text without a file. */
  readonly folder: string | null
  /** Looked through last. */
  readonly extraSearchPaths: readonly string[]
}

/** The working directory, the folder of the YAML file, the extra ones: as Jina, in this order, absolute. */
export function searchFolders({ folder, extraSearchPaths }: SearchPath): readonly string[] {
  const folders = [process.cwd(), ...(folder === null ? [] : [folder]), ...extraSearchPaths]
  return [...new Set(folders.map((one) => path.resolve(one)))]
}

/** The first file of that name, absolute; `endings` are tried behind the name. Null when there is none. */
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

/** Null for a file URL of another machine. */
function pathOf(name: string): string | null {
  if (!name.startsWith('file:')) return name
  try {
    return fileURLToPath(name)
  } catch {
    return null
  }
}
