import { pathToFileURL } from 'node:url'
import { MillraceError } from '../errors.js'
import type { Uses } from '../plan/executor-settings.js'
import { show } from '../lib/show.js'
import {
  type ExecutorConfig,
  findExecutor,
  type FoundExecutor,
  isYamlFile,
  readExecutorFile,
} from '../yaml/executor-config.js'
import { findModule, isBaseName } from '../yaml/executor-module.js'
import { isMapping } from '../lib/mapping.js'
import { parseYaml } from '../yaml/parse-yaml.js'
import { badYaml, type Position, type Positions, shown } from '../yaml/position.js'
import type { Reading } from '../yaml/source.js'

/** Position and context of a `uses` key. */
export interface UsesContext {
  readonly position: Position
  readonly positions: Positions
  /** Modules of the stage, as absolute paths. */
  readonly modules: readonly string[]
  readonly reading: Reading
}

/**
 * Resolves `uses` of a YAML file and locates its files. It may be a class, `!Class`, a module, a class of a Python module
 * (`module.Class`), or an Executor's YAML as path, text, JSON or mapping. Undefined for a stage that passes documents through.
 *
 * @throws BAD_YAML, MODULE_NOT_FOUND, INVALID_EXECUTOR, UNSUPPORTED
 */
export function readUses(uses: unknown, at: UsesContext): Uses | undefined {
  const { position, positions } = at
  if (uses === null || uses === undefined || uses === '') return undefined
  if (isMapping(uses)) return inline(uses, positions, at)
  if (typeof uses !== 'string')
    throw badYaml(position, `uses must be a string or a mapping with jtype, not ${show(uses)}.`)
  if (isYamlFile(uses))
    return prefixErrors(position, () => asConfig(readExecutorFile(uses, at.reading, at.modules)))
  const [, tagged, settings] = /^!([A-Za-z_]\w*)(?:\s*\|\s*(\{.*\}))?$/s.exec(uses.trim()) ?? []
  const name = tagged ?? uses
  if (settings !== undefined) {
    const tree = parseYaml(settings, `${shown(position)} uses`)
    return inline({ jtype: name, with: tree.value }, tree.positions, at)
  }
  if (/^[A-Za-z_$][\w$]*$/.test(name)) return named(name, at)
  if (/^\s*\{|(^|\n)\s*(jtype\s*:|!)/.test(uses)) {
    // variables in it were substituted together with the rest of the file
    const tree = parseYaml(uses, `${shown(position)} uses`)
    return inline(tree.value, tree.positions, at)
  }
  if (uses.startsWith('python:')) return uses
  // as in Jina, the class of a module that Python imports
  if (/^[\w$]+(\.[\w$]+)+$/.test(uses) && !/\.(py|[cm]?[jt]sx?)$/.test(uses)) return `python:${uses}`
  return readModule(uses, at)
}

function inline(value: unknown, positions: Positions, at: UsesContext): Uses | undefined {
  const isBase = isMapping(value) && typeof value.jtype === 'string' && isBaseName(value.jtype)
  if (isBase && !Object.hasOwn(value, 'py_modules')) return undefined
  return asConfig(findExecutor({ value, positions }, at.reading, at.modules))
}

function named(jtype: string, at: UsesContext): Uses | undefined {
  if (isBaseName(jtype)) return undefined
  const value = { jtype }
  at.positions.note(value, 'py_modules', at.position)
  return asConfig(findExecutor({ value, positions: at.positions }, at.reading, at.modules))
}

/** Uses absolute paths, so that it means the same in any folder. */
function asConfig({ jtype, modules, ...given }: FoundExecutor): ExecutorConfig {
  const { usesWith, usesMetas, usesRequests, dynamicBatching } = given
  return {
    jtype,
    with: usesWith,
    metas: usesMetas,
    requests: usesRequests,
    dynamic_batching: dynamicBatching,
    ...(modules.length > 0 && { py_modules: modules }),
  }
}

/** Resolves `./encoder.js#Encoder` to a URL. Image and hub addresses are returned unchanged and checked later. */
export function readModule(
  uses: string,
  { position, reading }: Pick<UsesContext, 'position' | 'reading'>,
): string {
  if (/^(?!file:)[a-z][a-z+]+:\/\//i.test(uses)) return uses
  const [file = '', className] = uses.split('#', 2)
  const url = pathToFileURL(findModule(file, { reading, position: shown(position) })).href
  return className === undefined ? url : `${url}#${encodeURIComponent(className)}`
}

function prefixErrors<T>(position: Position, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (
      !MillraceError.is(error) ||
      error.code !== 'MODULE_NOT_FOUND' ||
      error.message.startsWith(position.file)
    )
      throw error
    throw new MillraceError(error.code, `${shown(position)}: ${error.message}`, { cause: error })
  }
}
