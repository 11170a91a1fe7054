import path from 'node:path'
import { MillraceError } from '../errors.js'
import type { ExecutorClass } from '../executor/executor.js'
import type { FlowPlan } from '../plan/flow-plan.js'
import type { Tree } from '../yaml/position.js'
import { findFile, searchFolders } from '../yaml/search-path.js'
import { type Reading, readText, readYamlFile } from '../yaml/source.js'
import { logWarning, onlyOnce, type Warn } from '../yaml/warn.js'
import { fetchText } from './fetch-text.js'
import { readFlow } from './read-flow.js'

/** Options of `Flow.loadConfig()`. */
export interface LoadOptions {
  /** Values for `${{ CONTEXT.x }}` and `${{ x }}`; falls back to the environment. */
  readonly context?: Readonly<Record<string, unknown>>
  /** Options of the Flow that override those in the text; Jina's names or ours. */
  readonly usesWith?: Readonly<Record<string, unknown>>
  /** Folders to search for relative paths, after the working directory and the folder of the file. */
  readonly extraSearchPaths?: readonly string[]
  /** Executor classes that the text may name as `jtype` or `uses`. */
  readonly executors?: readonly ExecutorClass[]
  /** Called once for each setting that has no effect. Default: logs to stderr. */
  readonly onWarning?: Warn
}

/** Loads a plan from a path, a URL (`file:`, `http:`, `https:`) or a text. @throws BAD_YAML, and what `Flow.add()` throws */
export async function loadFlow(source: string | URL, options: LoadOptions): Promise<FlowPlan> {
  const { context = {}, usesWith = {}, extraSearchPaths = [], onWarning = logWarning } = options
  const warn = onlyOnce(onWarning)
  const reading: Reading = { folder: null, extraSearchPaths, env: process.env, context, warn }
  const { tree, folder } = await read(source, reading)
  return readFlow(tree, { ...reading, folder }, usesWith)
}

async function read(source: string | URL, reading: Reading): Promise<{ tree: Tree; folder: string | null }> {
  const written = String(source)
  if (typeof source === 'string' && isText(source))
    return { tree: readText(source, 'YAML text', reading), folder: null }
  if (/^https?:\/\//i.test(written)) {
    return { tree: readText(await fetchText(written), written, reading), folder: null }
  }
  const file = findFile(written, reading)
  if (file === null) {
    const folders = searchFolders(reading).join(', ')
    throw new MillraceError('BAD_YAML', `There is no file ${JSON.stringify(written)} in ${folders}.`)
  }
  return { tree: readYamlFile(file, reading), folder: path.dirname(file) }
}

/** True for YAML text; a path has a single line and no key. */
function isText(source: string): boolean {
  return source.trim() === '' || source.includes('\n') || /^\s*(jtype\s*:|[{!])/.test(source)
}
