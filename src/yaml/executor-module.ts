import path from 'node:path'
import { MillraceError } from '../errors.js'
import { offeredClass } from '../executor/load.js'
import { packageModule } from '../executor/package-module.js'
import { findFile, searchFolders } from './search-path.js'
import { type Reading, shownPath } from './source.js'

const moduleEndings = [
  '',
  '.js',
  '.mjs',
  '.cjs',
  '.ts',
  '.mts',
  '/index.js',
  '/index.ts',
  '.py',
  '/__init__.py',
]
const besides = ['executor', 'index'].flatMap((name) =>
  ['.js', '.mjs', '.ts', '.mts'].map((end) => name + end),
)

/** Jina's names for the base class, which passes documents through. */
export function isBaseName(name: string): boolean {
  return name === 'BaseExecutor' || name === 'Executor'
}

interface Search {
  readonly reading: Reading
  readonly position: string
}

/** The modules of `py_modules`, else one beside the YAML; none for a registered class. @throws MODULE_NOT_FOUND, INVALID_EXECUTOR */
export function modulesOf(jtype: string, named: readonly string[], search: Search): readonly string[] {
  if (named.length > 0) return named.map((name) => findModule(name, search))
  if (isBaseName(jtype) || offeredClass(jtype) !== undefined) return []
  const folder = search.reading.folder ?? process.cwd()
  const beside = besides
    .map((name) => findFile(path.join(folder, name), search.reading))
    .find((file) => file !== null)
  if (beside !== undefined && beside !== null) return [beside]
  throw new MillraceError(
    'INVALID_EXECUTOR',
    `${search.position}: no class '${jtype}' is known, and ${shownPath(folder) || folder} has no executor.js or index.js. ` +
      `Name its module: \`py_modules: [./my-executor.js]\`.`,
  )
}

/** Absolute path of a module of `py_modules`: a file, or a module of an installed package (`millrace/indexer`). @throws MODULE_NOT_FOUND */
export function findModule(name: string, { reading, position }: Search): string {
  const file = findFile(name, reading, moduleEndings) ?? packageModule(name, searchFolders(reading))
  if (file !== null) return file
  const folders = searchFolders(reading).join(', ')
  throw new MillraceError(
    'MODULE_NOT_FOUND',
    `${position}: there is no module ${JSON.stringify(name)} in ${folders}.${installedHint(name)}`,
  )
}

/** A dotted name may be a module that is installed in Python, which only `python:` imports by name. */
function installedHint(name: string): string {
  if (!/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$/.test(name)) return ''
  return ` For a module that Python imports by its name, write uses: 'python:${name}.ClassName'.`
}
