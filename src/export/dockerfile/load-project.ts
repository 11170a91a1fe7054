import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { MillraceError } from '../../errors.js'
import type { Project } from './target.js'

/** Reads the `package.json` of a folder. @throws MODULE_NOT_FOUND, MALFORMED */
export function loadProject(folder: string): Project {
  const file = path.resolve(folder, 'package.json')
  if (!existsSync(file)) {
    throw new MillraceError('MODULE_NOT_FOUND', `There is no ${file}. Name the folder of the project.`)
  }
  const manifest = parse(file)
  return {
    dependencies: textsOf(manifest.dependencies),
    scripts: textsOf(manifest.scripts),
    isLocked: existsSync(path.resolve(folder, 'package-lock.json')),
    dataFolders: [],
  }
}

function parse(file: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  } catch (error) {
    throw new MillraceError('MALFORMED', `${file} is no JSON: ${(error as Error).message}`, { cause: error })
  }
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, string>) : {}
}
