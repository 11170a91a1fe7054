import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { MillraceError } from '../errors.js'
import { type DynamicBatching, mergeBatching } from '../executor/batching.js'
import { endpointsOf } from '../executor/endpoints.js'
import { type ExecutorClass, isExecutorClass } from '../executor/executor.js'
import { offeredClass } from '../executor/load.js'
import { locateClass } from '../executor/locate.js'
import { packageModule } from '../executor/package-module.js'
import {
  type ExecutorConfig,
  findExecutor,
  type FoundExecutor,
  isYamlFile,
  readExecutorFile,
} from '../yaml/executor-config.js'
import { Positions } from '../yaml/position.js'
import type { Reading } from '../yaml/source.js'
import { logWarning } from '../yaml/warn.js'
import { isImage } from './container.js'
import {
  isPythonFile,
  parsePythonUses,
  pythonFile,
  pythonFiles,
  type PythonSource,
  pythonScheme,
} from './python.js'
import { dataMap } from './option-kinds.js'
import { show } from '../lib/show.js'
import type { ExecutorSettings, Runtime, Uses } from './executor-settings.js'

/** Which Executor a stage runs, and where its pods find it. */
export type ExecutorSource =
  | { readonly kind: 'pass-through' }
  | { readonly kind: 'class'; readonly executorClass: ExecutorClass }
  | {
      readonly kind: 'module'
      readonly url: string
      /** Modules imported before `url`; the class may be in one of them instead. */
      readonly otherUrls: readonly string[]
      readonly className: string | null
      readonly executorClass: ExecutorClass | null
    }
  /** A container image with its Executor in `config.yml`. */
  | { readonly kind: 'image'; readonly image: string }
  | PythonSource

/** Schemes of Jina's `uses` that need Jina's hub. */
const hubSchemes = /^(jinaai|jinaai\+docker|jinahub|jinahub\+docker):\/\//
const imageScheme = 'docker://'

/** Options passed to the Executor of a stage. */
type Given = Pick<ExecutorSettings, 'usesWith' | 'usesMetas' | 'usesRequests' | 'dynamicBatching'>

/** The Executor and its options; the stage's own options override those of the Executor's YAML. */
export interface ResolvedUses extends Given {
  readonly source: ExecutorSource
}

/**
 * Resolves `uses`; reads the Executor's YAML when it names one.
 *
 * @throws INVALID_EXECUTOR, MODULE_NOT_FOUND, BAD_YAML, UNSUPPORTED, INVALID_OPTION
 */
export function resolveUses(
  uses: Uses | null,
  stage: string,
  options: Given & { readonly runtime: Runtime },
): ResolvedUses {
  const { usesWith, usesMetas, usesRequests, dynamicBatching, runtime } = options
  if (isConfig(uses)) {
    const found = readConfig(uses, stage)
    const given = {
      usesWith: { ...found.usesWith, ...usesWith },
      usesMetas: { ...found.usesMetas, ...usesMetas },
      usesRequests: { ...found.usesRequests, ...usesRequests },
      dynamicBatching: mergeBatching(found.dynamicBatching, dynamicBatching),
    }
    const option = dataMap()
    if (option.parse(given.usesWith) === undefined || option.parse(given.usesMetas) === undefined) {
      throw new MillraceError(
        'INVALID_OPTION',
        `stage '${stage}': with and metas must be ${option.expected}, not ${show(found)}.`,
      )
    }
    return { ...given, source: sourceOf(found, stage, { ...given, runtime }) }
  }
  return { usesWith, usesMetas, usesRequests, dynamicBatching, source: plainSource(uses, stage, options) }
}

function plainSource(
  uses: Exclude<Uses, ExecutorConfig> | null,
  stage: string,
  options: Pick<ExecutorSettings, 'usesRequests' | 'dynamicBatching' | 'runtime'>,
): ExecutorSource {
  if (uses === null) {
    refuseBatching(options.dynamicBatching, stage)
    return { kind: 'pass-through' }
  }
  if (typeof uses === 'string' && uses.startsWith(imageScheme)) return resolveImage(uses, stage)
  if (typeof uses === 'string' && uses.startsWith(pythonScheme)) return parsePythonUses(uses, stage)
  if (isExecutorClass(uses)) {
    checkEndpoints(uses, stage, options)
    return resolveClass(uses, stage, options.runtime)
  }
  if (typeof uses === 'string' || uses instanceof URL) return resolveModule(uses, stage)
  throw new MillraceError(
    'INVALID_EXECUTOR',
    `stage '${stage}': uses must be a class that extends Executor, the path or URL of a module or YAML file that has one, 'python:module.Class', or { jtype }, not ${show(uses)}.`,
  )
}

function refuseBatching(batching: DynamicBatching, stage: string): void {
  const [endpoint] = Object.keys(batching)
  if (endpoint === undefined) return
  throw new MillraceError(
    'INVALID_OPTION',
    `stage '${stage}': dynamicBatching names '${endpoint}', but the stage has no Executor. Set uses, or leave it out.`,
  )
}

