import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join, resolve } from 'node:path'

const folderName = '.millrace'

/**
 * The folder for the Executors of a stage without a configured workspace: `PROJECT/.millrace/FLOW/STAGE`. PROJECT is the
 * folder of the nearest package.json, or the working directory if there is none.
 */
export function defaultWorkspace(flow: string, stage: string, from: string = process.cwd()): string {
  return join(projectOf(from), folderName, asName(flow), asName(stage))
}

/** Creates the folder, ignored by git; in the system's temporary folder instead when the project is read-only. */
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

/** Turns a text into the name of a single folder, a different one for each text. */
const asName = (text: string): string => encodeURIComponent(text).replaceAll('.', '%2E')
