import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { MillraceError } from '../errors.js'
import { endpointsOf } from '../executor/endpoints.js'
import { type ExecutorClass, isExecutorClass } from '../executor/executor.js'
import { locateClass } from '../executor/locate.js'
import { isImage } from './container.js'
import { show } from './option.js'
import type { Runtime, Uses } from './stage-settings.js'

/** Which Executor a stage runs, where its pods find it. */
export type ExecutorSource =
  | { readonly kind: 'pass-through' }
  | { readonly kind: 'class'; readonly executorClass: ExecutorClass }
  | {
      readonly kind: 'module'
      readonly url: string
      readonly className: string | null
      readonly executorClass: ExecutorClass | null
    }
  /** A container image that has its Executor in `config.yml`. */
  | { readonly kind: 'image'; readonly image: string }

/** Schemes of Jina's `uses` that need its hub. */
const hubSchemes = /^(jinaai|jinaai\+docker|jinahub|jinahub\+docker):\/\//
const imageScheme = 'docker://'

/**
 * @throws INVALID_EXECUTOR, MODULE_NOT_FOUND or UNSUPPORTED, saying what was expected.
 */
export function resolveUses(
  uses: Uses | null,
  stage: string,
  options: { readonly runtime: Runtime; readonly usesRequests: Readonly<Record<string, string>> },
): ExecutorSource {
  if (uses === null) return { kind: 'pass-through' }
  if (typeof uses === 'string' && uses.startsWith(imageScheme)) return resolveImage(uses, stage)
  if (isExecutorClass(uses)) {
    endpointsOf(uses, options.usesRequests)
    return resolveClass(uses, stage, options.runtime)
  }
  if (typeof uses === 'string' || uses instanceof URL) return resolveModule(uses, stage)
  throw new MillraceError(
    'INVALID_EXECUTOR',
    `stage '${stage}': uses must be a class that extends Executor, or the path or URL of a module that has one, not ${show(uses)}.`,
  )
}

function resolveClass(executorClass: ExecutorClass, stage: string, runtime: Runtime): ExecutorSource {
  if (runtime === 'inline') return { kind: 'class', executorClass }
  const place = locateClass(executorClass)
  if (place === null) {
    throw new MillraceError(
      'INVALID_EXECUTOR',
      `stage '${stage}': a ${runtime} pod cannot find the module of ${show(executorClass)}. ` +
        `Mark a handler with @requests, or say \`static module = import.meta.url\` in the class, or use runtime: 'inline'.`,
    )
  }
  return { kind: 'module', url: place.module, className: place.className, executorClass }
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
  return { kind: 'module', url: url.href, className, executorClass: null }
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

/** A module, and what of it is meant: what stands behind the `#`. @throws INVALID_EXECUTOR, UNSUPPORTED */
export function parseModule(uses: string | URL, stage: string): { url: URL; className: string | null } {
  const written = String(uses)
  if (hubSchemes.test(written) || /\.ya?ml$/.test(written)) {
    throw new MillraceError(
      'UNSUPPORTED',
      `stage '${stage}': uses ${JSON.stringify(written)} is an image of a hub or a YAML file, which this version cannot run. ` +
        `Use a class or a module, an image ('docker://…') for exports, or an external server (external: true).`,
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
  return { url: pathToFileURL(path.resolve(file)), className }
}
