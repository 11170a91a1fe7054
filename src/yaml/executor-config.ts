import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { MillraceError } from '../errors.js'
import { offeredClass } from '../executor/load.js'
import { nearest } from '../lib/nearest.js'
import { type Place, Places, shown, type Tree } from './place.js'
import { findFile, searchFolders } from './search-path.js'
import { type Reading, readYamlFile, shownPath } from './source.js'

/** An Executor as Jina's YAML writes one. */
export interface ExecutorConfig {
  /** Name of the class, in one of `py_modules`, else offered by `add()` before, else in `executor.js` or `index.js` beside the YAML. */
  readonly jtype: string
  /** First argument of the constructor; `usesWith` of the stage wins key by key. */
  readonly with?: Readonly<Record<string, unknown>>
  readonly metas?: Readonly<Record<string, unknown>>
  /** Endpoint to method. */
  readonly requests?: Readonly<Record<string, string>>
  /** JavaScript or TypeScript modules; of several, one has the class. */
  readonly py_modules?: string | readonly string[]
  readonly workspace?: string
}

/** An Executor of a YAML text, its modules found. */
export interface FoundExecutor {
  readonly jtype: string
  /** Absolute paths; empty where the class was offered by the program, or is the base class. */
  readonly modules: readonly string[]
  readonly usesWith: Readonly<Record<string, unknown>>
  readonly usesMetas: Readonly<Record<string, unknown>>
  readonly usesRequests: Readonly<Record<string, string>>
}

const known = [
  'jtype',
  'version',
  'with',
  'metas',
  'requests',
  'py_modules',
  'workspace',
  'name',
  'description',
]
const moduleEndings = ['', '.js', '.mjs', '.cjs', '.ts', '.mts', '/index.js', '/index.ts']
const besides = ['executor', 'index'].flatMap((name) =>
  ['.js', '.mjs', '.ts', '.mts'].map((end) => name + end),
)

/** Whether it names a YAML file. */
export function isYamlFile(uses: string | URL): boolean {
  return (
    /\.ya?ml$/i.test(uses instanceof URL ? uses.pathname : uses) &&
    !/^(?!file:)[a-z][a-z+]+:\/\//i.test(String(uses))
  )
}

/** Jina's names of the class that passes documents on. */
export function isBaseName(name: string): boolean {
  return name === 'BaseExecutor' || name === 'Executor'
}

/** @throws BAD_YAML, MODULE_NOT_FOUND, INVALID_EXECUTOR, UNSUPPORTED */
export function readExecutorFile(
  uses: string | URL,
  reading: Reading,
  modules: readonly string[] = [],
): FoundExecutor {
  const file = findFile(String(uses), reading)
  if (file === null) {
    const folders = searchFolders(reading).join(', ')
    throw new MillraceError(
      'MODULE_NOT_FOUND',
      `There is no file ${JSON.stringify(String(uses))} in ${folders}.`,
    )
  }
  const tree = readYamlFile(file, reading)
  return findExecutor(tree, { ...reading, folder: path.dirname(file) }, modules)
}

/**
 * `modules` are those of the stage, imported before the text's own.
 *
 * @throws BAD_YAML, MODULE_NOT_FOUND, INVALID_EXECUTOR, UNSUPPORTED
 */
export function findExecutor(
  { value, places }: Tree,
  reading: Reading,
  modules: readonly string[] = [],
): FoundExecutor {
  const section = new Section(value, places)
  const jtype = section.text('jtype')
  if (jtype === null) {
    throw section.bad('jtype', 'an Executor needs `jtype: ClassName`, the name of its class')
  }
  section.warnUnknown(reading)
  section.checkVersion()
  for (const key of ['dynamic_batching', 'uses_dynamic_batching']) {
    if (section.has(key)) {
      throw new MillraceError(
        'UNSUPPORTED',
        `${section.at(key)}: ${key} is not part of this version. Leave it out.`,
      )
    }
  }
  const { py_modules: inMetas = null, ...metas } = section.mapping('metas')
  const named = [...modules, ...section.texts('py_modules'), ...textsOf(inMetas)]
  const said = Object.fromEntries(
    ['name', 'description', 'workspace'].flatMap((key) => {
      const text = section.text(key)
      return text === null ? [] : [[key, text]]
    }),
  )
  return {
    jtype,
    usesWith: section.mapping('with'),
    usesMetas: { ...said, ...withoutEmpty(metas) },
    usesRequests: section.textMap('requests'),
    modules: modulesOf(jtype, named, { reading, place: section.at('py_modules') }),
  }
}

