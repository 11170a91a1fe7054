import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { TextFile } from './target.js'

/** Writes files below a folder, overwriting existing ones; resolves with their paths. Other files stay. */
export async function writeFiles(folder: string, files: readonly TextFile[]): Promise<readonly string[]> {
  const written: string[] = []
  for (const { path: relative, text } of files) {
    const file = path.join(folder, relative)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, text)
    written.push(file)
  }
  return written
}

/** As `writeFiles`, into the folder of `file`; the first file gets the name of `file`. */
export async function writeAround(
  file: string,
  [first, ...others]: readonly TextFile[],
): Promise<readonly string[]> {
  if (first === undefined) return []
  return writeFiles(path.dirname(file), [{ ...first, path: path.basename(file) }, ...others])
}
