import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isMainThread } from 'node:worker_threads'
import { MillraceError } from '../errors.js'

const typeScriptFile = /\.[cm]?tsx?$/u
/** Loaders that a program may have been started with, `node --import tsx`. */
const knownLoaders = /tsx|ts-node|swc|esbuild|sucrase|jiti|oxnode/u
/** Node 22.18 and newer strip types themselves; `process.features` of older types does not know it. */
const features = process.features as { readonly typescript?: 'strip' | 'transform' | false }

let registered: Promise<void> | undefined

/**
 * Lets this thread import TypeScript when the module asks for it: with the `tsx` of the user's project, which knows all of
 * TypeScript; where there is none, or the program itself does without (`nativeTypeScript`), with Node if it strips types.
 *
 * A process inherits its parent's `--import tsx`, and needs nothing. A worker thread of Node 20 inherits the option
 * but not the loader. There `register()` is the way that keeps one instance of each module (`tsImport()` loads them
 * once more under a namespace). It must come before the first import: Node remembers a failed one.
 *
 * Rejects with MODULE_NOT_FOUND when neither is there.
 */
export async function ensureTypeScript(
  url: string,
  { nativeTypeScript = false }: { readonly nativeTypeScript?: boolean } = {},
): Promise<void> {
  if (!needsLoader(new URL(url).pathname)) return
  const canStrip = !hasLoader() && Boolean(features.typescript)
  if (canStrip && (nativeTypeScript || findTsx(url) === undefined)) return
  registered ??= register(url)
  await registered
}

/** Whether this program is TypeScript that Node runs without a loader; in its main thread. */
export function runsNatively(): boolean {
  return Boolean(features.typescript) && !hasLoader() && typeScriptFile.test(process.argv[1] ?? '')
}

/** What to do about a syntax error in a TypeScript file that Node has stripped itself; else ''. */
export function syntaxHint(url: string): string {
  if (
    !typeScriptFile.test(new URL(url).pathname) ||
    !features.typescript ||
    registered !== undefined ||
    hasLoader()
  )
    return ''
  return (
    ' Node only strips types, and knows no decorators, enums or parameter properties: install tsx (npm install --save-dev tsx), ' +
    "or compile the file; in place of @requests there is static requests = { '/endpoint': 'method' }."
  )
}

/** What to do when an import of `part.js` finds no file, but there is `part.ts`, which Node does not look for; else ''. */
export function resolutionHint(cause: unknown): string {
  const { code, url } = cause as { readonly code?: unknown; readonly url?: unknown }
  if (code !== 'ERR_MODULE_NOT_FOUND' || typeof url !== 'string' || !/^file:.*\.[cm]?js$/u.test(url))
    return ''
  const source = url.replace(/js$/u, 'ts')
  if (!existsSync(fileURLToPath(source))) return ''
  const [asked, found] = [url, source].map((file) => basename(fileURLToPath(file)))
  return `. There is ${found}, but Node does not look for it when ${asked} is imported: import ${found}, or install tsx (npm install --save-dev tsx).`
}

function hasLoader(): boolean {
  return knownLoaders.test([...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' '))
}

function needsLoader(path: string): boolean {
  if ('bun' in process.versions || 'deno' in process.versions) return false
  // under tsx also JavaScript may import TypeScript
  return isMainThread ? typeScriptFile.test(path) && !hasLoader() : typeScriptFile.test(path) || hasLoader()
}

interface Registrar {
  register(): unknown
}

async function register(url: string): Promise<void> {
  const tsx = findTsx(url)
  if (tsx === undefined) throw noTsx(url)
  const [esm, cjs] = await Promise.all([importDoor(tsx, './esm/api'), importDoor(tsx, './cjs/api')])
  esm.register()
  cjs.register() // for TypeScript in a package without "type": "module"
}

/** `package.json` of the user's own tsx: seen from the module, else from where the program was started. */
function findTsx(url: string): string | undefined {
  for (const from of [url, pathToFileURL(`${process.cwd()}/`).href]) {
    try {
      return createRequire(from).resolve('tsx/package.json')
    } catch {
      // not from here
    }
  }
  return undefined
}

/** `require.resolve` would give the CommonJS door, which cannot register in a thread. */
async function importDoor(tsx: string, door: './esm/api' | './cjs/api'): Promise<Registrar> {
  const { exports } = JSON.parse(readFileSync(tsx, 'utf8')) as { exports: Record<typeof door, Door> }
  return (await import(new URL(exports[door].import.default, pathToFileURL(tsx)).href)) as Registrar
}

interface Door {
  readonly import: { readonly default: string }
}

function noTsx(url: string): MillraceError {
  return new MillraceError(
    'MODULE_NOT_FOUND',
    `${url} is TypeScript, and 'tsx', which loads it, is not installed there. Install it (npm install --save-dev tsx), or name the compiled .js file.`,
  )
}
