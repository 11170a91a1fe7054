import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MillraceError } from '../errors.js'
import { nearest } from '../lib/nearest.js'
import { ensureTypeScript, resolutionHint, syntaxHint } from './typescript.js'

export type Exports = Readonly<Record<string, unknown>>

/**
 * The exports of a module by its file URL, also of TypeScript (see `ensureTypeScript`). The exports of a CommonJS module are
 * listed by name, even those that Node cannot detect statically.
 *
 * Rejects with MODULE_NOT_FOUND; the module's own error is the cause, and included in message and stack.
 */
export async function importModule(
  url: string,
  options: { readonly nativeTypeScript?: boolean } = {},
): Promise<Exports> {
  try {
    await ensureTypeScript(url, options)
    const exports = (await import(url)) as Record<string, unknown>
    const { default: whole } = exports
    return typeof whole === 'object' && whole !== null ? { ...exports, ...whole } : exports
  } catch (error) {
    if (MillraceError.is(error)) throw error
    const { syntaxPosition } = await import('./syntax-position.js') // only here: a replica does without child_process
    throw missingFile(url) ?? notLoaded(url, error, await syntaxPosition(url, error))
  }
}

function missingFile(url: string): MillraceError | undefined {
  if (!url.startsWith('file:')) return undefined
  const path = fileURLToPath(url)
  if (existsSync(path)) return undefined
  const folder = dirname(path)
  const names = existsSync(folder) ? readdirSync(folder) : undefined
  const near = nearest(basename(path), names ?? [])
  const hint = near === undefined ? '' : ` Did you mean '${near}'?`
  const what = names === undefined ? `There is no folder ${folder}.` : `There is no file ${path}.`
  return new MillraceError('MODULE_NOT_FOUND', `${what}${hint}`)
}

function notLoaded(url: string, cause: unknown, position: string | undefined): MillraceError {
  const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)
  const hint = adviceFor(url, cause)
  const shown = position === undefined ? `${reason}${hint}` : `${reason}\n${position}`
  const error = new MillraceError('MODULE_NOT_FOUND', `Importing ${url} failed: ${shown}`, { cause })
  // the relevant position is where the module failed
  if (cause instanceof Error && cause.stack !== undefined) {
    error.stack = `${error.name}: ${error.message}\n${cause.stack}`
  }
  return error
}

function adviceFor(url: string, cause: unknown): string {
  if (cause instanceof SyntaxError || isUnsupported(cause)) return syntaxHint(url)
  if (!(cause instanceof Error)) return ''
  if (!cause.message.startsWith('Vitest ')) return resolutionHint(cause)
  return ` A replica imports the file of its class, and this file is a test: define the class in a file of its own, or use runtime: 'inline'.`
}

/** Node strips types, and refuses syntax that needs more. */
function isUnsupported(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX'
}