interface Search {
  readonly reading: Reading
  readonly place: string
}

function modulesOf(jtype: string, named: readonly string[], search: Search): readonly string[] {
  if (named.length > 0) return named.map((name) => findModule(name, search))
  if (isBaseName(jtype) || offeredClass(jtype) !== undefined) return []
  const folder = search.reading.folder ?? process.cwd()
  const beside = besides
    .map((name) => findFile(path.join(folder, name), search.reading))
    .find((file) => file !== null)
  if (beside != null) return [beside]
  throw new MillraceError(
    'INVALID_EXECUTOR',
    `${search.place}: no class '${jtype}' is known, and ${shownPath(folder) || folder} has no executor.js or index.js. ` +
      `Name its module: \`py_modules: [./my-executor.js]\`.`,
  )
}

/** A module of `py_modules`, absolute. @throws MODULE_NOT_FOUND, UNSUPPORTED */
export function findModule(name: string, { reading, place }: Search): string {
  if (name.endsWith('.py')) {
    throw new MillraceError(
      'UNSUPPORTED',
      `${place}: ${JSON.stringify(name)} is a Python Executor. Run it with Jina and name its host and port with external: true.`,
    )
  }
  const file = findFile(name, reading, moduleEndings)
  if (file !== null) return file
  const folders = searchFolders(reading).join(', ')
  throw new MillraceError(
    'MODULE_NOT_FOUND',
    `${place}: there is no module ${JSON.stringify(name)} in ${folders}.`,
  )
}

export function moduleUrlOf(file: string): string {
  return pathToFileURL(file).href
}

/** One mapping of an Executor's YAML, read key by key. */
class Section {
  readonly #value: Readonly<Record<string, unknown>>
  readonly #places: Places

  constructor(value: unknown, places: Places) {
    if (!isMapping(value)) {
      throw new MillraceError(
        'BAD_YAML',
        `${shown(places.start)}: an Executor is a mapping that begins with \`jtype: ClassName\`.`,
      )
    }
    this.#value = value
    this.#places = places
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#value, key) && this.#value[key] != null
  }

  at(key: string): string {
    return shown(this.#place(key))
  }

  bad(key: string, message: string): MillraceError {
    return new MillraceError('BAD_YAML', `${this.at(key)}: ${message}.`)
  }

  text(key: string): string | null {
    if (!this.has(key)) return null
    const value = this.#value[key]
    if (typeof value === 'string' || typeof value === 'number') return String(value)
    throw this.bad(key, `${key} must be a text, not ${JSON.stringify(value)}`)
  }

  texts(key: string): readonly string[] {
    if (!this.has(key)) return []
    const texts = textsOf(this.#value[key])
    if (texts.length > 0) return texts
    throw this.bad(key, `${key} must be a text or a list of texts, not ${JSON.stringify(this.#value[key])}`)
  }

  mapping(key: string): Readonly<Record<string, unknown>> {
    if (!this.has(key)) return {}
    const value = this.#value[key]
    if (isMapping(value)) return value
    throw this.bad(key, `${key} must be a mapping, not ${JSON.stringify(value)}`)
  }

  textMap(key: string): Readonly<Record<string, string>> {
    const mapping = this.mapping(key)
    for (const [endpoint, method] of Object.entries(mapping)) {
      if (typeof method !== 'string')
        throw this.bad(key, `${key} must name a method for ${endpoint}, not ${JSON.stringify(method)}`)
    }
    return mapping as Record<string, string>
  }

  checkVersion(): void {
    const version = this.text('version') ?? '1'
    if (!/^1(\.0)?$/.test(version)) throw this.bad('version', `version must be '1', not '${version}'`)
  }

  warnUnknown({ warn }: Reading): void {
    for (const key of Object.keys(this.#value)) {
      if (known.includes(key) || /dynamic_batching$/.test(key)) continue
      const near = nearest(key, known)
      const advice = near === undefined ? `Known are ${known.join(', ')}.` : `Did you mean '${near}'?`
      warn(`${this.at(key)}: an Executor has no key '${key}', and it has no effect. ${advice}`)
    }
  }

  #place(key: string): Place {
    return this.#places.of(this.#value, key)
  }
}

function textsOf(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : value == null || value === '' ? [] : [value]
  return list.every((item) => typeof item === 'string') ? list : []
}

/** Jina writes the presets of `metas` out, empty texts among them. */
function withoutEmpty(metas: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(metas).filter(([, value]) => value !== '' && value !== null))
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
