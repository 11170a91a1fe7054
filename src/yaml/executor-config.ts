import path from 'node:path'
import { MillraceError } from '../errors.js'
import { type DynamicBatching, parseDynamicBatching } from '../executor/batching.js'
import type { Tree } from './position.js'
import { modulesOf } from './executor-module.js'
import { Section } from './executor-section.js'
import { findFile, searchFolders } from './search-path.js'
import { type Reading, readYamlFile } from './source.js'

/** An Executor in the form of Jina's YAML. */
export interface ExecutorConfig {
  /** Class name: looked up in `py_modules`, else among classes passed to `add()`, else in `executor.js` or `index.js` beside the YAML. */
  readonly jtype: string
  /** First argument of the constructor; `usesWith` of the stage wins key by key. */
  readonly with?: Readonly<Record<string, unknown>>
  readonly metas?: Readonly<Record<string, unknown>>
  /** Method name by endpoint. */
  readonly requests?: Readonly<Record<string, string>>
  /** Batching by endpoint, with our names of options or Jina's. */
  readonly dynamic_batching?: Readonly<Record<string, object | false>>
  /** JavaScript or TypeScript modules; one of them exports the class. Or Python files, for an Executor of Jina. */
  readonly py_modules?: string | readonly string[]
  readonly workspace?: string
}

/** An Executor read from YAML, with its modules located. */
export interface FoundExecutor {
  readonly jtype: string
  /** Absolute paths; empty when the program registered the class, or when it is the base class. */
  readonly modules: readonly string[]
  readonly usesWith: Readonly<Record<string, unknown>>
  readonly usesMetas: Readonly<Record<string, unknown>>
  readonly usesRequests: Readonly<Record<string, string>>
  readonly dynamicBatching: DynamicBatching
}

/** True for the path or file URL of a YAML file. */
export function isYamlFile(uses: string | URL): boolean {
  return (
    /\.ya?ml$/i.test(uses instanceof URL ? uses.pathname : uses) &&
    !/^(?!file:)[a-z][a-z+]+:\/\//i.test(String(uses))
  )
}

/** Reads an Executor's YAML file. @throws BAD_YAML, MODULE_NOT_FOUND, INVALID_EXECUTOR, UNSUPPORTED */
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
 * The Executor that a parsed YAML text describes. `modules` are the stage's own, imported before those of the text.
 *
 * @throws BAD_YAML, MODULE_NOT_FOUND, INVALID_EXECUTOR, UNSUPPORTED
 */
export function findExecutor(
  { value, positions }: Tree,
  reading: Reading,
  modules: readonly string[] = [],
): FoundExecutor {
  const section = new Section(value, positions)
  const jtype = section.text('jtype')
  if (jtype === null) {
    throw section.bad('jtype', 'an Executor needs `jtype: ClassName`, the name of its class')
  }
  section.warnUnknown(reading)
  section.checkVersion()
  const { py_modules: _modules, ...metas } = section.mapping('metas')
  const inMetas = new Section(section.mapping('metas'), positions).texts('py_modules')
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
    dynamicBatching: batchingIn(section),
    modules: modulesOf(jtype, named, { reading, position: section.at('py_modules') }),
  }
}

function batchingIn(section: Section): DynamicBatching {
  const key = section.has('uses_dynamic_batching') ? 'uses_dynamic_batching' : 'dynamic_batching'
  return parseDynamicBatching(section.mapping(key), `${section.at(key)}: ${key}`)
}

/** Jina writes the defaults of `metas` too, such as empty strings: drop them. */
function withoutEmpty(metas: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(metas).filter(([, value]) => value !== '' && value !== null))
}
