import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { MillraceError } from '../errors.js'
import type { Uses } from '../plan/executor-settings.js'
import { show } from '../plan/option.js'
import {
  type ExecutorConfig,
  findExecutor,
  type FoundExecutor,
  isYamlFile,
  readExecutorFile,
} from '../yaml/executor-config.js'
import { findModule, isBaseName } from '../yaml/executor-module.js'
import { isMapping } from '../yaml/mapping.js'
import { parseYaml } from '../yaml/parse-yaml.js'
import { badYaml, type Place, type Places, shown } from '../yaml/place.js'
import type { Reading } from '../yaml/source.js'

/** Where `uses` stands, and what is around it. */
export interface UsesPlace {
  readonly place: Place
  readonly places: Places
  /** Of the stage; absolute paths. */
  readonly modules: readonly string[]
  readonly reading: Reading
}

/**
 * What `uses` of a YAML file names, its files found: nothing, a class, `!Class`, a module, an Executor's YAML as path, text,
 * JSON or mapping. Undefined for a stage that passes documents on.
 *
 * @throws BAD_YAML, MODULE_NOT_FOUND, INVALID_EXECUTOR, UNSUPPORTED
 */
export function readUses(uses: unknown, at: UsesPlace): Uses | undefined {
  const { place, places } = at
  if (uses === null || uses === undefined || uses === '') return undefined
  if (isMapping(uses)) return inline(uses, places, at)
  if (typeof uses !== 'string')
    throw badYaml(place, `uses must be a text or a mapping with jtype, not ${show(uses)}.`)
  if (isYamlFile(uses)) return within(place, () => asConfig(readExecutorFile(uses, at.reading, at.modules)))
  const [, tagged, settings] = /^!([A-Za-z_]\w*)(?:\s*\|\s*(\{.*\}))?$/s.exec(uses.trim()) ?? []
  const name = tagged ?? uses
  if (settings !== undefined) {
    const tree = parseYaml(settings, `${shown(place)} uses`)
    return inline({ jtype: name, with: tree.value }, tree.places, at)
  }
  if (/^[A-Za-z_$][\w$]*$/.test(name)) return named(name, at)
  if (/^\s*\{|(^|\n)\s*(jtype\s*:|!)/.test(uses)) {
    // names in it have been replaced with those of the whole file
    const tree = parseYaml(uses, `${shown(place)} uses`)
    return inline(tree.value, tree.places, at)
  }
  return readModule(uses, at)
}

function inline(value: unknown, places: Places, at: UsesPlace): Uses | undefined {
  const isBase = isMapping(value) && typeof value.jtype === 'string' && isBaseName(value.jtype)
  if (isBase && !Object.hasOwn(value, 'py_modules')) return undefined
  return asConfig(findExecutor({ value, places }, at.reading, at.modules))
}

function named(jtype: string, at: UsesPlace): Uses | undefined {
  if (isBaseName(jtype)) return undefined
  const value = { jtype }
  at.places.note(value, 'py_modules', at.place)
  return asConfig(findExecutor({ value, places: at.places }, at.reading, at.modules))
}

/** With absolute paths, so that it means the same wherever it is read again. */
function asConfig({ jtype, modules, usesWith, usesMetas, usesRequests }: FoundExecutor): ExecutorConfig {
  return {
    jtype,
    with: usesWith,
    metas: usesMetas,
    requests: usesRequests,
    ...(modules.length > 0 && { py_modules: modules }),
  }
}

/** `./encoder.js#Encoder`; addresses of images and hubs go on to where they are refused. */
export function readModule(uses: string, { place, reading }: Pick<UsesPlace, 'place' | 'reading'>): string {
  if (/^(?!file:)[a-z][a-z+]+:\/\//i.test(uses)) return uses
  const [file = '', className] = uses.split('#', 2)
  if (path.extname(file) !== '.py' && /^[\w$]+(\.[\w$]+)+$/.test(file) && !/\.[cm]?[jt]sx?$/.test(file)) {
    throw new MillraceError(
      'UNSUPPORTED',
      `${shown(place)}: ${JSON.stringify(uses)} names a class of a Python module. Write the module and the class as './module.js#Class'.`,
    )
  }
  const url = pathToFileURL(findModule(file, { reading, place: shown(place) })).href
  return className === undefined ? url : `${url}#${encodeURIComponent(className)}`
}

function within<T>(place: Place, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!MillraceError.is(error) || error.code !== 'MODULE_NOT_FOUND' || error.message.startsWith(place.file))
      throw error
    throw new MillraceError(error.code, `${shown(place)}: ${error.message}`, { cause: error })
  }
}
