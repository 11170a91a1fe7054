import path from 'node:path'
import { MillraceError } from '../errors.js'
import type { Tree } from './place.js'
import { modulesOf } from './executor-module.js'
import { Section } from './executor-section.js'
import { findFile, searchFolders } from './search-path.js'
import { type Reading, readYamlFile } from './source.js'

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

/** Whether it names a YAML file. */
export function isYamlFile(uses: string | URL): boolean {
  return (
    /\.ya?ml$/i.test(uses instanceof URL ? uses.pathname : uses) &&
    !/^(?!file:)[a-z][a-z+]+:\/\//i.test(String(uses))
  )
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
  const { py_modules: _modules, ...metas } = section.mapping('metas')
  const inMetas = new Section(section.mapping('metas'), places).texts('py_modules')
  const named = [...modules, ...section.texts('py_modules'), ...inMetas]
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

/** Jina writes the presets of `metas` out, empty texts among them. */
function withoutEmpty(metas: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(metas).filter(([, value]) => value !== '' && value !== null))
}