/** @throws INVALID_EXECUTOR, INVALID_OPTION, UNKNOWN_OPTION, UNSUPPORTED */
function checkEndpoints(
  Class: ExecutorClass,
  stage: string,
  { usesRequests, dynamicBatching }: Pick<ExecutorSettings, 'usesRequests' | 'dynamicBatching'>,
): void {
  try {
    endpointsOf(Class, usesRequests, dynamicBatching)
  } catch (error) {
    if (!MillraceError.is(error) || error.code !== 'INVALID_OPTION') throw error
    throw new MillraceError(error.code, `stage '${stage}': ${error.message}`, { cause: error })
  }
}

function isConfig(uses: Uses | null): uses is ExecutorConfig | string | URL {
  if (typeof uses === 'string' || uses instanceof URL) return isYamlFile(uses)
  return typeof uses === 'object' && uses !== null && Object.hasOwn(uses, 'jtype')
}

function readConfig(uses: ExecutorConfig | string | URL, stage: string): FoundExecutor {
  const reading: Reading = {
    folder: null,
    extraSearchPaths: [],
    env: process.env,
    context: {},
    warn: logWarning,
  }
  try {
    if (typeof uses === 'string' || uses instanceof URL) return readExecutorFile(uses, reading)
    return findExecutor({ value: uses, positions: new Positions('uses') }, reading)
  } catch (error) {
    if (!MillraceError.is(error)) throw error
    throw new MillraceError(error.code, `stage '${stage}': ${error.message}`, { cause: error })
  }
}

/** The class that a YAML file names: from one of its modules, else a class that the program registered. */
function sourceOf(
  { jtype, modules }: FoundExecutor,
  stage: string,
  options: Pick<ExecutorSettings, 'usesRequests' | 'dynamicBatching' | 'runtime'>,
): ExecutorSource {
  const files = pythonFiles(modules)
  if (files !== undefined) return { kind: 'python', files, module: null, className: jtype }
  const urls = modules.filter((file) => !isPythonFile(file)).map((file) => pathToFileURL(file).href)
  const url = urls.at(-1)
  if (url !== undefined) {
    return { kind: 'module', url, otherUrls: urls.slice(0, -1), className: jtype, executorClass: null }
  }
  return plainSource(offeredClass(jtype) ?? null, stage, options)
}

function resolveClass(executorClass: ExecutorClass, stage: string, runtime: Runtime): ExecutorSource {
  if (runtime === 'inline') return { kind: 'class', executorClass }
  const located = locateClass(executorClass)
  if (located === null) {
    throw new MillraceError(
      'INVALID_EXECUTOR',
      `stage '${stage}': a ${runtime} pod cannot find the module of ${show(executorClass)}. ` +
        `Mark a handler with @requests, or say \`static module = import.meta.url\` in the class, or use runtime: 'inline'. ` +
        'A program from `node -e` or standard input is no module: put the class into a file.',
    )
  }
  return { kind: 'module', url: located.module, otherUrls: [], className: located.className, executorClass }
}

function resolveImage(uses: string, stage: string): ExecutorSource {
  const image = uses.slice(imageScheme.length)
  if (isImage(image)) return { kind: 'image', image }
  throw new MillraceError(
    'INVALID_OPTION',
    `stage '${stage}': uses must name an image, such as 'docker://registry.example/indexer:1.2', not ${show(uses)}.`,
  )
}

function resolveModule(uses: string | URL, stage: string): ExecutorSource {
  const { url, className } = parseModule(uses, stage)
  requireFile(url, stage)
  if (isPythonFile(url.pathname)) return pythonFile(fileURLToPath(url), className, stage)
  return { kind: 'module', url: url.href, otherUrls: [], className, executorClass: null }
}

/** @throws MODULE_NOT_FOUND */
export function requireFile(url: URL, stage: string): void {
  const file = fileURLToPath(url)
  if (!existsSync(file)) {
    throw new MillraceError(
      'MODULE_NOT_FOUND',
      `stage '${stage}': there is no file ${file}. A relative path starts at the working directory; ` +
        `\`new URL('./indexer.js', import.meta.url)\` starts at the file it is written in.`,
    )
  }
}

/** Splits `'./module.js#Class'` (or `'millrace/indexer#VectorIndexer'`) into the module's URL and the class name. @throws INVALID_EXECUTOR, UNSUPPORTED */
export function parseModule(uses: string | URL, stage: string): { url: URL; className: string | null } {
  const written = String(uses)
  if (hubSchemes.test(written)) {
    throw new MillraceError(
      'UNSUPPORTED',
      `stage '${stage}': uses ${JSON.stringify(written)} is an image of a hub, which this version cannot run. ` +
        `Use a class, a module or a YAML file, an image ('docker://…') for exports, or an external server (external: true).`,
    )
  }
  if (uses instanceof URL || /^[a-z][a-z+]+:\/\//i.test(written)) {
    const url = new URL(written)
    if (url.protocol !== 'file:') {
      throw new MillraceError(
        'INVALID_EXECUTOR',
        `stage '${stage}': uses takes file URLs only, not ${JSON.stringify(written)}.`,
      )
    }
    const className = url.hash === '' ? null : decodeURIComponent(url.hash.slice(1))
    url.hash = ''
    return { url, className }
  }
  const [file = '', className = null] = written.split('#', 2)
  const absolute = path.resolve(file)
  const found = existsSync(absolute) ? absolute : (packageModule(file, [process.cwd()]) ?? absolute)
  return { url: pathToFileURL(found), className }
}
