import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join, resolve } from 'node:path'

const folderName = '.millrace'

/**
 * Where the Executors of a stage keep what they keep when nobody has named a folder: `PROJECT/.millrace/FLOW/STAGE`. PROJECT is
 * the folder of the nearest package.json, or the working directory where there is none.
 */
export function defaultWorkspace(flow: string, stage: string, from: string = process.cwd()): string {
  return join(projectOf(from), folderName, asName(flow), asName(stage))
}

/** Makes it, unseen by git, or the same below the system's temporary folder where the project is only for reading. */
export function makeDefaultWorkspace(folder: string): string {
  try {
    return made(folder)
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    const key = createHash('sha256').update(folder).digest('hex').slice(0, 16)
    return made(join(tmpdir(), `millrace-${userInfo().username}`, key))
  }
}

function made(folder: string): string {
  mkdirSync(folder, { recursive: true })
  const top = folder.slice(0, folder.lastIndexOf(folderName) + folderName.length)
  if (top.endsWith(folderName) && !existsSync(join(top, '.gitignore')))
    writeFileSync(join(top, '.gitignore'), '*\n')
  return folder
}

function projectOf(from: string): string {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder
    if (folder === dirname(folder)) return resolve(from)
  }
}

/** A name of one folder, another one for each text. */
const asName = (text: string): string => encodeURIComponent(text).replaceAll('.', '%2E')
