import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'

/** Files whose text is searched for the names of others. */
const searched = /\.(?:[cm]?[jt]sx?|ya?ml)$/i

/** Compiled names, under which TypeScript imports its own files. */
const written: readonly (readonly [RegExp, string])[] = [
  [/\.js$/, '.ts'],
  [/\.js$/, '.tsx'],
  [/\.jsx$/, '.tsx'],
  [/\.mjs$/, '.mts'],
  [/\.cjs$/, '.cts'],
]

/** Endings that CommonJS and loaders may add. */
const endings = [
  '',
  '.ts',
  '.js',
  '.mts',
  '.mjs',
  '.cts',
  '.cjs',
  '.tsx',
  '.jsx',
  '.json',
  '/index.ts',
  '/index.js',
]

/**
 * A file, and the files of the project that it names, and that those name: what it imports by a relative path (`'./part.js'`),
 * and other files that it names so (`new URL('../flow.yml', import.meta.url)`). A YAML file names Executors and their configurations.
 * Packages are left out. The texts are searched, not run: so it works while a file has a syntax error.
 *
 * @param entry an absolute path
 * @param except files to leave out; the files that they name are not searched for either
 */
export function namedFiles(entry: string, except: ReadonlySet<string> = new Set()): ReadonlySet<string> {
  const found = new Set([entry])
  for (const file of found) {
    for (const named of namesIn(file)) if (!except.has(named)) found.add(named)
  }
  return found
}

function namesIn(file: string): readonly string[] {
  if (!searched.test(file)) return []
  const text = textOf(file)
  const folder = path.dirname(file)
  const isYaml = /\.ya?ml$/i.test(file)
  const names = isYaml
    ? [...text.matchAll(/[\w./-]+\.(?:[cm]?[jt]sx?|ya?ml)\b/g)].map(([name]) => name)
    : [...text.matchAll(/(["'`])(\.\.?\/[^"'`\n]+)\1/g)].map(([, , name]) => name!)
  return names.flatMap((name) => {
    // YAML files name paths from the working directory, or from their own folder
    const folders = isYaml ? [process.cwd(), folder] : [folder]
    return folders.map((from) => existing(path.resolve(from, name))).find((one) => one !== null) ?? []
  })
}

/** The file that an import of this path loads; null for none, and for files of packages. */
function existing(asked: string): string | null {
  if (asked.split(path.sep).includes('node_modules')) return null
  const sources = written.flatMap(([from, to]) => (from.test(asked) ? [asked.replace(from, to)] : []))
  return [...endings.map((ending) => asked + ending), ...sources].find(isFile) ?? null
}

function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // removed meanwhile
  }
}
