import { execFile } from 'node:child_process'
import { cp, mkdir, realpath } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The libraries that a program or library is linked with. */
export async function librariesOf(file: string): Promise<readonly string[]> {
  const { stdout } = await run('ldd', [file]).catch(() => ({ stdout: '' }))
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, library]) => library!)
}

/** Copies libraries of this machine to the same path below a root folder; `/lib` is `/usr/lib`. */
export async function addLibraries(root: string, files: readonly string[]): Promise<void> {
  for (const file of new Set(files)) {
    const target = path.join(root, file.startsWith('/usr') ? file : `/usr${file}`)
    await mkdir(path.dirname(target), { recursive: true })
    await cp(await realpath(file), target)
  }
}
